// The task router: learns from counts, forgets as exactly, and says when a query is of no class.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "#kernel/random.ts";
import { createTaskRouter, type RoutedEntry, type TaskRouter } from "./task-router.ts";
import { dotProduct } from "./vector-rows.ts";

const DIMENSION = 16;
const OPTIONS = { in_scope_min: 0.5, alternatives_max: 5 };
const noPause = async () => undefined;

function unit(values: readonly number[]): Float32Array {
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
}

/** Entries of `classes` clouds about random directions; each class has words of its own. */
function clouds(classes: number, each: number, seed: number, spread = 0.3): RoutedEntry[] {
  const random = seededRandom(seed);
  const noise = () => random.next() + random.next() + random.next() - 1.5;
  return Array.from({ length: classes }, (_, at) => {
    const centre = Array.from({ length: DIMENSION }, noise);
    return Array.from({ length: each }, () => ({
      task_class: `class ${at}`,
      stems: ["please", `verb${at}`, `noun${at}_${random.int(4)}`, "now"],
      vector: unit(centre.map((value) => value + spread * noise())),
    }));
  }).flat();
}

async function learnt(entries: readonly RoutedEntry[]): Promise<TaskRouter> {
  const router = createTaskRouter();
  for (const entry of entries) router.add(entry);
  await router.settle(noPause);
  return router;
}

function routed(router: TaskRouter, entries: readonly RoutedEntry[], asked: RoutedEntry) {
  const neighbours = entries.map(({ task_class, vector }) => ({
    task_class,
    cosine: dotProduct(vector, asked.vector),
  }));
  return router.route(asked, neighbours, OPTIONS);
}

test("a query goes to the class whose entries it resembles, and the reason names it", async () => {
  const all = clouds(8, 12, 1);
  const memory = all.filter((_, at) => at % 4 > 0);
  const router = await learnt(memory);
  const asked = all.filter((_, at) => at % 4 === 0);
  const routes = asked.map((entry) => ({ entry, route: routed(router, memory, entry) }));
  const right = routes.filter(({ entry, route }) => route.task_class === entry.task_class);
  assert.ok(right.length >= asked.length - 1, `${right.length} of ${asked.length}`);
  const { entry, route } = right[0]!;
  assert.match(route.reason, new RegExp(`"${entry.task_class}"`, "u"));
  assert.ok(route.probability > 0.5 && route.in_scope > 0.5);
});

test("with permuted classes the router is at chance: it learns classes, not positions", async () => {
  const all = clouds(10, 20, 2);
  const memory = all.filter((_, at) => at % 4 > 0);
  const names = seededRandom(3).shuffle(memory.map((entry) => entry.task_class));
  const mixed = memory.map((entry, at) => ({ ...entry, task_class: names[at]! }));
  const router = await learnt(mixed);
  const asked = all.filter((_, at) => at % 4 === 0);
  const right = asked.filter(
    (entry) => routed(router, mixed, entry).alternatives[0]!.task_class === entry.task_class,
  );
  assert.ok(right.length <= 0.35 * asked.length, `${right.length} of ${asked.length}`);
});

test("a query far from every entry, in words that no class uses, is of no class", async () => {
  const memory = clouds(6, 20, 4);
  const router = await learnt(memory);
  const stranger = clouds(12, 1, 99).at(-1)!;
  const asked = { ...stranger, stems: ["strange", "words", "only"] };
  const near = memory[0]!;
  const outside = routed(router, memory, asked);
  const inside = routed(router, memory, near);
  assert.ok(outside.in_scope < inside.in_scope);
  assert.equal(outside.task_class, null);
  assert.match(outside.reason, /of no class that is known/u);
});

test("nothing learnt, one entry, one class: an answer without a crash", async () => {
  const [first, second] = clouds(1, 2, 5);
  const empty = await learnt([]);
  assert.equal(routed(empty, [], first!).task_class, null);
  const one = await learnt([first!]);
  assert.equal(routed(one, [first!], first!).task_class, null);
  const two = await learnt([first!, second!]);
  assert.equal(routed(two, [first!, second!], first!).alternatives[0]!.task_class, "class 0");
});

test("entries that are the same text many times leave finite figures", async () => {
  const [entry] = clouds(1, 1, 6);
  const memory = ["a", "b", "a", "b", "a"].map((task_class) => ({ ...entry!, task_class }));
  const route = routed(await learnt(memory), memory, entry!);
  assert.ok(Number.isFinite(route.in_scope) && Number.isFinite(route.probability));
  assert.equal(route.alternatives.length, 2);
});

test("what is added and removed again leaves no trace in any answer", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 1, max: 30 }),
      async (seed, extra) => {
        const memory = clouds(5, 8, seed);
        const others = clouds(7, 5, seed + 1).slice(0, extra);
        const plain = await learnt(memory);
        const used = createTaskRouter();
        for (const entry of [...others, ...memory]) used.add(entry);
        for (const entry of others) used.remove(entry);
        await used.settle(noPause);
        const asked = clouds(5, 2, seed + 2);
        for (const entry of asked) {
          const [a, b] = [routed(plain, memory, entry), routed(used, memory, entry)];
          assert.equal(a.task_class, b.task_class);
          assert.ok(Math.abs(a.probability - b.probability) < 1e-6);
          assert.ok(Math.abs(a.in_scope - b.in_scope) < 1e-6);
        }
        assert.equal(used.size(), memory.length);
      },
    ),
    { numRuns: 20 },
  );
});

test("probabilities are between 0 and 1, sum to 1 and are the same each time", async () => {
  const memory = clouds(4, 10, 8);
  const router = await learnt(memory);
  for (const entry of clouds(4, 5, 9)) {
    const route = routed(router, memory, entry);
    const sum = route.alternatives.reduce((all, it) => all + it.probability, 0);
    assert.ok(Math.abs(sum - 1) < 1e-9);
    assert.deepEqual(routed(router, memory, entry), route);
    assert.ok(route.in_scope >= 0 && route.in_scope <= 1);
  }
});

test("the router pauses while it learns, and answers meanwhile from what it knew", async () => {
  const memory = clouds(5, 40, 10);
  const router = await learnt(memory.slice(0, 100));
  for (const entry of memory.slice(100)) router.add(entry);
  let pauses = 0;
  await router.settle(async () => {
    pauses++;
    assert.ok(routed(router, memory, memory[0]!).alternatives.length > 0);
  });
  assert.ok(pauses > 0);
});
