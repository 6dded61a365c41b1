// How the house fares at the moment it is asked: its process, its services, providers and keys.
import { Counter, Gauge, type Registry } from "prom-client";
import type { KeyView } from "#contracts/usage.ts";
import type { ServiceHealth } from "#kernel/lifecycle.ts";

/** Under the names that every client library of Prometheus gives to its process. */
export function processMetrics(registry: Registry, version: string): void {
  const registers = [registry];
  new Counter({
    name: "process_cpu_seconds_total",
    help: "User and system time of the process.",
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory of the process.",
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: "process_start_time_seconds",
    help: "When the process began, in seconds since 1970.",
    registers,
  }).set(Date.now() / 1000 - process.uptime());
  new Gauge({
    name: "lakehouse_build_info",
    help: "Always 1.",
    labelNames: ["version", "runtime"],
    registers,
  }).set({ version, runtime: runtimeName() }, 1);
}

function runtimeName(): string {
  const { bun, node } = process.versions;
  return bun === undefined ? `node ${node}` : `bun ${bun}`;
}

type AllHealth = Readonly<Record<string, ServiceHealth>>;

const STATES = ["ok", "degraded", "down"] as const;

export function healthGauges(registry: Registry): (health: AllHealth) => void {
  const registers = [registry];
  const status = new Gauge({
    name: "lakehouse_service_status",
    help: "1 for the state that a service is in, as GET /health tells it.",
    labelNames: ["service", "status"],
    registers,
  });
  const figure = new Gauge({
    name: "lakehouse_service_figure",
    help: "Numbers that a service tells of itself, as in GET /health.",
    labelNames: ["service", "figure"],
    registers,
  });
  const circuit = new Gauge({
    name: "lakehouse_provider_circuit_open",
    help: "1 while a provider that failed again and again is left alone.",
    labelNames: ["provider"],
    registers,
  });
  return (health) => {
    for (const gauge of [status, figure, circuit]) gauge.reset();
    for (const [service, { status: is, figures }] of Object.entries(health)) {
      for (const state of STATES) status.set({ service, status: state }, state === is ? 1 : 0);
      for (const [name, value] of numbersIn(figures)) figure.set({ service, figure: name }, value);
    }
    for (const [provider, lane] of Object.entries(lanesOf(health))) {
      circuit.set({ provider }, lane.circuit === "closed" ? 0 : 1);
    }
  };
}

/** Numbers at any depth, named by their path: `lanes.up.running`. */
function numbersIn(figures: object, path = ""): [name: string, value: number][] {
  return Object.entries(figures).flatMap(([name, value]: [string, unknown]) => {
    const at = path + name;
    if (typeof value === "number") return [[at, value]];
    if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
    return numbersIn(value, `${at}.`);
  });
}

function lanesOf({ chat }: AllHealth): Readonly<Record<string, { readonly circuit?: unknown }>> {
  return Object(chat?.figures["lanes"]) as Record<string, { readonly circuit?: unknown }>;
}

export function keyGauges(registry: Registry): (keys: readonly KeyView[]) => void {
  const labelNames = ["key", "period", "unit"];
  const registers = [registry];
  const spent = new Gauge({
    name: "lakehouse_key_spent",
    help: "What a virtual key has spent of this day or month (UTC), in tokens or money.",
    labelNames,
    registers,
  });
  const budget = new Gauge({
    name: "lakehouse_key_budget",
    help: "What a virtual key may spend in a day or month; one without a limit is not told.",
    labelNames,
    registers,
  });
  return (keys) => {
    for (const gauge of [spent, budget]) gauge.reset();
    for (const key of keys) {
      for (const period of ["day", "month"] as const) {
        for (const unit of ["tokens", "cost"] as const) {
          const labels = { key: key.name, period, unit };
          spent.set(labels, key.spent[`${period}_${unit}`]);
          const limit = key.budget[`${period}_${unit}`];
          if (limit !== null) budget.set(labels, limit);
        }
      }
    }
  };
}
