// Each kind of object damaged in each way: only its own dataset breaks, and it heals.
import assert from "node:assert/strict";
import { cp, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { failsWith } from "#ports/object-store.suite.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { commitForeign } from "./foreign-writer.suite.ts";
import { decodeManifestList } from "./iceberg/manifest-list.ts";
import type { TableMetadata } from "./iceberg/table-types.ts";
import { FIELDS, openCatalog, putFile, type OpenedCatalog } from "./open-catalog.suite.ts";
import { getBytes } from "./foreign-writer.suite.ts";
import { splitLocation } from "./table-places.ts";

async function openTwo(dir: string): Promise<OpenedCatalog> {
  const house = await openCatalog(dir);
  for (const name of ["broken", "sound"]) {
    await house.catalog.register({ name, fields: FIELDS });
    const added = [await putFile(house.storage, `d/${name}.parquet`)];
    await house.catalog.commit({ name, operation: "append", added });
    await putFile(house.storage, `d/${name}-deletes.parquet`);
    const about = `d/${name}.parquet`;
    await commitForeign(house, name, [{ key: `d/${name}-deletes.parquet`, content: 1, about }]);
  }
  return house;
}

/** Where each kind of object of the dataset stands. */
async function objectsOf({ catalog, storage }: OpenedCatalog, name: string) {
  const { metadata_location, metadata } = await catalog.load_table({ name });
  const { snapshots } = metadata as unknown as TableMetadata;
  const list = snapshots.at(-1)!["manifest-list"];
  const manifests = decodeManifestList(await getBytes(storage, list));
  const of = (content: 0 | 1) => manifests.find((one) => one.content === content)!.manifest_path;
  const locations = {
    "table metadata": metadata_location,
    "manifest list": list,
    manifest: of(0),
    "delete manifest": of(1),
    "data file": `s3://b/d/${name}.parquet`,
    "delete file": `s3://b/d/${name}-deletes.parquet`,
  };
  const keys = Object.entries(locations).map(([kind, at]) => [kind, splitLocation(at)!.key]);
  return Object.fromEntries(keys) as Record<keyof typeof locations, string>;
}

const DAMAGE: Record<string, (path: string) => Promise<void>> = {
  missing: (path) => rm(path),
  "cut off": (path) => truncate(path, 5),
  garbage: (path) => writeFile(path, "not what it was, and of another length altogether"),
};

for (const [how, damage] of Object.entries(DAMAGE)) {
  test(`an object that is ${how} breaks its own dataset only, whatever it is`, async (t) => {
    const dir = await tempDir(t);
    const first = await openTwo(dir);
    const keys = await objectsOf(first, "broken");
    await first.stop();
    assert.equal(Object.keys(keys).length, 6);
    const house = await openCatalog(dir, { settings: { verify_on_start: false } });
    t.after(() => house.stop());
    for (const [kind, key] of Object.entries(keys)) {
      const what = `${kind} ${how}`;
      const path = join(house.root, key);
      await cp(path, `${path}.kept`);
      await damage(path);
      const found = await house.catalog.verify({ name: "broken" });
      assert.equal(found.dataset.status, "quarantined", what);
      assert.deepEqual(found.missing_keys, [key], what);
      assert.match(found.dataset.status_reason ?? "", new RegExp(key), what);
      const refused = house.catalog.files({ name: "broken" });
      await assert.rejects(refused, failsWith("conflict", "quarantined"), what);
      const sound = await house.catalog.files({ name: "sound" });
      assert.equal(sound.files[0]!.deletes.length, 1, what);
      const { datasets } = await house.catalog.list({});
      assert.deepEqual(
        datasets.map((one) => one.status),
        ["quarantined", "healthy"],
        what,
      );
      await rename(`${path}.kept`, path);
      const healed = await house.catalog.verify({ name: "broken" });
      assert.deepEqual([healed.dataset.status, healed.missing_keys], ["healthy", []], what);
      assert.equal((await house.catalog.files({ name: "broken" })).files.length, 1, what);
    }
  });
}
