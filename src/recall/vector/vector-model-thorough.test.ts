// Any sequence of operations gives what a naive model gives: items, filters, vectors and words.
import { test } from "node:test";
import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { testRuns } from "../../../test/support/test-runs.ts";
import { createExactEngine } from "#adapters/vector-index/exact-vector-index.ts";
import { toLakehouseError } from "#kernel/problem.ts";
import { createUsearchEngine } from "#adapters/vector-index/usearch-vector-index.ts";
import type { Filters, Metadata } from "#contracts/nouns.ts";
import { fakeVector, openVector, type OpenedVector } from "./open-vector.suite.ts";
import { createTokenizer } from "./word-tokens.ts";

interface ModelItem {
  readonly id: string;
  readonly text: string;
  readonly metadata: Metadata;
}

const id = fc.integer({ min: 0, max: 12 }).map((at) => `i${at}`);
const word = fc.constantFrom("red", "green", "blue", "running", "runs", "Ärger", "42", "the");
const text = fc.array(word, { maxLength: 6 }).map((words) => words.join(" "));
const value = fc.oneof(
  fc.integer({ min: 0, max: 5 }),
  fc.constantFrom("a", "b", "c", "3"),
  fc.boolean(),
);
const field = fc.constantFrom("x", "y", "toString", "constructor");
const metadata = fc
  .array(fc.tuple(field, fc.oneof(value, fc.constant(null))), { maxLength: 3 })
  .map((entries): Metadata => Object.fromEntries(entries));
const bound = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom("a", "b"));
const condition = fc.oneof(
  value,
  fc.array(value, { minLength: 1, maxLength: 3 }),
  fc.record({ gte: bound, lte: bound, not: value }, { requiredKeys: [] }),
);
const filters = fc
  .array(fc.tuple(field, condition), { maxLength: 2 })
  .map((entries) => Object.fromEntries(entries) as Filters);
const item = fc.record({ id, text, metadata });

const operation = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant("upsert" as const),
      items: fc.array(item, { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant("remove" as const),
      ids: fc.array(id, { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("rebuild" as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("restart" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant("search" as const),
      text: text.filter((words) => words !== ""),
      mode: fc.constantFrom("vector" as const, "lexical" as const, "mixed" as const),
      k: fc.integer({ min: 1, max: 8 }),
      filters: fc.option(filters, { nil: undefined }),
      strict: fc.boolean(),
      ids: fc.option(fc.array(id, { maxLength: 6 }), { nil: undefined }),
    }),
  },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;
type Search = Extract<Operation, { op: "search" }>;

for (const mapped of [false, true]) {
  test(`every sequence of operations is as the model${mapped ? ", from files" : ""}`, async (t) => {
    const root = await tempDir(t);
    let run = 0;
    const settings = { dead_share_max: 0.2, ...(mapped ? { memory_mapped_min_items: 1 } : {}) };
    const newEngine = () => (mapped ? createUsearchEngine({ threads: 1 }) : createExactEngine());
    const property = fc.asyncProperty(
      fc.array(operation, { maxLength: 25 }),
      async (operations) => {
        const dir = join(root, String(run++));
        // The exact engine outlives the service here; each run gets its own folder.
        const open = () => openVector(dir, { engine: newEngine(), settings });
        let opened = await open();
        await opened.client.create({ index: "model", quantization: "f32" });
        const model = new Map<string, ModelItem>();
        for (const one of operations) {
          if (one.op === "restart") {
            await opened.close();
            opened = await open();
          } else await perform(opened, model, one);
          assert.equal((await opened.client.stats({ index: "model" })).items, model.size);
        }
        const ids = [...model.keys(), "none"];
        const { items } = await opened.client.fetch({ index: "model", ids });
        assert.deepEqual(items.map(plain), [...model.values()].map(plain));
        await opened.close();
      },
    );
    await fc.assert(property, { numRuns: testRuns(mapped ? 8 : 20) });
  });
}

/** Without regard to the order of fields. */
function plain({
  id: name,
  text: words,
  metadata: fields,
}: ModelItem | { id: string; text: string | null; metadata: Metadata }) {
  return [name, words, Object.entries(fields).toSorted()];
}

async function perform(
  { client }: OpenedVector,
  model: Map<string, ModelItem>,
  one: Exclude<Operation, { op: "restart" }>,
): Promise<void> {
  if (one.op === "upsert") {
    await client.upsert({ index: "model", items: one.items });
    for (const put of one.items) {
      model.delete(put.id);
      model.set(put.id, put);
    }
  } else if (one.op === "remove") {
    const { removed } = await client.remove({ index: "model", ids: one.ids });
    assert.equal(removed, one.ids.filter((name) => model.delete(name)).length);
  } else if (one.op === "rebuild") {
    assert.equal((await client.rebuild({ index: "model" })).log_items, 0);
  } else await compare(client, [...model.values()], one);
}

async function compare(
  client: OpenedVector["client"],
  items: readonly ModelItem[],
  search: Search,
): Promise<void> {
  const answer = await client
    .search({
      index: "model",
      query_text: search.text,
      mode: search.mode,
      k: search.k,
      unknown_fields: search.strict ? "refuse" : "accept",
      ...(search.filters === undefined ? {} : { filters: search.filters }),
      ...(search.ids === undefined ? {} : { ids: search.ids }),
    })
    .catch((thrown: unknown) => toLakehouseError(thrown));
  if (answer instanceof Error) {
    assert.deepEqual([search.strict, answer.reason], [true, "no_such_field"], answer.message);
    const is_known = (name: string) => items.some((one) => Object.hasOwn(one.metadata, name));
    assert.ok(!Object.keys(search.filters!).every(is_known), "items have these fields");
    return;
  }
  const { hits, matched } = answer;
  const allowed = items.filter(
    (one) =>
      (search.ids === undefined || search.ids.includes(one.id)) &&
      Object.entries(search.filters ?? {}).every(([name, wanted]) => naiveHolds(wanted, one, name)),
  );
  const filtered = search.ids !== undefined || Object.keys(search.filters ?? {}).length > 0;
  assert.equal(matched, filtered ? allowed.length : null);
  const scores = naiveScores(items, allowed, search);
  const best = [...scores.values()].toSorted((a, b) => b - a).slice(0, search.k);
  assert.equal(hits.length, best.length);
  for (const [at, hit] of hits.entries()) {
    assert.ok(Math.abs(hit.score - best[at]!) < 1e-4, `${hit.score} at ${at}, not ${best[at]}`);
    assert.ok(Math.abs(hit.score - scores.get(hit.id)!) < 1e-4);
  }
  assert.equal(new Set(hits.map((hit) => hit.id)).size, hits.length);
}

function naiveHolds(
  wanted: Filters[string],
  { metadata: fields }: ModelItem,
  name: string,
): boolean {
  const present = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (Array.isArray(wanted)) return wanted.includes(present as string);
  if (typeof wanted !== "object") return present === wanted;
  const within = (limit: number | string | undefined, holds: (value: string) => boolean) =>
    limit === undefined || (typeof present === typeof limit && holds(present as string));
  return (
    within(wanted.gte, (value) => value >= (wanted.gte as string)) &&
    within(wanted.lte, (value) => value <= (wanted.lte as string)) &&
    (wanted.not === undefined || present !== wanted.not)
  );
}

function naiveScores(
  items: readonly ModelItem[],
  allowed: readonly ModelItem[],
  search: Search,
): Map<string, number> {
  const near = new Map(allowed.map((one) => [one.id, naiveCosine(one.text, search.text)]));
  if (search.mode === "vector") return near;
  const words = new Map(allowed.map((one) => [one.id, naiveBm25(items, one, search.text)]));
  if (search.mode === "lexical") return new Map([...words].filter(([, score]) => score > 0));
  const [vector, lexical] = [naiveScale(near), naiveScale(words)];
  return new Map(
    allowed.map(({ id: name }) => [name, 0.7 * vector.get(name)! + 0.3 * lexical.get(name)!]),
  );
}

function naiveScale(scores: Map<string, number>): Map<string, number> {
  const [min, max] = [Math.min(...scores.values()), Math.max(...scores.values())];
  const even = max === 0 ? 0 : 1;
  return new Map(
    [...scores].map(([name, s]) => [name, max === min ? even : (s - min) / (max - min)]),
  );
}

function naiveCosine(a: string, b: string): number {
  const [left, right] = [fakeVector(a), fakeVector(b)];
  return left.reduce((sum, number, at) => sum + number * right[at]!, 0);
}

const tokens = createTokenizer();

function naiveBm25(items: readonly ModelItem[], { text: words }: ModelItem, query: string): number {
  const texts = items.map((one) => tokens(one.text));
  const mean = texts.reduce((sum, one) => sum + one.length, 0) / texts.length;
  const own = tokens(words);
  let score = 0;
  for (const term of tokens(query)) {
    const having = texts.filter((one) => one.includes(term)).length;
    const times = own.filter((one) => one === term).length;
    // Without a word anywhere the mean length is 0, and 0 / 0 would make the score no number.
    if (times === 0) continue;
    const idf = Math.log(1 + (texts.length - having + 0.5) / (having + 0.5));
    score += (idf * times * 2.2) / (times + 1.2 * (0.25 + (0.75 * own.length) / mean));
  }
  return score;
}
