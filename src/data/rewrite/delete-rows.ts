// Deletes by condition, copy on write: files with such rows are written anew without them.
import type { ScanFile } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import type { RewriteSource } from "#ports/table-engine.ts";
import { relationOf, withNewFiles, type RewriteParts } from "./rewrite-parts.ts";
import { fileConditions } from "./row-condition.ts";

export interface DeleteRequest {
  readonly name: string;
  readonly where: string;
  readonly params: readonly unknown[];
}

export interface Rewritten {
  /** null: nothing had to change. */
  readonly snapshot_id: string | null;
  readonly removed_files: number;
  readonly added_files: number;
  /** Rows of the dataset afterwards. */
  readonly rows: number;
}

/**
 * One try. Files of which every row goes are only taken out. Rows that others add meanwhile stay,
 * unless the condition may match them: then `conflict` (`snapshot_moved`).
 */
export async function deleteRows(
  parts: RewriteParts,
  request: DeleteRequest,
  call: Call,
): Promise<Rewritten & { readonly deleted_rows: number }> {
  const { catalog, engine } = parts;
  const { name, where, params } = request;
  const source: RewriteSource = { kind: "unless", where, params };
  const before = await catalog.get({ name }, call);
  // What closes a bracket that the engine puts around it cannot stand without brackets.
  await engine.inspect(`SELECT 1 WHERE\n${where}\n`);
  // Over no files it only says whether the condition is one, and a safe one.
  await engine.affected(relationOf(before, []), source, call.signal);
  const conflict_where = await fileConditions(engine, before, where, params);
  const { dataset, snapshot, files } = await catalog.files({ name, where: conflict_where }, call);
  const nothing = { snapshot_id: null, removed_files: 0, added_files: 0, rows: dataset.rows };
  const all = relationOf(dataset, files);
  const found = await engine.affected(all, source, call.signal);
  const rows_of = new Map(found.map(({ uri, rows }) => [uri, rows]));
  const hit = files.filter(({ uri }) => (rows_of.get(uri) ?? 0) > 0);
  if (hit.length === 0) return { ...nothing, deleted_rows: 0 };
  const partly = hit.filter((file) => !isWhole(file, rows_of.get(file.uri)!));
  return withNewFiles(parts, dataset, call, async (place) => {
    const { nextPath } = place;
    const { partition_by } = dataset;
    const written =
      partly.length === 0
        ? []
        : await rewriteParts(parts, partly, (some) => ({
            relation: relationOf(dataset, some),
            source,
            target: { nextPath, partition_by },
            signal: call.signal,
          }));
    const added = await place.adopt(written);
    const removed_keys = hit.map(({ location }) => location);
    const done = await catalog.commit(
      {
        name,
        operation: added.length === 0 ? "delete" : "overwrite",
        added,
        removed_keys,
        based_on_snapshot_id: snapshot?.snapshot_id ?? null,
        conflict_where,
        schema_id: dataset.schema_id,
        partition_spec_id: dataset.partition_spec_id,
        dataset_id: dataset.dataset_id,
        properties: { where },
      },
      call,
    );
    return {
      snapshot_id: done.snapshot.snapshot_id,
      removed_files: removed_keys.length,
      added_files: added.length,
      rows: done.dataset.rows,
      deleted_rows: found.reduce((sum, { rows }) => sum + rows, 0),
    };
  });
}

/** With position deletes nobody has counted how many rows are left: it is written anew. */
function isWhole(file: ScanFile, rows: number): boolean {
  return file.deletes.length === 0 && rows === file.rows;
}

type Request = Parameters<RewriteParts["engine"]["rewrite"]>[0];

/** One file after the other: each stays about as it was, and memory does not grow with them. */
async function rewriteParts(
  { engine }: RewriteParts,
  files: readonly ScanFile[],
  requestOf: (some: readonly ScanFile[]) => Request,
) {
  const written = [];
  for (const file of files) {
    const result = await engine.rewrite(requestOf([file]));
    written.push(...result.files);
  }
  return written;
}
