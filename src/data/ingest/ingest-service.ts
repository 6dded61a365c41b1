// The ingest service: a file comes in, its rows are committed to a dataset, and nothing is lost.
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { catalog } from "#contracts/catalog.ts";
import type { ingest, IngestReport } from "#contracts/ingest.ts";
import type { journal } from "#contracts/journal.ts";
import type { storage } from "#contracts/storage.ts";
import type { Call } from "#kernel/call.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Client, ParsedInputOf } from "#kernel/contract.ts";
import { newId } from "#kernel/ids.ts";
import { createKeyedLock } from "#kernel/keyed-lock.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import type { TableEngine } from "#ports/table-engine.ts";
import { createCommitTeller } from "./commit-teller.ts";
import { committedIngests } from "./ingest-history.ts";
import { createProgressRegistry, type ProgressEntry } from "./ingest-progress.ts";
import type { IngestSettings } from "./ingest-settings.ts";
import { createIngestTurns } from "./ingest-turns.ts";
import type { IngestJob } from "./ingest-job.ts";
import { ingestSource } from "./ingest-source.ts";
import { keyOf } from "./key-columns.ts";
import { partitioningOf } from "./partition-text.ts";
import { hashFile, receiveFile, tooLarge, type Received } from "./receive-file.ts";
import { createReceiveSpool } from "./receive-spool.ts";
import { formatOf } from "./source-format.ts";

export interface IngestNeeds {
  readonly storage: Client<typeof storage>;
  readonly catalog: Client<typeof catalog>;
  readonly journal: Client<typeof journal>;
  readonly engine: TableEngine;
  /** Uploads on their way in. */
  readonly dir: string;
  readonly log: Log;
  readonly clock: Clock;
}

type FileInput = ParsedInputOf<typeof ingest.operations.file>;
type PathInput = ParsedInputOf<typeof ingest.operations.path>;

export async function createIngest(
  needs: IngestNeeds,
  settings: IngestSettings,
): Promise<Service<typeof ingest>> {
  await mkdir(needs.dir, { recursive: true });
  await removeOrphans(needs.dir);
  const progress = createProgressRegistry(needs.clock, settings.progress_kept_max);
  const turns = createIngestTurns(settings.running_max, settings.waiting_max);
  const teller = createCommitTeller(needs);
  const parts = {
    ...needs,
    tell: teller.tell,
    commits: createKeyedLock(),
    file_bytes_max: settings.file_mb_max * MB,
  };
  const stopping = new AbortController();
  const upload_bytes_max = settings.upload_mb_max * MB;
  const { receiving_max, waiting_max } = settings;
  const bytes_max = settings.spool_mb_max * MB;
  const spool = createReceiveSpool({ receiving_max, waiting_max, bytes_max });

  /** One ingest with its progress, its end told and its failure logged. */
  async function tracked(
    input: FileInput | PathInput,
    call: Call,
    work: (ingest_id: string, entry: ProgressEntry, call: Call) => Promise<IngestReport>,
  ): Promise<IngestReport> {
    const ingest_id = input.ingest_id ?? newId();
    const entry = progress.open(ingest_id);
    const signal = AbortSignal.any([call.signal, stopping.signal]);
    try {
      const report = await work(ingest_id, entry, { ...call, signal });
      const { rows, outcome } = report;
      entry.update({ phase: "done", rows_done: rows, detail: outcome });
      needs.log.info({ ...report, columns: report.columns.length }, "ingested");
      return report;
    } catch (thrown) {
      const error = toLakehouseError(thrown);
      entry.update({ phase: "failed", detail: error.message });
      needs.log.warn({ ingest_id, dataset: input.dataset, err: error }, "ingest failed");
      throw error;
    }
  }

  async function inTurn<T>(work: () => Promise<T>, leave: () => void): Promise<T> {
    try {
      return await work();
    } finally {
      leave();
    }
  }

  async function ingestUpload(input: FileInput, call: Call): Promise<IngestReport> {
    const name = input.filename ?? "upload";
    const format = formatOf(input.format, name);
    const options = optionsOf(input);
    const declared = input.content_length ?? 0;
    if (declared > upload_bytes_max) throw tooLarge(upload_bytes_max);
    return tracked(input, call, async (ingest_id, entry, inner) => {
      const { signal } = inner;
      const ticket = await spool.enter(declared, signal);
      const path = join(needs.dir, `receive-${newId()}`);
      try {
        const bytes_total = declared > 0 ? declared : null;
        const tell = throttled((bytes_done) => entry.update({ bytes_done, bytes_total }));
        const received = await receiveFile(input.body, path, {
          bytes_max: upload_bytes_max,
          signal,
          onBytes: tell,
          makeRoom: ticket.grow,
        });
        ticket.received();
        const source = { path, format, name, size_bytes: received.size_bytes };
        const hashed = Promise.resolve(received);
        const job: IngestJob = { ...options, ingest_id, source, hashed, entry };
        // A slow sender holds nobody up: the turn is for what is all there.
        const leave = await turns.take(signal, { always: true });
        return await inTurn(() => ingestSource(parts, job, inner), leave);
      } finally {
        await rm(path, { force: true });
        ticket.leave();
      }
    });
  }

  async function ingestPath(input: PathInput, call: Call): Promise<IngestReport> {
    const { path } = input;
    const format = formatOf(input.format, path);
    const options = optionsOf(input);
    const before = await fileAt(path);
    return tracked(input, call, async (ingest_id, entry, inner) => {
      entry.update({ bytes_total: before.size });
      const leave = await turns.take(inner.signal);
      return inTurn(async () => {
        const hashed = hashUnchanged(path, before, inner.signal);
        // The conversion may fail first; then nobody waits for the hash any more.
        hashed.catch(() => undefined);
        const source = { path, format, name: basename(path), size_bytes: before.size };
        const job: IngestJob = { ...options, ingest_id, source, hashed, entry };
        return ingestSource(parts, job, inner);
      }, leave);
    });
  }

  return {
    handlers: {
      file: ingestUpload,
      path: ingestPath,
      progress: ({ ingest_id }, call) => progress.follow(ingest_id, call.signal),
      history: async ({ dataset }, call) => ({
        ingests: await committedIngests(needs.catalog, dataset, call),
      }),
    },
    async health() {
      const figures = { running: progress.running(), not_journalled: teller.lost() };
      if (figures.not_journalled === 0) return { status: "ok", figures };
      const reason = "the journal did not take the events of some commits; see the log";
      return { status: "degraded", figures: { ...figures, reason } };
    },
    stop: async () => stopping.abort(new Error("the service stops")),
  };
}

/** What was asked for, refused at once where it makes no sense. */
function optionsOf(input: FileInput | PathInput) {
  const { dataset, mode, evolve } = input;
  const key = keyOf(mode, input.key);
  return { dataset, mode, evolve, key, partition_by: partitioningOf(input.partition_by) };
}

async function removeOrphans(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    if (name.startsWith("receive-")) await rm(join(dir, name), { force: true });
  }
}

async function fileAt(path: string) {
  const info = await stat(path).catch((cause: unknown) => {
    throw unreadable(`"${path}" cannot be read`, cause);
  });
  if (!info.isFile()) throw unreadable(`"${path}" is not a file`);
  return info;
}

/** A file that changes while it is read would be committed under the hash of other bytes. */
async function hashUnchanged(
  path: string,
  before: { readonly size: number; readonly mtimeMs: number },
  signal: AbortSignal,
): Promise<Received> {
  const received = await hashFile(path, signal);
  const after = await fileAt(path);
  if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) {
    throw unreadable(`"${path}" was changed while it was read`);
  }
  return received;
}

function unreadable(message: string, cause?: unknown): LakehouseError {
  return new LakehouseError("invalid", message, { reason: "unreadable_source", cause });
}

const MB = 1024 * 1024;
const TOLD_EVERY_MS = 200;

function throttled(tell: (bytes: number) => void): (bytes: number) => void {
  let told = 0;
  return (bytes) => {
    if (performance.now() - told < TOLD_EVERY_MS) return;
    told = performance.now();
    tell(bytes);
  };
}
