// Fits FORM of src/recall/playbook/form-likeness.ts: how probably a likeness of form means the same
// kind of task. Usage: node scripts/fit-transfer.ts <folder of data sets> [seed] [requests a set]
import { join } from "node:path";
import { readIntentFolder } from "#improve/lift/intent-folder.ts";
import { readTaskFolder } from "#improve/lift/task-folder.ts";
import { sha256Hex } from "#kernel/ids.ts";
import { seededRandom } from "#kernel/random.ts";
import { formLikeness } from "#recall/playbook/form-likeness.ts";
import { readWords } from "#recall/playbook/query-words.ts";
import { fitLogit, type Choice } from "./fit-logit.ts";

interface Task {
  readonly stems: readonly string[];
  /** Template or intent. */
  readonly kind: string;
}

interface Pair {
  readonly form: number;
  readonly same: boolean;
  /** Kinds of one half are fitted on, those of the other are held out. */
  readonly held_out: boolean;
}

const INTENTS = ["clinc150", "banking77", "hwu64"];
const NEAREST = 10;
const RIDGE = 1e-6;

const [root, seed = "7", most = "600"] = process.argv.slice(2);
if (root === undefined) {
  process.stderr.write("name the folder that holds webarena, clinc150, banking77 and hwu64\n");
  process.exit(2);
}
const sets = new Map([["webarena", await webTasks()]]);
for (const set of INTENTS) sets.set(set, await intents(set));
const pairs = new Map([...sets].map(([set, tasks]) => [set, nearestPairs(tasks)]));
const fitted = [...pairs.values()].flat().filter(({ held_out }) => !held_out);
const [bias, form] = fitLogit(fitted.map(choiceOf), RIDGE) as [number, number];
process.stdout.write(`${JSON.stringify({ bias, form, pairs: fitted.length })}\n`);
for (const [set, all] of pairs) evaluate(set, all);

async function webTasks(): Promise<Task[]> {
  const tasks = (await readTaskFolder(join(root!, "webarena"))) ?? [];
  return tasks.map(({ text, template }) => ({ stems: stemsOf(text), kind: template }));
}

async function intents(set: string): Promise<Task[]> {
  const folder = await readIntentFolder(join(root!, set));
  if (folder === undefined) throw new Error(`${set} is not there, or not of the intent form`);
  const shuffled = seededRandom(Number(seed)).shuffle(folder.train);
  return shuffled.map(({ text, label }) => ({ stems: stemsOf(text), kind: label }));
}

/** The first tasks of a set, each with those of the whole set that are nearest to it in form. */
function nearestPairs(tasks: readonly Task[]): Pair[] {
  return tasks.slice(0, Number(most)).flatMap((task) => {
    const held_out = Number.parseInt(sha256Hex(task.kind).slice(0, 2), 16) % 2 === 0;
    return tasks
      .filter((other) => other !== task)
      .map((other) => ({
        form: formLikeness(task.stems, other.stems),
        same: other.kind === task.kind,
        held_out,
      }))
      .toSorted((one, other) => other.form - one.form)
      .slice(0, NEAREST);
  });
}

/** A binary outcome as a choice between its own row and nothing. */
function choiceOf({ form: value, same }: Pair): Choice {
  const rows = [
    [1, value],
    [0, 0],
  ];
  return { rows, chosen: same ? 0 : 1, weight: 1 };
}

/** Prints how the probabilities of what was held out hold: how many are decided, and are right. */
function evaluate(set: string, all: readonly Pair[]): void {
  const held = all.filter(({ held_out }) => held_out);
  const probability = (pair: Pair) => 1 / (1 + Math.exp(-bias - form * pair.form));
  const brier = held.reduce((sum, pair) => sum + (probability(pair) - Number(pair.same)) ** 2, 0);
  const sure = held.filter((pair) => probability(pair) >= 0.5);
  const right = sure.filter(({ same }) => same).length;
  const same = held.filter((pair) => pair.same).length;
  process.stdout.write(
    `${set}: ${held.length} held out, ${same} of the same kind; Brier ` +
      `${(brier / held.length).toFixed(3)}; from .5: ${sure.length}, ${right} right\n`,
  );
}

/** As the playbook compares them. */
function stemsOf(text: string): string[] {
  return readWords(text).map(({ stem }) => stem);
}
