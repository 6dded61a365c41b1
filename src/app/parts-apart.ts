// Parts that run apart: which ones a process was told to run, and where each is asked.
import type { ServiceName } from "#contracts/all-contracts.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import type { Contract } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { PARTS } from "./parts.ts";
import { NO_OBSERVER, type HouseSettings } from "./settings.ts";

/** Ports of services that run apart, where settings do not say otherwise. */
const DEFAULT_PORTS: Readonly<Record<ServiceName, number>> = {
  storage: 3211,
  catalog: 3212,
  journal: 3212,
  ingest: 3213,
  rewrite: 3213,
  query: 3214,
  vector: 3215,
  embed: 3216,
  usage: 3220,
  pathway: 3217,
  playbook: 3218,
  matrix: 3218,
  observe: 3219,
  chat: 3220,
  truth: 3221,
  permission: 3221,
  validate: 3221,
  iterate: 3221,
  respond: 3221,
  lift: 3218,
};
const MCP_PORT = 3222;

/** Where a service that runs in another process is asked. */
export function addressOf(settings: HouseSettings, service: ServiceName): string {
  const address = settings.services[service];
  return address === "" ? `http://127.0.0.1:${DEFAULT_PORTS[service]}` : address;
}

/** Whether operations are kept anywhere: here, or at an address. */
export function isObserved(here: ReadonlySet<ServiceName>, settings: HouseSettings): boolean {
  return here.has("observe") || settings.services.observe !== NO_OBSERVER;
}

/** Stands where a service would be that there is not to be: every call is `unavailable`. */
export function connectNobody(contract: Contract, hint: string): unknown {
  const refuse = (): never => {
    throw new LakehouseError("unavailable", `no service "${contract.service}" here`, { hint });
  };
  const names = Object.keys(contract.operations);
  return connectLocal(contract, Object.fromEntries(names.map((name) => [name, refuse])) as never);
}

/** The ways in that `--only` may name beside services. */
const EDGES: readonly string[] = ["gateway", "mcp"];

export interface ChosenParts {
  readonly services: ServiceName[];
  readonly gateway: boolean;
  /** `/mcp` without the rest of the gateway. */
  readonly mcp: boolean;
}

/** The services and ways in that `--only` names; unknown: `invalid`. */
export function parseServices(text: string): ChosenParts {
  const names = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const wanted = names.filter((name) => !EDGES.includes(name));
  const known = PARTS.map((part) => part.service);
  for (const name of wanted) {
    if (!known.includes(name as ServiceName)) {
      const message = `there is no service "${name}" (known: ${[...EDGES, ...known].join(", ")})`;
      throw new LakehouseError("invalid", message);
    }
  }
  const [gateway, mcp] = [names.includes("gateway"), names.includes("mcp")];
  return { services: wanted as ServiceName[], gateway, mcp };
}

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * Where parts listen that run without the gateway: at the first one's address on this machine, or
 * its own port, where the others look for it. undefined: the gateway runs too, and its port holds.
 */
export function portApart(
  { services, gateway, mcp }: ChosenParts,
  settings: HouseSettings,
): number | undefined {
  const [first] = services;
  if (gateway) return undefined;
  if (first === undefined) return mcp ? MCP_PORT : undefined;
  const address = URL.parse(settings.services[first]);
  // What is elsewhere, or behind a proxy, says nothing about this machine.
  const is_own = address?.protocol === "http:" && LOOPBACK.has(address.hostname);
  return is_own && address.port !== "" ? Number(address.port) : DEFAULT_PORTS[first];
}
