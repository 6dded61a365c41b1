// Keeps the entries: an append-only log of operations, replayed on start, durable before it counts.
import { join } from "node:path";
import { openJsonlLog, type JsonlLog } from "#kernel/jsonl-log.ts";
import type { Log } from "#kernel/log.ts";
import type { Playbook } from "#contracts/playbook.ts";
import { entryOfRow, mergeKey, type PlaybookRow } from "./playbook-entry.ts";
import type { RequestReader } from "#ports/domain-pack.ts";
import { createScopeIndexes, type ScopeIndex } from "./scope-index.ts";

export interface PlaybookStore {
  get(playbook_id: string): Playbook | undefined;
  /** The entry that is not retired and has this merge key. */
  find(merge_key: string): Playbook | undefined;
  /** All entries, oldest first. */
  all(): Iterable<Playbook>;
  /** Entries of any status. */
  size(): number;
  /** Appends rows; resolves when all are on disk. `apply` then makes them count. */
  append(rows: readonly PlaybookRow[]): Promise<void>;
  apply(entry: Playbook, vector?: Float32Array): void;
  /** The recorded queries of a scope, retired ones left out; undefined when it has none. */
  scope(name: string): ScopeIndex | undefined;
  /** Entries that are not retired, and the scopes that hold any. */
  live(): { readonly entries: number; readonly scopes: number };
  /** Rows of one entry, oldest first. */
  history(playbook_id: string): Promise<Record<string, unknown>[]>;
  readonly corrupt_lines: number;
  close(): Promise<void>;
}

/** Opens `<dir>/playbooks.jsonl`; lines that cannot be read are logged, counted and skipped. */
export async function openPlaybookStore(
  dir: string,
  log: Log,
  readRequest: RequestReader,
): Promise<PlaybookStore> {
  let corrupt_lines = 0;
  const jsonl: JsonlLog<PlaybookRow> = await openJsonlLog(join(dir, "playbooks.jsonl"), {
    onCorrupt: (line) => {
      corrupt_lines++;
      log.warn({ ...line }, "a line of the playbook log cannot be read and is skipped");
    },
  });
  const by_id = new Map<string, Playbook>();
  const by_key = new Map<string, string>();
  const scopes = createScopeIndexes(readRequest);

  function apply(entry: Playbook, vector?: Float32Array): void {
    const before = by_id.get(entry.playbook_id);
    by_id.set(entry.playbook_id, entry);
    const key = mergeKey(entry);
    if (entry.status !== "retired") {
      by_key.set(key, entry.playbook_id);
      if (before === undefined) scopes.add(entry, vector);
      else if (before.task_class !== entry.task_class) scopes.reclassify(entry);
    } else if (by_key.get(key) === entry.playbook_id) {
      by_key.delete(key);
      scopes.remove(entry);
    }
  }

  for await (const { row, line } of jsonl.read()) {
    const entry = entryOfRow(row);
    if (entry !== undefined) apply(entry);
    else {
      corrupt_lines++;
      log.warn({ path: jsonl.path, line }, "a line of the playbook log holds no entry");
    }
  }
  const opening_corrupt_lines = corrupt_lines;

  return {
    get: (playbook_id) => by_id.get(playbook_id),
    find: (key) => by_id.get(by_key.get(key) ?? ""),
    all: () => by_id.values(),
    size: () => by_id.size,
    append: async (rows) => void (await Promise.all(rows.map((row) => jsonl.append(row)))),
    apply,
    scope: scopes.get,
    live: () => ({ entries: by_key.size, scopes: scopes.size() }),
    async history(playbook_id) {
      const rows: Record<string, unknown>[] = [];
      for await (const { row } of jsonl.read()) {
        if (row.playbook_id === playbook_id) rows.push({ ...row });
      }
      return rows;
    },
    corrupt_lines: opening_corrupt_lines,
    close: () => jsonl.close(),
  };
}
