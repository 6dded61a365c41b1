// Which corpora there are: an append-only log of builds begun, builds done and drops.
import { join } from "node:path";
import { openJsonlLog } from "#kernel/jsonl-log.ts";
import type { Log } from "#kernel/log.ts";
import type { CorpusInfo } from "#contracts/matrix.ts";

export interface CorpusRecord extends CorpusInfo {
  /** sha256 over source, template and columns: another source is another corpus. */
  readonly source_hash: string;
  /** When the index that this build filled was made; absent in records of older versions. */
  readonly index_created_at?: string;
}

interface RegistryRow {
  readonly op: "building" | "built" | "dropped";
  readonly at: string;
  readonly corpus: string;
  readonly record: CorpusRecord | null;
}

export interface CorpusRegistry {
  get(corpus: string): CorpusRecord | undefined;
  /** In name order. */
  list(): CorpusRecord[];
  /** true when a build has begun and none was done since: the index may hold anything. */
  isUnfinished(corpus: string): boolean;
  /** On disk before the index is touched. */
  building(corpus: string, at: string): Promise<void>;
  built(record: CorpusRecord): Promise<void>;
  dropped(corpus: string, at: string): Promise<void>;
  close(): Promise<void>;
}

export async function openCorpusRegistry(dir: string, log: Log): Promise<CorpusRegistry> {
  const jsonl = await openJsonlLog<RegistryRow>(join(dir, "corpora.jsonl"), {
    onCorrupt: (line) => log.warn({ ...line }, "a line of the corpus log is skipped"),
  });
  const records = new Map<string, CorpusRecord>();
  const unfinished = new Set<string>();
  for await (const { row } of jsonl.read()) {
    if (row.op === "building") unfinished.add(row.corpus);
    else unfinished.delete(row.corpus);
    if (row.op === "built" && row.record !== null) records.set(row.corpus, row.record);
    if (row.op === "dropped") records.delete(row.corpus);
  }
  return {
    get: (corpus) => records.get(corpus),
    list: () => [...records.values()].toSorted((a, b) => (a.corpus < b.corpus ? -1 : 1)),
    isUnfinished: (corpus) => unfinished.has(corpus),
    async building(corpus, at) {
      unfinished.add(corpus);
      await jsonl.append({ op: "building", at, corpus, record: null });
    },
    async built(record) {
      await jsonl.append({ op: "built", at: record.built_at, corpus: record.corpus, record });
      records.set(record.corpus, record);
      unfinished.delete(record.corpus);
    },
    async dropped(corpus, at) {
      await jsonl.append({ op: "dropped", at, corpus, record: null });
      records.delete(corpus);
      unfinished.delete(corpus);
    },
    close: () => jsonl.close(),
  };
}

/** The vector index that holds a corpus. */
export function indexOf(corpus: string): string {
  return `corpus_${corpus}`;
}

export function infoOf(record: CorpusRecord): CorpusInfo {
  const { source_hash, index_created_at, ...info } = record;
  void [source_hash, index_created_at];
  return info;
}
