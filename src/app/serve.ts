// Serves a house at the edge until it is told to stop; drains what is in flight.
import type { ServiceName } from "#contracts/all-contracts.ts";
import { createAddressGuard } from "#edges/gateway/allowed-addresses.ts";
import { createGatewayApp } from "#edges/gateway/gateway-app.ts";
import { isLoopback } from "#edges/gateway/authenticate.ts";
import { createMetricsFace } from "#edges/metrics/metrics-face.ts";
import { newId } from "#kernel/ids.ts";
import { listen } from "#kernel/listen.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { composeHouse, type House } from "./compose.ts";
import { openFaces, openMcpFace } from "./faces.ts";
import { checkLimitsHold } from "./ledger-reach.ts";
import { noteServer, type Variables } from "./open-house.ts";
import { PARTS } from "./parts.ts";
import { resolveSecret, type HouseSettings } from "./settings.ts";

export interface ServeOptions {
  readonly settings: HouseSettings;
  readonly variables: Variables;
  readonly log: Log;
  readonly version: string;
  readonly only?: readonly ServiceName[] | undefined;
  /** Serve every service, those of other processes as a proxy; else only what runs here. */
  readonly gateway: boolean;
  /** Serve `/mcp` also without the gateway. */
  readonly mcp?: boolean;
}

export interface Serving {
  readonly url: string;
  readonly house: House;
  stop(): Promise<void>;
}

/** Opens the house and listens. Refuses any address but loopback without auth. */
export async function serveHouse(options: ServeOptions): Promise<Serving> {
  const { settings, variables } = options;
  const { host, port, hosts, stop_grace_ms } = settings.gateway;
  const tokens = await resolveTokens(settings, variables);
  if (!isLoopback(host) && tokens.length === 0) {
    throw new LakehouseError("invalid", `will not listen on ${host} without auth`, {
      reason: "auth_needed",
      hint: "add [[auth.tokens]] to lakehouse.toml, or listen on 127.0.0.1",
    });
  }
  const here = new Set(options.only ?? PARTS.map((part) => part.service));
  checkLimitsHold({ here, as_proxy: options.gateway || options.mcp === true }, settings);
  const refuse = createAddressGuard(settings.auth.allow);
  const instance = newId();
  const metrics = settings.telemetry.metrics
    ? createMetricsFace({ version: options.version, log: options.log, ...asked(() => house) })
    : undefined;
  const house = await composeHouse({ ...options, hear: metrics?.take });
  const served = options.gateway
    ? house.served
    : house.served.filter(({ contract }) => house.local.includes(contract.service as ServiceName));
  const stopping = new AbortController();
  const { data_dir, clients } = house;
  const { log, version } = options;
  const needs = { clients, settings, data_dir, variables, tokens, log, version };
  const faced = { ...needs, stopping: stopping.signal };
  const mcp_only = options.mcp === true ? [openMcpFace(faced)] : [];
  const foreign = options.gateway ? await openFaces(faced) : mcp_only;
  const faces = metrics === undefined ? foreign : [metrics, ...foreign];
  const app = createGatewayApp({
    served,
    faces,
    health: house.health,
    auth: { tokens, holderOf: house.holderOf },
    version: options.version,
    instance,
    hosts: [host, ...hosts],
    stopping: stopping.signal,
    stop_grace_ms,
    log: options.log,
  });
  const server = await listen(app, { port, host, refuse, stop_grace_ms }).catch(
    async (error: unknown) => {
      await house.stop();
      throw error;
    },
  );
  const removeNote = options.gateway
    ? await noteServer(house.data_dir, server.url, instance)
    : async () => undefined;
  return {
    url: server.url,
    house,
    async stop() {
      const closing = new LakehouseError("unavailable", "the house is stopping", {
        reason: "stopping",
        hint: "try again when it is up again",
      });
      stopping.abort(closing);
      metrics?.stop();
      try {
        await removeNote();
        await server.stop();
      } finally {
        await house.stop();
      }
    },
  };
}

/** What its metrics ask of a house that is not open yet when they begin. */
function asked(house: () => House) {
  return {
    health: () => house().health(),
    async keys() {
      const { local, clients } = house();
      return local.includes("usage") ? (await clients.usage.keys({})).keys : [];
    },
  };
}

async function resolveTokens(settings: HouseSettings, variables: Variables) {
  const tokens = [];
  for (const { name, token, scopes } of settings.auth.tokens) {
    const secret = await resolveSecret(token, variables);
    if (secret.length < 16) {
      const message = `the secret of token "${name}" (${token}) is missing or shorter than 16`;
      throw new LakehouseError("invalid", message, { reason: "bad_settings" });
    }
    tokens.push({ name, secret, scopes });
  }
  return tokens;
}

/** Runs until SIGINT or SIGTERM; a second signal ends at once. */
export async function untilSignal(serving: Serving, log: Log): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.once(signal, () => {
        log.info({ signal }, "stopping: draining what is in flight");
        process.once(signal, () => process.exit(130));
        resolve();
      });
    }
  });
  await serving.stop();
}
