// The composition root: opens the parts asked for in order, and connects to the others over HTTP.
import { resolve } from "node:path";
import { ALL_CONTRACTS, type Clients, type ServiceName } from "#contracts/all-contracts.ts";
import type { EventInput } from "#contracts/observe.ts";
import type { Principal } from "#kernel/call.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectHttp } from "#kernel/connect-http.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import type { Contract } from "#kernel/contract.ts";
import { createLifecycle, type Service, type ServiceHealth } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import type { Served } from "#kernel/serve-http.ts";
import type { DomainPack } from "#ports/domain-pack.ts";
import { lockService, openDataFolder } from "./data-lock.ts";
import { createEngines } from "./engines.ts";
import { journalled } from "./journalled.ts";
import { checkModelsHaveLedger, keysElsewhere } from "./ledger-reach.ts";
import { loadPacks } from "./packs.ts";
import { openOtlpExport, type OtlpExport } from "./otlp-export.ts";
import { addressOf, connectNobody, isObserved } from "./parts-apart.ts";
import { PARTS, type InProcess, type Part, type Site } from "./parts.ts";
import { resolveSecret, type HouseSettings } from "./settings.ts";
import { createUnobserved, createWitnessSink, type WitnessSink } from "./witness-sink.ts";

export interface ComposeOptions {
  readonly settings: HouseSettings;
  readonly log: Log;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Parts to run here; absent: all. The others are reached over HTTP. */
  readonly only?: readonly ServiceName[] | undefined;
  /** As exported spans name it. */
  readonly version?: string;
  /** Hears of every event of this house. Must not throw. */
  readonly hear?: ((event: EventInput) => void) | undefined;
}

export interface House {
  readonly clients: Clients;
  /** Everything that can be served at the edge: local parts and proxies of remote ones. */
  readonly served: readonly Served[];
  readonly local: readonly ServiceName[];
  readonly packs: readonly DomainPack[];
  readonly settings: HouseSettings;
  readonly data_dir: string;
  /** Whose virtual key a secret is; where usage runs apart every key is refused. */
  holderOf(secret: string): Principal | undefined;
  health(): Promise<Readonly<Record<string, ServiceHealth>>>;
  /** Sends what the witness still holds, so that stats read afterwards are complete. */
  flushWitness(): Promise<void>;
  stop(): Promise<void>;
}

/** Parts that work with domains; a house without any of them does not load the packs. */
const READ_PACKS: readonly ServiceName[] = ["playbook", "truth", "validate", "respond", "lift"];

/** Opens a house. What was opened before a failure is closed again. */
export async function composeHouse(options: ComposeOptions): Promise<House> {
  const { settings, log } = options;
  const data_dir = resolve(settings.data_dir);
  const wanted = new Set<ServiceName>(options.only ?? PARTS.map((part) => part.service));
  checkModelsHaveLedger(wanted, settings);
  if (wanted.size > 0) await openDataFolder(data_dir);
  const lifecycle = createLifecycle(log);
  const compares = settings.chat.cache_semantic && wanted.has("chat");
  const packs =
    READ_PACKS.some((name) => wanted.has(name)) || compares
      ? await loadPacks(settings.domains)
      : [];
  const engines = createEngines({ settings, data_dir, log, variables: options.variables });
  lifecycle.add("engines", () => engines.stop());
  const clients: Partial<Record<ServiceName, unknown>> = {};
  const services = new Map<ServiceName, Service>();
  const { version = "" } = options;
  const otlp = await openOtlpExport(settings.telemetry, options.variables, log, version);
  if (otlp !== undefined) lifecycle.add("telemetry", () => otlp.stop());
  const in_process: InProcess = {};
  const observed = isObserved(wanted, settings);
  const hear = bothHear(otlp?.take, options.hear);
  const sink = observed
    ? createWitnessSink(() => takerOf(in_process, clients), log, hear)
    : createUnobserved(hear);
  const site: Site = {
    clients: clients as Clients,
    settings,
    data_dir,
    engines,
    packs,
    clock: systemClock,
    log,
    tell: sink.tell,
    in_process,
  };
  const token = await resolveSecret(settings.auth.token, options.variables);

  let unjournalled = 0;

  function connectElsewhere(service: ServiceName, contract: Contract): void {
    if (service === "observe" && !observed) {
      clients.observe = connectNobody(contract, 'settings say services.observe = "none"');
      return;
    }
    const connection = connectHttp(contract, {
      url: addressOf(settings, service),
      token: token === "" ? undefined : token,
      unreachable_hint:
        `${service} does not run in this process: start it with the others (--only), ` +
        `or say where it runs (services.${service})`,
    });
    clients[service] = connection.client;
    lifecycle.add(service, () => connection.close());
  }

  async function openPart(part: Part): Promise<void> {
    const contract: Contract = ALL_CONTRACTS[part.service];
    if (!wanted.has(part.service)) return connectElsewhere(part.service, contract);
    const unlock = await lockService(data_dir, part.service);
    lifecycle.add(`${part.service} lock`, async () => unlock());
    const service = await part.open(site);
    services.set(part.service, service);
    lifecycle.add(part.service, () => service.stop());
    const journal = () => site.clients.journal;
    const missed = () => void unjournalled++;
    const handlers = journalled(part.service, service.handlers, journal, missed, log);
    clients[part.service] = connectLocal(contract, handlers, { witness: sink.witness });
  }

  try {
    for (const part of PARTS) {
      await openPart(part);
      // Stopped just before the observer, when nobody else can have anything to report.
      if (part.service === "observe") lifecycle.add("witness", () => sink.stop());
    }
  } catch (error) {
    await lifecycle.stop().catch(() => undefined);
    throw error;
  }
  return {
    clients: site.clients,
    served: PARTS.map((part) => ({
      contract: ALL_CONTRACTS[part.service],
      client: clients[part.service],
    })),
    local: [...services.keys()],
    packs,
    settings,
    data_dir,
    holderOf: in_process.holderOf ?? keysElsewhere(addressOf(settings, "usage")),
    health: () => healthOf(services, sink, otlp, unjournalled),
    flushWitness: () => sink.flush(),
    stop: () => lifecycle.stop(),
  };
}

type Hearer = (event: EventInput) => void;

function bothHear(one: Hearer | undefined, other: Hearer | undefined): Hearer | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return (event) => {
    one(event);
    other(event);
  };
}

/** The observer: of this process, else a client of it once there is one. */
function takerOf(in_process: InProcess, clients: Partial<Record<ServiceName, unknown>>) {
  if (in_process.takeEvents !== undefined) return in_process.takeEvents;
  const client = clients.observe as Clients["observe"] | undefined;
  if (client === undefined) return undefined;
  return (events: readonly EventInput[]) => client.events_bulk({ events: [...events] });
}

async function healthOf(
  services: ReadonlyMap<ServiceName, Service>,
  sink: WitnessSink,
  otlp: OtlpExport | undefined,
  unjournalled: number,
): Promise<Record<string, ServiceHealth>> {
  const answers: Record<string, ServiceHealth> = {};
  for (const [name, service] of services) {
    answers[name] = await service.health().catch((error: unknown) => ({
      status: "down" as const,
      figures: { reason: String(error) },
    }));
  }
  const counts = { lost_events: sink.lost(), stuck_events: sink.stuck(), unjournalled };
  const good = Object.values(counts).every((count) => count === 0);
  const figures = sink.observed ? counts : { observer: "none", ...counts };
  if (otlp !== undefined) {
    const status = otlp.isFailing() ? "degraded" : "ok";
    answers["telemetry"] = { status, figures: { ...otlp.figures() } };
  }
  answers["witness"] = { status: good ? "ok" : "degraded", figures };
  return answers;
}
