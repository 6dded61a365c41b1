// Which corpora there are: an append-only log of builds and drops, replayed on start.
import { join } from "node:path";
import { openJsonlLog } from "#kernel/jsonl-log.ts";
import type { Log } from "#kernel/log.ts";
import type { CorpusInfo } from "#contracts/matrix.ts";

export interface CorpusRecord extends CorpusInfo {
  /** sha256 over source, template and columns: another source is another corpus. */
  readonly source_hash: string;
}

interface RegistryRow {
  readonly op: "built" | "dropped";
  readonly at: string;
  readonly corpus: string;
  readonly record: CorpusRecord | null;
}

export interface CorpusRegistry {
  get(corpus: string): CorpusRecord | undefined;
  /** In name order. */
  list(): CorpusRecord[];
  built(record: CorpusRecord): Promise<void>;
  dropped(corpus: string, at: string): Promise<void>;
  close(): Promise<void>;
}

export async function openCorpusRegistry(dir: string, log: Log): Promise<CorpusRegistry> {
  const jsonl = await openJsonlLog<RegistryRow>(join(dir, "corpora.jsonl"), {
    onCorrupt: (line) => log.warn({ ...line }, "a line of the corpus log is skipped"),
  });
  const records = new Map<string, CorpusRecord>();
  for await (const { row } of jsonl.read()) {
    if (row.op === "built" && row.record !== null) records.set(row.corpus, row.record);
    if (row.op === "dropped") records.delete(row.corpus);
  }
  return {
    get: (corpus) => records.get(corpus),
    list: () => [...records.values()].toSorted((a, b) => (a.corpus < b.corpus ? -1 : 1)),
    async built(record) {
      await jsonl.append({ op: "built", at: record.built_at, corpus: record.corpus, record });
      records.set(record.corpus, record);
    },
    async dropped(corpus, at) {
      await jsonl.append({ op: "dropped", at, corpus, record: null });
      records.delete(corpus);
    },
    close: () => jsonl.close(),
  };
}

/** The vector index that holds a corpus. */
export function indexOf(corpus: string): string {
  return `corpus_${corpus}`;
}

export function infoOf(record: CorpusRecord): CorpusInfo {
  const { source_hash, ...info } = record;
  void source_hash;
  return info;
}
