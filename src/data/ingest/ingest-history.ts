// What was ingested into a dataset: read from the properties of its snapshots.
import type { catalog } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";

export interface CommittedIngest {
  readonly ingest_id: string;
  readonly content_sha256: string;
  readonly source_name: string;
  readonly snapshot_id: string;
  readonly rows: number;
  readonly committed_at: string;
}

/** Newest first, from the latest 1000 snapshots; commits that were not ingests are passed over. */
export async function committedIngests(
  client: Client<typeof catalog>,
  name: string,
  call: Call,
): Promise<CommittedIngest[]> {
  const { snapshots } = await client.snapshots({ name, limit: 1000 }, call);
  return snapshots.flatMap(({ snapshot_id, timestamp_ms, properties }) => {
    const { ingest_id, content_sha256, source_name, rows } = properties;
    if (typeof ingest_id !== "string" || typeof content_sha256 !== "string") return [];
    return [
      {
        ingest_id,
        content_sha256,
        source_name: typeof source_name === "string" ? source_name : "",
        snapshot_id,
        rows: Number(rows ?? 0),
        committed_at: new Date(timestamp_ms).toISOString(),
      },
    ];
  });
}
