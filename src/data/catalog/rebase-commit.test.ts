// Which commits may stand on top of which others that came between, and which are refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DataFile } from "#contracts/catalog.ts";
import type { InputOf } from "#kernel/contract.ts";
import type { catalog } from "#contracts/catalog.ts";
import type { LakehouseError } from "#kernel/problem.ts";
import { failsWith } from "#ports/object-store.suite.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { commitForeign } from "./foreign-writer.suite.ts";
import { FIELDS, openCatalog, putFile, type OpenedCatalog } from "./open-catalog.suite.ts";

type Commit = Omit<InputOf<(typeof catalog)["operations"]["commit"]>, "name">;
type Make = (files: Record<string, DataFile>) => Commit;

const MOVED = failsWith("conflict", "snapshot_moved");

/** A data file whose ids are within bounds. */
async function idFile(house: OpenedCatalog, key: string, lower: number, upper: number, rows = 2) {
  const file = await putFile(house.storage, key, rows);
  const stats = [{ field_id: 1, values: rows, nulls: 0, lower, upper }];
  return { ...file, stats };
}

async function openThree(t: { after(fn: () => unknown): void }) {
  const house = await openCatalog(await tempDir(t), { in_memory: true });
  t.after(() => house.stop());
  await house.catalog.register({ name: "d", fields: FIELDS });
  const files: Record<string, DataFile> = {};
  for (const [at, key] of ["a", "b", "c"].entries()) {
    files[key] = await idFile(house, `d/${key}.parquet`, at * 100, at * 100 + 99);
  }
  for (const [key, id] of [
    ["mine", 0],
    ["far", 5000],
    ["near", 50],
  ] as const) {
    files[key] = await idFile(house, `d/${key}.parquet`, id, id + 10);
  }
  const added = [files["a"]!, files["b"]!, files["c"]!];
  const first = await house.catalog.commit({ name: "d", operation: "append", added });
  return { house, files, base: first.snapshot.snapshot_id };
}

/** What others do meanwhile. */
const MEANWHILE: Record<string, Make> = {
  "a far append": ({ far }) => ({ operation: "append", added: [far!] }),
  "a near append": ({ near }) => ({ operation: "append", added: [near!] }),
  "a delete of another file": ({ c }) => ({ operation: "delete", removed_keys: [c!.key] }),
  "a delete of the same file": ({ a }) => ({ operation: "delete", removed_keys: [a!.key] }),
  "a compaction of other files": ({ b, near }) => ({
    operation: "replace",
    removed_keys: [b!.key],
    added: [near!],
  }),
  "a compaction of the same file": ({ a, near }) => ({
    operation: "replace",
    removed_keys: [a!.key],
    added: [near!],
  }),
  "an overwrite of another file with near rows": ({ c, near }) => ({
    operation: "overwrite",
    removed_keys: [c!.key],
    added: [near!],
  }),
  "a replacement of all": ({ far }) => ({
    operation: "overwrite",
    replace_all: true,
    added: [far!],
  }),
};

const WHERE = [{ op: "lt" as const, column: "id", value: 90 }];

/** What we do on top, having read the state before: which of those it stands on. */
const MINE: Record<string, { make: (based_on: string) => Make; stands_on: string[] }> = {
  "an append": {
    make:
      () =>
      ({ mine }) => ({ operation: "append", added: [mine!] }),
    stands_on: Object.keys(MEANWHILE),
  },
  "a rewrite of rows by condition": {
    make:
      (based_on_snapshot_id) =>
      ({ a, mine }) => ({
        operation: "overwrite",
        based_on_snapshot_id,
        conflict_where: WHERE,
        removed_keys: [a!.key],
        added: [mine!],
      }),
    stands_on: ["a far append", "a delete of another file", "a compaction of other files"],
  },
  "a rewrite without condition": {
    make:
      (based_on_snapshot_id) =>
      ({ a, mine }) => ({
        operation: "overwrite",
        based_on_snapshot_id,
        removed_keys: [a!.key],
        added: [mine!],
      }),
    stands_on: ["a delete of another file", "a compaction of other files"],
  },
  "a delete by condition": {
    make:
      (based_on_snapshot_id) =>
      ({ a }) => ({
        operation: "delete",
        based_on_snapshot_id,
        conflict_where: WHERE,
        removed_keys: [a!.key],
      }),
    stands_on: ["a far append", "a delete of another file", "a compaction of other files"],
  },
  "an upsert of new rows": {
    make:
      (based_on_snapshot_id) =>
      ({ mine }) => ({
        operation: "append",
        based_on_snapshot_id,
        conflict_where: WHERE,
        added: [mine!],
      }),
    stands_on: [
      "a far append",
      "a delete of another file",
      "a delete of the same file",
      "a compaction of other files",
      "a compaction of the same file",
      "a replacement of all",
    ],
  },
  "a compaction": {
    make:
      (based_on_snapshot_id) =>
      ({ a, mine }) => ({
        operation: "replace",
        based_on_snapshot_id,
        removed_keys: [a!.key],
        added: [mine!],
      }),
    stands_on: [
      "a far append",
      "a near append",
      "a delete of another file",
      "a compaction of other files",
      "an overwrite of another file with near rows",
    ],
  },
};

for (const [mine, { make, stands_on }] of Object.entries(MINE)) {
  test(`${mine} stands on what does not concern it, and on nothing else`, async (t) => {
    for (const [meanwhile, others] of Object.entries(MEANWHILE)) {
      const { house, files, base } = await openThree(t);
      await house.catalog.commit({ name: "d", ...others(files) });
      const before = await house.catalog.files({ name: "d" });
      const commit = house.catalog.commit({ name: "d", ...make(base)(files) });
      if (!stands_on.includes(meanwhile)) {
        const refused = (error: unknown) =>
          MOVED(error) || failsWith("conflict", "no_such_file")(error);
        await assert.rejects(commit, refused, `${mine} on ${meanwhile}`);
        assert.deepEqual(await house.catalog.get({ name: "d" }), before.dataset);
        continue;
      }
      const { added = [], removed_keys = [] } = make(base)(files);
      await assert.doesNotReject(commit, `${mine} on ${meanwhile}`);
      const expected = [...before.files.map((file) => file.key), ...added.map((file) => file.key)];
      const now = await house.catalog.files({ name: "d" });
      assert.deepEqual(
        now.files.map((file) => file.key).toSorted(),
        expected.filter((key) => !removed_keys.includes(key)).toSorted(),
        `${mine} on ${meanwhile}`,
      );
    }
  });
}

test("deletes that came between stop what would bring the rows back", async (t) => {
  const { house, files, base } = await openThree(t);
  await putFile(house.storage, "d/del.parquet");
  await commitForeign(house, "d", [{ key: "d/del.parquet", content: 1, about: "d/a.parquet" }]);
  for (const mine of ["a rewrite of rows by condition", "a compaction"]) {
    const commit = house.catalog.commit({ name: "d", ...MINE[mine]!.make(base)(files) });
    await assert.rejects(commit, (error) => {
      assert.ok(MOVED(error), mine);
      assert.match((error as LakehouseError).message, /rows were deleted from a file it replaces/);
      return true;
    });
  }
  const other = { operation: "replace" as const, removed_keys: [files["b"]!.key] };
  const added = [files["mine"]!];
  await house.catalog.commit({ name: "d", ...other, based_on_snapshot_id: base, added });
});

test("rows that were added and then compacted are still rows that were added", async (t) => {
  const { house, files, base } = await openThree(t);
  const { near, far } = files;
  await house.catalog.commit({ name: "d", operation: "append", added: [near!] });
  const moved = { operation: "replace" as const, removed_keys: [near!.key], added: [far!] };
  await house.catalog.commit({ name: "d", ...moved });
  const mine = MINE["a rewrite of rows by condition"]!.make(base)(files);
  await assert.rejects(house.catalog.commit({ name: "d", ...mine }), MOVED);
});

test("a state that is no longer in the history is nothing to build on", async (t) => {
  const { house, files, base } = await openThree(t);
  const { near, far } = files;
  const later = await house.catalog.commit({ name: "d", operation: "append", added: [near!] });
  await house.catalog.rollback({ name: "d", to: base });
  const commit = {
    name: "d",
    operation: "append" as const,
    based_on_snapshot_id: later.snapshot.snapshot_id,
    added: [far!],
  };
  await assert.rejects(house.catalog.commit(commit), MOVED);
  const both = { ...commit, expected_snapshot_id: base };
  await assert.rejects(house.catalog.commit(both), failsWith("invalid", "bad_commit"));
});

test("a replace must have as many rows as it takes away", async (t) => {
  const { house, files } = await openThree(t);
  const more = await putFile(house.storage, "d/more.parquet", 3);
  const replace = { name: "d", operation: "replace" as const, removed_keys: [files["a"]!.key] };
  for (const added of [[more], []]) {
    const commit = house.catalog.commit({ ...replace, added });
    await assert.rejects(commit, failsWith("invalid", "bad_commit"));
  }
  const sources = [{ ingest_id: "i", content_sha256: "x", name: "n", rows: 2 }];
  const told = house.catalog.commit({ ...replace, added: [files["mine"]!], sources });
  await assert.rejects(told, failsWith("invalid", "bad_commit"));
  const { dataset } = await house.catalog.commit({ ...replace, added: [files["mine"]!] });
  assert.deepEqual([dataset.rows, dataset.files], [6, 3]);
});
