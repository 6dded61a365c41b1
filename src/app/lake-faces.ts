// The S3 door and the Iceberg REST catalog with their keys; loaded with the first request for one.
import type { EventInput } from "#contracts/observe.ts";
import { tokenHolders } from "#edges/gateway/authenticate.ts";
import { createIcebergFace } from "#edges/iceberg/iceberg-face.ts";
import { createS3Door } from "#edges/s3/s3-door.ts";
import { createS3Keys } from "#edges/s3/s3-keys.ts";
import { systemClock } from "#kernel/clock.ts";
import type { HttpFace } from "#kernel/http-face.ts";
import type { FaceNeeds } from "./faces.ts";
import { houseKey } from "./house-key.ts";

export interface LakeFaces {
  readonly s3: HttpFace;
  readonly iceberg: HttpFace;
}

export async function openLakeFaces(needs: FaceNeeds): Promise<LakeFaces> {
  const { clients, tokens, log } = needs;
  const clock = systemClock;
  const house = await houseKey(needs.settings, needs.data_dir, needs.variables);
  const keys = createS3Keys({ house, tokens, clock });
  const door_url = needs.settings.s3.public_url;
  return {
    s3: createS3Door({ storage: clients.storage, keys, clock, log: log.child({ face: "s3" }) }),
    iceberg: createIcebergFace({
      catalog: clients.catalog,
      storage: clients.storage,
      vend: keys.vend,
      clock,
      log: log.child({ face: "iceberg" }),
      ...(door_url === "" ? {} : { door_url: () => door_url }),
      ...(tokens.length === 0 ? {} : { holderOf: tokenHolders(tokens) }),
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
  };
}
