// Each kind of file of a dataset is damaged in turn: only that dataset breaks, and it heals.
import assert from "node:assert/strict";
import { copyFile, readdir, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { composeHouse, type House } from "#app/compose.ts";
import { loadSettings } from "#app/settings.ts";
import { silentLog } from "#kernel/log.ts";
import { toLakehouseError } from "#kernel/problem.ts";

const ONLY = ["observe", "storage", "journal", "catalog", "query", "ingest", "rewrite"] as const;

let dir: string;
let house: House;

async function openHouse(): Promise<House> {
  const overrides = { data_dir: join(dir, "data"), domains: [] };
  const settings = await loadSettings({ variables: {}, overrides });
  return composeHouse({ settings, log: silentLog, variables: {}, only: ONLY });
}

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "lakehouse-damage-"));
  house = await openHouse();
});
after(async () => {
  await house.stop();
  await rm(dir, { recursive: true, force: true });
});

const KINDS = {
  "data file": /\/data\/.*\.parquet$/,
  manifest: /\/metadata\/(?!snap-).*\.avro$/,
  "manifest list": /\/metadata\/snap-.*\.avro$/,
  metadata: /\/metadata\/.*\.metadata\.json$/,
} as const;

const DAMAGES = {
  "is gone": (path: string) => rm(path),
  "is empty": (path: string) => truncate(path, 0),
  "is cut off": async (path: string) => truncate(path, Math.floor((await stat(path)).size / 2)),
  "is garbage": async (path: string) => writeFile(path, Buffer.alloc((await stat(path)).size, 7)),
} as const;

async function makeDataset(name: string): Promise<string> {
  for (const part of [1, 2]) {
    const path = join(dir, `${name}-${part}.csv`);
    await writeFile(path, `id,name\n${part},a\n${part + 10},b\n`);
    await house.clients.ingest.path({ dataset: name, path });
  }
  const { location } = await house.clients.catalog.get({ name });
  return join(dir, "data", "objects", diskPath(location));
}

/** `s3://bucket/datasets/x` → `datasets/x` as the disk store names folders. */
function diskPath(location: string): string {
  return location.replace(/^s3:\/\/[^/]+\//, "");
}

/** The newest file of a kind: the one that the current snapshot needs. */
async function newest(root: string, kind: RegExp): Promise<string> {
  const names = await readdir(root, { recursive: true });
  const paths = names.map((name) => join(root, name)).filter((path) => kind.test(path));
  assert.ok(paths.length > 0, `no file like ${kind} below ${root}: ${names.join(", ")}`);
  const dated = await Promise.all(
    paths.map(async (path) => ({ path, ms: (await stat(path)).mtimeMs })),
  );
  return dated.toSorted((a, b) => a.ms - b.ms).at(-1)!.path;
}

const count = async (name: string) =>
  Number((await house.clients.query.rows({ sql: `SELECT sum(id) FROM ${name}` })).rows[0]![0]);

let made = 0;
for (const [kind, pattern] of Object.entries(KINDS)) {
  for (const [damage, apply] of Object.entries(DAMAGES)) {
    test(`when a ${kind} ${damage}, only its dataset breaks, and it heals`, async () => {
      const name = `broken_${++made}`;
      const root = await makeDataset(name);
      await makeDataset(`sound_${made}`);
      assert.equal(await count(name), 26);
      const path = await newest(root, pattern);
      await copyFile(path, `${dir}/kept`);
      // Another process would see the file as it is: nothing may be answered from memory only.
      await house.stop();
      await apply(path);
      house = await openHouse();
      const failed = await count(name).then(
        () => undefined,
        (error: unknown) => toLakehouseError(error),
      );
      assert.equal(failed?.reason, "broken_dataset", failed?.message);
      assert.equal(await count(`sound_${made}`), 26);
      const { datasets } = await house.clients.catalog.list({});
      const broken = datasets.find((one) => one.name === name);
      assert.equal(broken?.status, "quarantined");
      assert.ok((broken?.status_reason ?? "").length > 10);
      assert.equal(datasets.find((one) => one.name === `sound_${made}`)?.status, "healthy");
      await rename(`${dir}/kept`, path);
      const { dataset } = await house.clients.catalog.verify({ name });
      assert.equal(dataset.status, "healthy");
      assert.equal(await count(name), 26);
    });
  }
}
