// Fits src/recall/playbook/task-router.ts and scope-novelty.ts and prints how well they hold.
// Usage: node scripts/fit-task-router.ts <folder of data sets> [seed] [folder that keeps vectors]
import { join } from "node:path";
import { readIntentFolder, type IntentFolder } from "#improve/lift/intent-folder.ts";
import { quantileOf } from "#improve/lift/rates.ts";
import { aurocOf } from "#improve/lift/retrieval-figures.ts";
import { seededRandom } from "#kernel/random.ts";
import { readWords } from "#recall/playbook/query-words.ts";
import { IN_SCOPE_ODDS, type ScopeSigns } from "#recall/playbook/scope-novelty.ts";
import { createTaskRouter, NEIGHBOURS_MAX } from "#recall/playbook/task-router.ts";
import type { RoutedEntry, RoutedNeighbour, TaskRouter } from "#recall/playbook/task-router.ts";
import { dotProduct } from "#recall/playbook/vector-rows.ts";
import { embedCached } from "./cached-embedding.ts";
import { dot, fitLogit, type Choice } from "./fit-logit.ts";

const CHOSEN_ON = ["hwu64", "banking77"];
const HELD_OUT = ["clinc150", "banking77_oos"];
const VIEWS = ["density", "words", "neighbours"] as const;
const SIGNS = [
  "relative_density",
  "neighbour_distance",
  "centre_distance",
  "class_odds",
  "word_novelty",
] as const;
/** Times that a third of the classes is left out. */
const ROUNDS = 2;
const FAR_QUERIES = 500;

interface Memory {
  readonly router: TaskRouter;
  readonly entries: readonly RoutedEntry[];
}

const [root, seed = "7", cache] = process.argv.slice(2);
if (root === undefined) {
  process.stderr.write("name the folder that holds hwu64, banking77, clinc150, banking77_oos\n");
  process.exit(2);
}
const random = seededRandom(Number(seed));
const sets = new Map<
  string,
  { train: RoutedEntry[]; valid: RoutedEntry[]; outside: Map<string, RoutedEntry[]> }
>();
for (const name of [...CHOSEN_ON, ...HELD_OUT]) sets.set(name, await readSet(name));

const choices: Choice[] = [];
for (const name of CHOSEN_ON) {
  const { train, valid } = sets.get(name)!;
  const memory = await remember(train);
  for (const line of valid) {
    const views = memory.router.views(line, neighboursOf(memory, line));
    const chosen = views.findIndex((it) => it.task_class === line.task_class);
    const rows = views.map((view) => VIEWS.map((key) => view[key]));
    if (chosen >= 0) choices.push({ rows, chosen, weight: 1 / valid.length });
  }
}
process.stdout.write(`${choices.length} choices\n`);
const weights = fitLogit(choices, 1e-4);
print("ROUTER_WEIGHTS", named(VIEWS, weights));

const signs: { row: number[]; inside: boolean; weight: number }[] = [];
for (const name of CHOSEN_ON) {
  const { train, valid } = sets.get(name)!;
  const others = sets.get(CHOSEN_ON.find((it) => it !== name)!)!.valid;
  const classes = [...new Set(train.map((line) => line.task_class))].toSorted();
  for (let round = 0; round < ROUNDS; round++) {
    const out = new Set(random.shuffle(classes).slice(0, Math.floor(classes.length / 3)));
    const memory = await remember(train.filter((line) => !out.has(line.task_class)));
    const isInside = (line: RoutedEntry) => !out.has(line.task_class);
    measure(
      memory,
      valid.filter(isInside),
      valid.filter((line) => !isInside(line)),
    );
  }
  measure(await remember(train), valid, random.shuffle(others).slice(0, FAR_QUERIES));
}
const scope = fitLogit(
  signs.map(({ row, inside, weight }) => {
    return { rows: [row.map(() => 0), row], chosen: inside ? 1 : 0, weight };
  }),
  1e-4,
);
print("SCOPE_COEFFICIENTS", named(["bias", ...SIGNS], scope));

for (const name of [...CHOSEN_ON, ...HELD_OUT]) await report(name);

async function readSet(name: string) {
  const folder = await readIntentFolder(join(root!, name));
  if (folder === undefined) throw new Error(`${name} is not there, or not of the intent form`);
  const { train, asked, outside }: IntentFolder = folder;
  const valid = asked.get("valid") ?? [];
  const lines = [
    ...[...train, ...valid].map(({ text, label }) => ({ text, label })),
    ...outside.flatMap((it) => it.texts.map((text) => ({ text, label: it.folder }))),
  ];
  const vectors = await embedCached(
    lines.map((line) => line.text),
    cache,
  );
  const all = lines.map(({ text, label }, at) => ({
    task_class: label,
    stems: readWords(text).map((word) => word.stem),
    vector: vectors[at]!,
  }));
  const from = train.length + valid.length;
  const outs = Map.groupBy(all.slice(from), (line) => line.task_class);
  return { train: all.slice(0, train.length), valid: all.slice(train.length, from), outside: outs };
}

async function remember(entries: readonly RoutedEntry[]): Promise<Memory> {
  const router = createTaskRouter();
  for (const entry of entries) router.add(entry);
  await router.settle(async () => undefined);
  return { router, entries };
}

function neighboursOf({ entries }: Memory, line: RoutedEntry): RoutedNeighbour[] {
  const cosines = Float64Array.from(entries, (entry) => dotProduct(entry.vector, line.vector));
  const floor = cosines.toSorted().at(-Math.min(NEIGHBOURS_MAX, cosines.length))!;
  return entries.flatMap((entry, at) =>
    cosines[at]! >= floor ? [{ task_class: entry.task_class, cosine: cosines[at]! }] : [],
  );
}

function routeOf(memory: Memory, line: RoutedEntry) {
  const options = { in_scope_min: 0, alternatives_max: 1 };
  return memory.router.route(line, neighboursOf(memory, line), options);
}

function rowOf(it: ScopeSigns): number[] {
  return [1, ...SIGNS.map((key) => it[key])];
}

function measure(
  memory: Memory,
  inside: readonly RoutedEntry[],
  outside: readonly RoutedEntry[],
): void {
  for (const [lines, is] of [
    [inside, true],
    [outside, false],
  ] as const) {
    for (const line of lines) {
      const row = rowOf(routeOf(memory, line).signs!);
      signs.push({ row, inside: is, weight: 1 / lines.length });
    }
  }
}

async function report(name: string): Promise<void> {
  const { train, valid, outside } = sets.get(name)!;
  const memory = await remember(train);
  const score = (line: RoutedEntry) => scoreOf(routeOf(memory, line).signs!);
  const routes = valid.map((line) => ({ line, route: routeOf(memory, line) }));
  const right = routes.filter(({ line, route }) => route.task_class === line.task_class);
  const inside = routes.map(({ route }) => scoreOf(route.signs!));
  const floor = quantileOf(inside, 0.02);
  print(name, { accuracy: right.length / valid.length, refused: shareBelow(inside, 0) });
  for (const [folder, lines] of outside) {
    const scores = lines.map(score);
    print(`${name} ${folder}`, {
      auroc: aurocOf(inside, scores),
      refused_at_2_percent: shareBelow(scores, floor),
      refused: shareBelow(scores, 0),
    });
  }
}

function scoreOf(it: ScopeSigns): number {
  return Math.log(IN_SCOPE_ODDS) + dot(rowOf(it), scope);
}

function shareBelow(scores: readonly number[], floor: number): number {
  return scores.filter((it) => it < floor).length / scores.length;
}

function named(names: readonly string[], values: readonly number[]): Record<string, number> {
  return Object.fromEntries(names.map((name, at) => [name, values[at]!]));
}

function print(what: string, figures: Record<string, number>): void {
  const list = Object.entries(figures).map(([name, value]) => `${name} ${value.toPrecision(4)}`);
  process.stdout.write(`${what}: ${list.join(", ")}\n`);
}
