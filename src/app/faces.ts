// The foreign protocols of the gateway: S3, the Iceberg REST catalog, MCP; with their keys.
import { createHash, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import type { Clients } from "#contracts/all-contracts.ts";
import type { EventInput } from "#contracts/observe.ts";
import type { AccessToken } from "#edges/gateway/authenticate.ts";
import { createIcebergFace } from "#edges/iceberg/iceberg-face.ts";
import { createMcpFace } from "#edges/mcp/mcp-face.ts";
import { createS3Door } from "#edges/s3/s3-door.ts";
import { createS3Keys, openHouseKey, type KeyPair } from "#edges/s3/s3-keys.ts";
import type { Principal } from "#kernel/call.ts";
import { systemClock } from "#kernel/clock.ts";
import type { HttpFace } from "#kernel/http-face.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { resolveSecret, type HouseSettings } from "./settings.ts";

export interface FaceNeeds {
  readonly clients: Clients;
  readonly settings: HouseSettings;
  readonly data_dir: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly tokens: readonly AccessToken[];
  readonly log: Log;
  readonly version: string;
  /** Aborts when the house stops. */
  readonly stopping?: AbortSignal | undefined;
}

export async function openFaces(needs: FaceNeeds): Promise<HttpFace[]> {
  const { clients, tokens, log } = needs;
  const clock = systemClock;
  const house = await houseKey(needs.settings, needs.data_dir, needs.variables);
  const keys = createS3Keys({ house, tokens, clock });
  const door_url = needs.settings.s3.public_url;
  return [
    createS3Door({ storage: clients.storage, keys, clock, log: log.child({ face: "s3" }) }),
    createIcebergFace({
      catalog: clients.catalog,
      storage: clients.storage,
      vend: keys.vend,
      clock,
      log: log.child({ face: "iceberg" }),
      ...(door_url === "" ? {} : { door_url: () => door_url }),
      ...(tokens.length === 0 ? {} : { holderOf: holderOf(tokens) }),
      tell: ({ dataset, principal, trace_id, report }) => {
        const type = report["report-type"];
        const kind = typeof type === "string" ? type : "report";
        const details = { dataset, report: report as NonNullable<EventInput["details"]>[string] };
        // A report is a courtesy of the engine: one that cannot be kept changes nothing for it.
        clients.observe
          .event({ source: "iceberg", endpoint: kind, ok: true, principal, trace_id, details })
          .catch((err: unknown) => log.warn({ err }, "a metrics report was not kept"));
      },
    }),
    createMcpFace({
      async makeServer() {
        const { houseServers } = await import("#edges/mcp/house-mcp.ts");
        return houseServers({ clients, version: needs.version, log: log.child({ face: "mcp" }) });
      },
      stopping: needs.stopping,
      log: log.child({ face: "mcp" }),
    }),
  ];
}

/** The key pair of the settings, that several processes share, or the data folder's own. */
export async function houseKey(
  settings: HouseSettings,
  data_dir: string,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<KeyPair> {
  const { access_key, secret_key } = settings.s3;
  if (secret_key === "") return openHouseKey(join(data_dir, "s3", "house-key.json"));
  const secret_access_key = await resolveSecret(secret_key, variables);
  if (secret_access_key.length < 16) {
    const message = `s3.secret_key: ${secret_key} is missing or shorter than 16`;
    throw new LakehouseError("invalid", message, { reason: "bad_settings" });
  }
  return { access_key_id: access_key, secret_access_key };
}

/** Whose secret it is, in constant time. */
function holderOf(tokens: readonly AccessToken[]): (secret: string) => Principal | undefined {
  const digestOf = (text: string) => createHash("sha256").update(text).digest();
  const known = tokens.map((token) => ({ token, digest: digestOf(token.secret) }));
  return (secret) => {
    const digest = digestOf(secret);
    const matches = known.filter((one) => timingSafeEqual(one.digest, digest));
    const token = matches[0]?.token;
    return token === undefined ? undefined : { name: token.name, scopes: token.scopes };
  };
}
