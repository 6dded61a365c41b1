// Two houses without data of their own: pointers in PostgreSQL, objects in another's S3 door.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { connectHouse } from "#client.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { startProcess } from "../support/running-house.ts";
import { tempDir } from "../support/temp-dir.ts";

const KEYS = { access: "LAKEHOUSE", secret: "a secret of sixteen and more" };

test("houses share one lake in PostgreSQL and S3", { timeout: 300_000 }, async (t) => {
  const dir = await tempDir(t);
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const store = await startProcess({
    data_dir: join(dir, "store"),
    env: { LAKEHOUSE_S3_SECRET_KEY: "env:DOOR_SECRET", DOOR_SECRET: KEYS.secret },
  });
  t.after(() => store.kill());
  const first = await openWorker(t, dir, "first", store.url, postgres.url);
  const second = await openWorker(t, dir, "second", store.url, postgres.url);

  const commits = 6;
  const send = (house: typeof first, who: string) =>
    Promise.all(
      Array.from({ length: commits }, (_, at) =>
        house.ingest.file({
          dataset: "shared",
          filename: `${who}-${at}.csv`,
          body: rowsOf(`${who}${at}`),
        }),
      ),
    );
  await first.ingest.file({ dataset: "shared", filename: "0.csv", body: rowsOf("start") });
  await Promise.all([send(first, "a"), send(second, "b")]);
  for (const house of [first, second]) {
    const sql = "SELECT count(*), count(DISTINCT tag) FROM shared";
    assert.deepEqual((await house.query.rows({ sql })).rows, [[3 * (2 * commits + 1), 13]]);
  }
  // The same bytes are known wherever they come in again.
  const again = await second.ingest.file({
    dataset: "shared",
    filename: "a.csv",
    body: rowsOf("a0"),
  });
  assert.equal(again.outcome, "unchanged");
  await first.rewrite.compact({ dataset: "shared" });
  const deleted = await second.rewrite.delete_rows({ dataset: "shared", where: "tag = 'start'" });
  assert.equal(deleted.deleted_rows, 3);
  const left = await first.query.rows({ sql: "SELECT count(*) FROM shared" });
  assert.deepEqual(left.rows, [[3 * 2 * commits]]);
  const { buckets } = await first.storage.buckets({});
  assert.equal(buckets[0]!.backend, "s3");
});

async function openWorker(
  t: TestContext,
  dir: string,
  name: string,
  store_url: string,
  postgres_url: string,
) {
  const config = join(dir, `${name}.toml`);
  const lines = [
    "domains = []",
    "[pointers]",
    'store = "postgres"',
    'url = "env:LAKE_POINTERS"',
    "[storage.buckets.lakehouse]",
    'backend = "s3"',
    `endpoint = "${store_url}"`,
    'bucket = "lakehouse"',
    'access_key = "env:LAKE_KEY"',
    'secret_key = "env:LAKE_SECRET"',
  ];
  await writeFile(config, `${lines.join("\n")}\n`);
  const env = { LAKE_POINTERS: postgres_url, LAKE_KEY: KEYS.access, LAKE_SECRET: KEYS.secret };
  const house = await startProcess({ data_dir: join(dir, name), config, env });
  t.after(() => house.kill());
  return connectHouse({ url: house.url });
}

async function* rowsOf(tag: string) {
  yield Buffer.from(`tag,n\n${tag},1\n${tag},2\n${tag},3\n`);
}
