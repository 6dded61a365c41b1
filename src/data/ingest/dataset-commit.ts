// From a converted file to a snapshot: object, schema, commit; each step repeatable or undone.
import type { catalog, Dataset } from "#contracts/catalog.ts";
import type { Column } from "#contracts/nouns.ts";
import type { storage } from "#contracts/storage.ts";
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import { canonicalJson, sha256Hex } from "#kernel/ids.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import type { RejectedRow } from "#ports/table-engine.ts";

export interface DatasetStores {
  readonly storage: Client<typeof storage>;
  readonly catalog: Client<typeof catalog>;
}

export interface PresentDataset {
  readonly dataset: Dataset;
  /** Hashes of the sources whose rows the current snapshot holds. */
  readonly source_hashes: ReadonlySet<string>;
  readonly snapshot_id: string | null;
}

/**
 * The dataset as it is; undefined when there is none. A deleted one is `conflict` (`tombstoned`).
 */
export async function presentDataset(
  stores: DatasetStores,
  name: string,
  call: Call,
): Promise<PresentDataset | undefined> {
  try {
    const { dataset, snapshot, files } = await stores.catalog.files({ name }, call);
    const hashes = files.flatMap((file) => file.source?.content_sha256 ?? []);
    const snapshot_id = snapshot?.snapshot_id ?? null;
    return { dataset, source_hashes: new Set(hashes), snapshot_id };
  } catch (thrown) {
    const error = toLakehouseError(thrown);
    if (error.reason === "no_such_dataset") return undefined;
    if (error.reason === "quarantined") {
      const dataset = await stores.catalog.get({ name }, call);
      const snapshot_id = dataset.current_snapshot_id;
      return { dataset, source_hashes: new Set(), snapshot_id };
    }
    if (error.reason !== "tombstoned") throw error;
    throw new LakehouseError("conflict", `the dataset "${name}" was deleted`, {
      reason: "tombstoned",
      hint: "restore it first, or use another name",
      cause: error,
    });
  }
}

export function columnsOf(dataset: Dataset): Column[] {
  return dataset.fields.map(({ name, type, nullable }) => ({ name, type, nullable }));
}

export interface Converted {
  readonly staged_path: string;
  readonly columns: readonly Column[];
  readonly rows: number;
}

export interface Source {
  readonly ingest_id: string;
  readonly content_sha256: string;
  readonly name: string;
}

export interface CommitRequest {
  readonly name: string;
  readonly mode: "append" | "replace";
  readonly evolve: boolean;
  readonly present: PresentDataset | undefined;
  readonly converted: Converted;
  readonly source: Source;
  readonly properties: Record<string, unknown>;
}

/** Commits; when that is refused, an object that was not there before is gone again. */
export async function commitDataset(stores: DatasetStores, request: CommitRequest, call: Call) {
  const { name, converted, source } = request;
  const key = keyOf(name, source, converted.columns);
  const adopted = await stores.storage.adopt({ key, path: converted.staged_path }, call);
  try {
    if (request.present === undefined) {
      await stores.catalog.register({ name, fields: [...converted.columns] }, call);
    }
    const { dataset, snapshot } = await stores.catalog.commit(
      {
        name,
        operation: request.mode === "replace" ? "overwrite" : "append",
        replace_all: request.mode === "replace",
        added: [{ key, rows: converted.rows, size_bytes: adopted.object.size_bytes, source }],
        properties: request.properties,
        ...expectation(request),
        ...evolution(request),
      },
      call,
    );
    return { dataset, snapshot, stored_bytes: adopted.object.size_bytes };
  } catch (thrown) {
    const error = toLakehouseError(thrown);
    // An answer that got lost may have been a yes: the object goes only after a clear no.
    if (!adopted.existed && CLEAR_NO.has(error.code)) await stores.storage.remove({ key }, call);
    throw error;
  }
}

/** Changes when the same source would be converted to other rows than before. */
const CONVERSION = 2;

/** Content-addressed: the bytes that came in, and the columns they were read as. */
function keyOf(name: string, source: Source, columns: readonly Column[]): string {
  const content = canonicalJson([CONVERSION, source.content_sha256, columns]);
  return `datasets/${name}/${sha256Hex(content)}.parquet`;
}

const CLEAR_NO = new Set(["invalid", "not_found", "conflict", "precondition_failed", "rejected"]);

/** A replacement is of what we looked at; an append goes on top of whatever is there. */
function expectation({ mode, present }: CommitRequest) {
  if (mode !== "replace" || present === undefined) return {};
  return { expected_snapshot_id: present.snapshot_id };
}

/** In the same swap as the files: a commit that is refused leaves the schema as it was. */
function evolution({ evolve, present, converted }: CommitRequest) {
  if (!evolve || present === undefined) return {};
  return { fields: [...converted.columns] };
}

/** Stores what could not be read, one JSON line for each row; null when all could be. */
export async function putRejects(
  stores: DatasetStores,
  place: { readonly dataset: string; readonly ingest_id: string },
  rejects: readonly RejectedRow[],
  call: Call,
): Promise<string | null> {
  if (rejects.length === 0) return null;
  const key = `_rejects/${place.dataset}/${place.ingest_id}.ndjson`;
  async function* lines() {
    for (const { line, column, reason, text } of rejects) {
      yield Buffer.from(`${JSON.stringify({ line, column: column ?? null, reason, text })}\n`);
    }
  }
  const content_type = "application/x-ndjson";
  await stores.storage.put({ key, content_type, body: lines() }, call);
  return key;
}
