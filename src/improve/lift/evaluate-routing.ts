// What memory makes of a set of intents: the kind of task, what is of none, the origin of a text.
import { throwIfOver, type Call } from "#kernel/call.ts";
import { seededRandom, type Random } from "#kernel/random.ts";
import type { TaskRouteAnswer } from "#contracts/playbook.ts";
import { putAuroc } from "./auroc-interval.ts";
import type { EvaluateRequest, MemoryParts } from "./evaluate-set.ts";
import type { IntentFolder, LabelledText } from "./intent-folder.ts";
import { mapAtOnce } from "./map-at-once.ts";
import { putRate, quantileOf } from "./rates.ts";
import { plainText } from "./word-neighbours.ts";
import { withProgress, type Step } from "./with-progress.ts";

export interface RoutingPlan {
  /** What is remembered. */
  readonly exemplars: readonly LabelledText[];
  readonly queries: readonly LabelledText[];
}

type Figures = Record<string, number>;

/** Entries of one call, and queries of the control in which labels are permuted. */
const BULK_ENTRIES = 1_000;
const CONTROL_QUERIES = 500;
const NEAREST = 5;
/** Share of the queries in scope that may be refused where refusals outside are counted. */
const REFUSED_IN_SCOPE = 0.02;

/**
 * Records the exemplars with their label as task class, then asks `route`. Figures by mode:
 * `memory` (accuracy, AUROC against each folder outside), `origin` (where the set has paraphrases),
 * `control` (labels permuted, ids shifted: chance). Whatever is recorded is forgotten at the end.
 */
export async function* evaluateRouting(
  parts: MemoryParts,
  folder: IntentFolder,
  plan: RoutingPlan,
  request: EvaluateRequest,
  scope: string,
  call: Call,
): AsyncGenerator<Step, Record<string, Figures>> {
  const random = seededRandom(request.seed);
  const ask = (phase: string, texts: readonly string[], of: string) =>
    withProgress(phase, texts.length, (onDone) => routeEach(parts, texts, of, onDone, call));
  const permuted = `${scope}:permuted`;
  try {
    const { exemplars, queries } = plan;
    const labels = exemplars.map((line) => line.label);
    yield* remembering(parts, exemplars, labels, scope, call);
    const routes = yield* ask("memory", textsOf(queries), scope);
    const memory: Figures = {};
    putRouting(memory, queries, routes);
    for (const { folder: name, texts } of folder.outside) {
      const outside = yield* ask(`memory, ${name}`, texts, scope);
      putOutside(memory, name, routes, outside, request.seed);
    }
    const origin = yield* findOrigins(plan, request, random, (texts) =>
      ask("origin", texts, scope),
    );
    yield* remembering(parts, exemplars, random.shuffle(labels), permuted, call);
    const some = queries.slice(0, CONTROL_QUERIES);
    const control: Figures = { ...origin?.control };
    const lost = yield* ask("control", textsOf(some), permuted);
    putAccuracy(control, "accuracy, labels permuted", some, lost);
    return { memory, ...(origin === undefined ? {} : { origin: origin.figures }), control };
  } finally {
    await parts.playbook.forget_scope({ scope });
    await parts.playbook.forget_scope({ scope: permuted });
  }
}

function textsOf(lines: readonly LabelledText[]): string[] {
  return lines.map((line) => line.text);
}

async function* remembering(
  { playbook }: MemoryParts,
  lines: readonly LabelledText[],
  labels: readonly string[],
  scope: string,
  call: Call,
): AsyncGenerator<Step> {
  const entries = lines.map(({ text }, at) => ({
    query_text: text,
    answer_id: `line ${at}`,
    answer_corpus: "lines",
    score: 1,
    task_class: labels[at]!,
  }));
  for (let at = 0; at < entries.length; at += BULK_ENTRIES) {
    throwIfOver(call);
    yield { phase: "recording", done: at, total: entries.length };
    await playbook.bulk({ entries: entries.slice(at, at + BULK_ENTRIES), scope }, call);
  }
}

async function routeEach(
  { playbook, settings }: MemoryParts,
  texts: readonly string[],
  scope: string,
  onDone: (done: number) => void,
  call: Call,
): Promise<TaskRouteAnswer[]> {
  const ask = (query_text: string) => playbook.route({ query_text, k: NEAREST, scope }, call);
  return mapAtOnce(texts, settings.searches_at_once, ask, onDone, call);
}

/** The best class, whether or not the query was thought to be of any. */
function putAccuracy(
  figures: Figures,
  name: string,
  lines: readonly LabelledText[],
  routes: readonly TaskRouteAnswer[],
): void {
  const pairs = lines.map((line, at) => ({ line, route: routes[at]! }));
  putRate(figures, name, pairs, ({ line, route }) => {
    return route.alternatives[0]?.task_class === line.label;
  });
}

function putRouting(
  figures: Figures,
  lines: readonly LabelledText[],
  routes: readonly TaskRouteAnswer[],
): void {
  putAccuracy(figures, "accuracy", lines, routes);
  putRate(figures, "refused in scope", routes, (route) => route.task_class === null);
}

function putOutside(
  figures: Figures,
  name: string,
  inside: readonly TaskRouteAnswer[],
  outside: readonly TaskRouteAnswer[],
  seed: number,
): void {
  const sure = inside.map((route) => route.in_scope);
  const floor = quantileOf(sure, REFUSED_IN_SCOPE);
  const unsure = outside.map((route) => route.in_scope);
  putAuroc(figures, `auroc ${name}`, sure, unsure, seed);
  putRate(figures, `refused ${name}`, outside, (route) => route.task_class === null);
  putRate(figures, `refused ${name} at 2 % in scope`, unsure, (it) => it < floor);
}

/** Each paraphrase is to find the line it was made of among all that is remembered. */
async function* findOrigins(
  { exemplars }: RoutingPlan,
  { queries_max }: EvaluateRequest,
  random: Random,
  ask: (texts: readonly string[]) => AsyncGenerator<Step, TaskRouteAnswer[]>,
): AsyncGenerator<Step, { figures: Figures; control: Figures } | undefined> {
  const known = exemplars.flatMap(({ text, paraphrase }) =>
    paraphrase === undefined || paraphrase === "" ? [] : [{ text, paraphrase }],
  );
  if (known.length === 0) return undefined;
  const lines = random.shuffle(known).slice(0, queries_max);
  const routes = yield* ask(lines.map((line) => line.paraphrase));
  const found = lines.map((line, at) => ({
    line,
    nearest: routes[at]!.nearest.map((it) => plainText(it.query_text)),
    other: lines[(at + 1) % lines.length]!,
  }));
  const reworded = found.filter(({ line }) => plainText(line.text) !== plainText(line.paraphrase));
  const figures: Figures = {};
  for (const k of [1, NEAREST]) {
    const test = (it: (typeof found)[number]) =>
      it.nearest.slice(0, k).includes(plainText(it.line.text));
    putRate(figures, `recall@${k}`, found, test);
    putRate(figures, `recall@${k}, identical texts left out`, reworded, test);
  }
  const control: Figures = {};
  putRate(control, `recall@${NEAREST}, ids shifted`, found, (it) =>
    it.nearest.includes(plainText(it.other.text)),
  );
  return { figures, control };
}
