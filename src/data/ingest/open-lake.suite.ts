// A small lake on real adapters below one folder: storage, catalog, journal, ingest and query.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { createDuckDbEngine } from "#adapters/table-engine/duckdb-table-engine.ts";
import type { catalog } from "#contracts/catalog.ts";
import { ingest } from "#contracts/ingest.ts";
import type { journal } from "#contracts/journal.ts";
import { query } from "#contracts/query.ts";
import { rewrite } from "#contracts/rewrite.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import type { Client } from "#kernel/contract.ts";
import { silentLog } from "#kernel/log.ts";
import { openCatalog } from "#data/catalog/open-catalog.suite.ts";
import { createQuery } from "#data/query/query-service.ts";
import { querySettings } from "#data/query/query-settings.ts";
import type { KbTable } from "#data/query/query-tables.ts";
import { createRewrite } from "#data/rewrite/rewrite-service.ts";
import { rewriteSettings } from "#data/rewrite/rewrite-settings.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import type { Connect } from "../../../test/support/each-transport.ts";
import { createIngest } from "./ingest-service.ts";
import { ingestSettings } from "./ingest-settings.ts";

export interface LakeOptions {
  readonly connect?: Connect;
  readonly dir?: string;
  /** One that reads below a parent of `dir`; without it the lake opens its own. */
  readonly engine?: Engine;
  readonly kb?: (dir: string) => readonly KbTable[];
  readonly query?: Parameters<typeof querySettings.parse>[0];
  readonly memory_mb?: number;
  readonly ingest?: Parameters<typeof ingestSettings.parse>[0];
  readonly rewrite?: Parameters<typeof rewriteSettings.parse>[0];
  /** The journal as the ingest service has it. */
  readonly wrapJournal?: (client: Client<typeof journal>) => Client<typeof journal>;
  /** The catalog as the ingest and rewrite services have it. */
  readonly wrapCatalog?: (client: Client<typeof catalog>) => Client<typeof catalog>;
}

type Engine = Awaited<ReturnType<typeof createDuckDbEngine>>;

export async function openLake(t: HasAfter, options: LakeOptions = {}) {
  const connect: Connect =
    options.connect ?? (async (contract, h) => connectLocal(contract, h, { strict: true }));
  const dir = options.dir ?? (await tempDir(t));
  const base = { log: silentLog, clock: systemClock };
  const house = await openCatalog(dir);
  const engine = options.engine ?? (await openEngine(dir, options.memory_mb));
  const { storage } = house;
  const seen = options.wrapCatalog?.(house.catalog) ?? house.catalog;
  const told = options.wrapJournal?.(house.journal) ?? house.journal;
  const ingesting = await createIngest(
    { ...base, storage, catalog: seen, journal: told, engine, dir: join(dir, "ingest") },
    ingestSettings.parse(options.ingest ?? {}),
  );
  const kb = options.kb?.(dir) ?? [];
  const querying = await createQuery(
    { ...base, catalog: house.catalog, engine, kb, dir: join(dir, "query") },
    querySettings.parse(options.query ?? {}),
  );
  const rewriting = await createRewrite(
    { ...base, storage, catalog: seen, engine },
    rewriteSettings.parse(options.rewrite ?? {}),
  );
  async function stop(): Promise<void> {
    await querying.stop();
    await rewriting.stop();
    await ingesting.stop();
    if (options.engine === undefined) await engine.close();
    await house.stop();
  }
  t.after(stop);
  return {
    dir,
    storage,
    catalog: house.catalog,
    journal: house.journal,
    engine,
    health: () => ingesting.health(),
    ingest: await connect(ingest, ingesting.handlers),
    query: await connect(query, querying.handlers),
    rewrite: await connect(rewrite, rewriting.handlers),
  };
}

function openEngine(dir: string, memory_mb = 256): Promise<Engine> {
  return createDuckDbEngine({ memory_mb, threads: 2, temp_dir: join(dir, "tmp"), data_dir: dir });
}

/**
 * `openLake` for a file of many tests: a lake for each, one engine for all. The first statements of
 * a new engine cost as much as a small test.
 */
export function lakesOfOneEngine(): typeof openLake {
  let opened: Promise<{ dir: string; engine: Engine }> | undefined;
  const open = async () => {
    const dir = await mkdtemp(join(tmpdir(), "lakehouse-test-"));
    return { dir, engine: await openEngine(dir) };
  };
  after(async () => {
    if (opened === undefined) return;
    const { dir, engine } = await opened;
    await engine.close();
    await rm(dir, { recursive: true, force: true });
  });
  return async (t, options) => {
    opened ??= open();
    const { dir, engine } = await opened;
    return openLake(t, { ...options, engine, dir: await mkdtemp(join(dir, "lake-")) });
  };
}

export type Lake = Awaited<ReturnType<typeof openLake>>;

export async function* bytesOf(text: string | Uint8Array): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** Ingests text as a file of that name. */
export function put(
  lake: Lake,
  dataset: string,
  filename: string,
  text: string | Uint8Array,
  more = {},
) {
  return lake.ingest.file({ dataset, filename, body: bytesOf(text), ...more });
}

/** All rows of a SELECT. */
export async function select(lake: Lake, sql: string, more = {}): Promise<unknown[][]> {
  return (await lake.query.rows({ sql, ...more })).rows;
}

/** A whole body as text. */
export async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
