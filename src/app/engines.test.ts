// Engines: all of them are closed at the end, and as many queries run as the settings say.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { silentLog } from "#kernel/log.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { createEngines } from "./engines.ts";
import { houseSettings } from "./settings.ts";

const request = (sql: string) => ({
  sql,
  params: [],
  relations: [],
  limits: { rows_max: 10_000_000, timeout_ms: 60_000 },
  signal: AbortSignal.timeout(10_000),
});

test("an engine that could not open does not keep the others from being closed", async (t) => {
  const data_dir = await tempDir(t);
  const settings = houseSettings.parse({});
  const engines = createEngines({ settings, data_dir, log: silentLog, variables: {} });
  const tables = await engines.tables();
  assert.equal((await tables.rows(request("SELECT 1"))).columns.length, 1);
  // A file where the folder of the pointers should be.
  await writeFile(join(data_dir, "catalog"), "");
  await assert.rejects(engines.pointers());
  await assert.rejects(engines.stop());
  await assert.rejects(tables.rows(request("SELECT 1")));
});

test("as many queries have a connection as may run at once", async (t) => {
  const data_dir = await tempDir(t);
  const settings = houseSettings.parse({ query: { running_max: 6 } });
  const engines = createEngines({ settings, data_dir, log: silentLog, variables: {} });
  t.after(() => engines.stop());
  const tables = await engines.tables();
  const readers = [];
  for (let i = 0; i < settings.query.running_max + 1; i++) {
    const { chunks } = await tables.rows(request("FROM range(1000000)"));
    const reader = chunks[Symbol.asyncIterator]();
    readers.push(reader);
    assert.equal((await reader.next()).done, false);
  }
  for (const reader of readers) await reader.return?.();
});
