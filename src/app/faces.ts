// The foreign protocols of the gateway: S3, the Iceberg REST catalog, MCP.
import type { Clients } from "#contracts/all-contracts.ts";
import type { AccessToken } from "#edges/gateway/authenticate.ts";
import { ICEBERG_ROOT } from "#edges/iceberg/iceberg-root.ts";
import { createMcpFace } from "#edges/mcp/mcp-face.ts";
import { isBelowPrefix } from "#edges/s3/s3-address.ts";
import { isSigned } from "#edges/s3/signed-request.ts";
import type { HttpFace } from "#kernel/http-face.ts";
import type { Log } from "#kernel/log.ts";
import type { LakeFaces } from "./lake-faces.ts";
import type { HouseSettings } from "./settings.ts";

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
  if (needs.settings.s3.secret_key !== "") {
    // A key that the settings name wrongly is told at the start, not to whoever asks first.
    const { houseKey } = await import("./house-key.ts");
    await houseKey(needs.settings, needs.data_dir, needs.variables);
  }
  const lake = lazyLake(needs);
  return [
    {
      name: "s3",
      handles: ({ headers }, url) =>
        isBelowPrefix(url.pathname) || isSigned(headers, url.searchParams),
      handle: async (asked) => (await lake()).s3.handle(asked),
    },
    {
      name: "iceberg",
      handles: (_request, url) => url.pathname.startsWith(ICEBERG_ROOT),
      handle: async (asked) => (await lake()).iceberg.handle(asked),
    },
    openMcpFace(needs),
  ];
}

/** A house that nobody asks in these protocols starts without what they need. */
function lazyLake(needs: FaceNeeds): () => Promise<LakeFaces> {
  let opened: Promise<LakeFaces> | undefined;
  return () =>
    (opened ??= import("./lake-faces.ts")
      .then((module) => module.openLakeFaces(needs))
      .catch((error: unknown) => {
        opened = undefined;
        throw error;
      }));
}

/** `/mcp`, on whatever clients there are: of services here or of those that run apart. */
export function openMcpFace(needs: FaceNeeds): HttpFace {
  const { clients, version, log, stopping } = needs;
  const own = log.child({ face: "mcp" });
  return createMcpFace({
    async makeServer() {
      const { houseServers } = await import("#edges/mcp/house-mcp.ts");
      return houseServers({ clients, version, log: own });
    },
    stopping,
    stop_grace_ms: needs.settings.gateway.stop_grace_ms,
    log: own,
  });
}
