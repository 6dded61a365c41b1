// Which files compaction takes up: small ones of one partition, and what must be written anew.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ScanFile } from "#contracts/catalog.ts";
import { planCompaction } from "./compaction-plan.ts";

const UNPARTITIONED = { partition_by: [] };
const WISH = { target_bytes: 100, min_files: 2, all: false };

function file(key: string, size_bytes: number, more: Partial<ScanFile> = {}): ScanFile {
  const place = { uri: key, location: `s3://b/${key}` };
  const lists = { stats: [], split_offsets: [], deletes: [], partition: {} };
  const order = { added_snapshot_id: null, sequence_number: 1 };
  return { key, rows: 1, size_bytes, ...place, ...lists, ...order, ...more };
}

function keysOf(bins: readonly (readonly ScanFile[])[]): string[] {
  return bins.map((bin) => bin.map(({ key }) => key).join(" "));
}

test("small files are joined up to the target, oldest first; large ones stay", () => {
  const files = [
    file("d", 30, { sequence_number: 4 }),
    ...["a", "b", "c"].map((key) => file(key, 40)),
    file("large", 50),
  ];
  assert.deepEqual(keysOf(planCompaction(UNPARTITIONED, files, WISH)), ["a b", "c d"]);
  assert.deepEqual(planCompaction(UNPARTITIONED, files.slice(0, 1), WISH), []);
  assert.deepEqual(planCompaction(UNPARTITIONED, files, { ...WISH, min_files: 5 }), []);
});

test("partitions are not mixed, and files of an earlier partitioning are all written anew", () => {
  const day = { column: "t", transform: "day", name: "t_day" };
  const in_day = (key: string, t_day: string | null) => file(key, 10, { partition: { t_day } });
  const files = [in_day("a", "2024-01-01"), in_day("b", null), in_day("c", "2024-01-01")];
  const stale = [file("old", 90), file("older", 80)];
  const bins = planCompaction({ partition_by: [day] }, [...files, ...stale], WISH);
  assert.deepEqual(keysOf(bins), ["a c", "old", "older"]);
});

test("files with position deletes are written anew, whatever their size", () => {
  const deletes = [{ uri: "d", location: "s3://b/d", rows: 1 }];
  const files = [file("a", 90, { deletes }), file("b", 95)];
  assert.deepEqual(keysOf(planCompaction(UNPARTITIONED, files, WISH)), ["a"]);
  const all = planCompaction(UNPARTITIONED, files, { ...WISH, all: true });
  assert.deepEqual(keysOf(all), ["a", "b"]);
});

test("no file is taken up twice, and no bin is over the target unless one file is", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 150 }), { maxLength: 40 });
  fc.assert(
    fc.property(sizes, fc.boolean(), (wanted, all) => {
      const files = wanted.map((size, at) => file(`f${at}`, size));
      const bins = planCompaction(UNPARTITIONED, files, { ...WISH, all });
      const taken = bins.flat();
      assert.equal(new Set(taken).size, taken.length);
      if (all) assert.equal(taken.length, files.length);
      for (const bin of bins) {
        const bytes = bin.reduce((sum, one) => sum + one.size_bytes, 0);
        assert.ok(bytes <= WISH.target_bytes || bin.length === 1);
      }
    }),
  );
});
