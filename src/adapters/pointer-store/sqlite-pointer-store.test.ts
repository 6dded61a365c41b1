// The SQLite store under the suite of its port, and shared by several processes.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { DatabaseSync } from "node:sqlite";
import { pointerStoreSuite } from "#ports/pointer-store.suite.ts";
import { failsWith } from "#ports/object-store.suite.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { standsKilledWriters } from "./killed-writers.suite.ts";
import { createSqlitePointerStore } from "./sqlite-pointer-store.ts";

pointerStoreSuite("sqlite pointer store", async (t) =>
  createSqlitePointerStore({ path: join(await tempDir(t), "state", "pointers.sqlite") }),
);

const RAISER = `
  const { createSqlitePointerStore } = await import(process.argv[1]);
  const store = await createSqlitePointerStore({ path: process.argv[2] });
  await store.swap("s", "n", 0, 0);
  for (let done = 0; done < 40; ) {
    const now = await store.get("s", "n");
    if (await store.swap("s", "n", now.version, now.value + 1)) done++;
  }
  await store.close();
`;

test("processes that share the file lose no step of a counter", async (t) => {
  const path = join(await tempDir(t), "pointers.sqlite");
  const module = new URL("./sqlite-pointer-store.ts", import.meta.url).href;
  const run = () =>
    promisify(execFile)(process.execPath, ["--input-type=module", "-e", RAISER, module, path]);
  await Promise.all([run(), run(), run()]);
  const store = await createSqlitePointerStore({ path });
  t.after(() => store.close());
  assert.equal((await store.get("s", "n"))?.value, 120);
});

test("a killed writer loses nothing that it said is written", async (t) => {
  const path = join(await tempDir(t), "pointers.sqlite");
  const store = await createSqlitePointerStore({ path });
  t.after(() => store.close());
  await standsKilledWriters(store, {
    module: new URL("./sqlite-pointer-store.ts", import.meta.url).href,
    maker: "createSqlitePointerStore",
    options: { path },
  });
});

test("a file held by another for too long is unavailable, not a hang", async (t) => {
  const path = join(await tempDir(t), "pointers.sqlite");
  const store = await createSqlitePointerStore({ path, busy_timeout_ms: 100 });
  const other = new DatabaseSync(path);
  t.after(async () => {
    other.close();
    await store.close();
  });
  other.exec("BEGIN IMMEDIATE");
  await assert.rejects(store.swap("s", "a", 0, 1), failsWith("unavailable", "pointers_busy"));
  other.exec("ROLLBACK");
  assert.equal((await store.swap("s", "a", 0, 1))?.version, 1);
});

test("a file of a newer version is refused", async (t) => {
  const path = join(await tempDir(t), "pointers.sqlite");
  const store = await createSqlitePointerStore({ path });
  await store.close();
  const db = new DatabaseSync(path);
  db.exec("PRAGMA user_version = 99");
  db.close();
  await assert.rejects(createSqlitePointerStore({ path }), failsWith("unavailable"));
});
