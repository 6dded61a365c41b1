// The generator: the same seed gives the same bytes, with the skew and the traps that real data
// has.
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, sha256Hex } from "#pack.ts";
import { staffingLiftQueries } from "./lift-set.ts";
import { staffingPack } from "./pack.ts";
import { hasExperience } from "./worker-notes.ts";

const ROWS = 10_000;
const tables = staffingPack.generate({ rows: ROWS, random: seededRandom(7) });
const textOf = (dataset: string): string =>
  [...tables.find((table) => table.dataset === dataset)!.csv()].join("");

function parse(dataset: string): Record<string, string>[] {
  const columns = tables.find((table) => table.dataset === dataset)!.columns;
  return textOf(dataset)
    .trimEnd()
    .split("\n")
    .map((line) => {
      const cells = [...line.matchAll(/(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/g)];
      const values = cells.map((found) => found[1]?.replaceAll('""', '"') ?? found[2] ?? "");
      return Object.fromEntries(columns.map(({ name }, at) => [name, values[at]!]));
    });
}

const workers = parse("workers");

/** Changes only when the example data is meant to change. */
const GOLDEN = [
  "workers 33ee8dd6d7abefb6",
  "clients 6621109e2dc8ed5e",
  "contracts 81c3221dacb69a91",
  "placements fdc9b82aff0e4d5b",
];

function counts(field: string): number[] {
  const seen = new Map<string, number>();
  for (const row of workers) seen.set(row[field]!, (seen.get(row[field]!) ?? 0) + 1);
  return [...seen.values()].toSorted((a, b) => b - a);
}

test("the same seed gives the same bytes", () => {
  const hashes = tables.map(
    ({ dataset }) => `${dataset} ${sha256Hex(textOf(dataset)).slice(0, 16)}`,
  );
  assert.deepEqual(hashes, GOLDEN);
  const other = staffingPack.generate({ rows: 100, random: seededRandom(8) });
  assert.notEqual([...other[0]!.csv()].join("").slice(0, 200), textOf("workers").slice(0, 200));
});

test("roles and cities are skewed, and every role and city occurs", () => {
  for (const field of ["role", "city"]) {
    const seen = counts(field);
    assert.ok(seen[0]! > 4 * seen.at(-1)!, `${field} is skewed`);
    assert.ok(seen.at(-1)! > 20, `${field}: the rarest is there`);
  }
});

test("names repeat, values are missing, some are inactive or blacklisted", () => {
  assert.ok(counts("name")[0]! >= 4);
  for (const field of ["certifications", "reliability", "pay", "shift", "notes"]) {
    const missing = workers.filter((row) => row[field] === "").length;
    assert.ok(missing > ROWS / 200 && missing < ROWS / 2, `${field}: ${missing} missing`);
  }
  const share = (field: string, value: string) =>
    workers.filter((row) => row[field] === value).length / ROWS;
  assert.ok(Math.abs(share("status", "active") - 0.8) < 0.02);
  assert.ok(Math.abs(share("blacklisted", "true") - 0.025) < 0.01);
});

test("near-twins stand next to each other: same name and role, another city", () => {
  const twins = workers.filter((row, at) => {
    const before = workers[at - 1];
    return before?.["name"] === row["name"] && before?.["role"] === row["role"];
  });
  assert.ok(twins.length > ROWS / 100);
  const ids = new Set(workers.map((row) => row["worker_id"]));
  assert.equal(ids.size, ROWS);
});

test("a placement names a worker of the roster with the worker's own role and city", () => {
  const by_id = new Map(workers.map((row) => [row["worker_id"], row]));
  for (const placement of parse("placements")) {
    const worker = by_id.get(placement["worker_id"])!;
    assert.equal(placement["worker_name"], worker["name"]);
    assert.equal(placement["role"], worker["role"]);
    assert.equal(placement["city"], worker["city"]);
  }
});

test("every lift request can be filled from ten thousand workers", () => {
  for (const query of staffingLiftQueries) {
    const fitting = workers.filter((metadata) => query.satisfies({ id: "", metadata }));
    assert.ok(fitting.length >= query.want.count, `${query.query_id}: ${fitting.length}`);
  }
});

test("batches are bounded, so that millions of rows are never held at once", () => {
  const [table] = staffingPack.generate({ rows: 2_500_000, random: seededRandom(7) });
  const first = table!.csv()[Symbol.iterator]().next().value as string;
  assert.ok(first.length < 1_000_000);
  assert.equal(first.slice(0, 9), "W-000001,");
});

test("notes count as experience only when they claim it", () => {
  assert.equal(hasExperience("Two winters in cold storage.", "cold storage"), true);
  assert.equal(hasExperience("Will not work in cold storage.", "cold storage"), false);
  assert.equal(
    hasExperience("No freezer work, please. Good with paperwork.", "cold storage"),
    false,
  );
  assert.equal(hasExperience("Used to freezer work. No Spanish.", "cold storage"), true);
  assert.equal(hasExperience("", "cold storage"), false);
});
