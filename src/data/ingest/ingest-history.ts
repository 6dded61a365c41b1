// What was ingested into a dataset: the sources its catalog knows of.
import type { catalog } from "#contracts/catalog.ts";
import type { ingest } from "#contracts/ingest.ts";
import type { Call } from "#kernel/call.ts";
import type { Client, OutputOf } from "#kernel/contract.ts";

export type CommittedIngest = OutputOf<typeof ingest.operations.history>["ingests"][number];

/** Newest first, the latest 1000; commits that were not ingests are passed over. */
export async function committedIngests(
  client: Client<typeof catalog>,
  name: string,
  call: Call,
): Promise<CommittedIngest[]> {
  const { sources } = await client.sources({ name, limit: 1000 }, call);
  return sources.map(({ name: source_name, ...source }) => {
    const { ingest_id, content_sha256, snapshot_id, rows, committed_at } = source;
    return { ingest_id, content_sha256, source_name, snapshot_id, rows, committed_at };
  });
}
