// Templated tasks through the playbook service: is the nearest of the same template, and is a
// wrong answer ever reused?
import type { Call } from "#kernel/call.ts";
import { seededRandom } from "#kernel/random.ts";
import type { PlaybookMatch } from "#contracts/playbook.ts";
import type { Evaluated, EvaluateRequest, MemoryParts } from "./evaluate-set.ts";
import { mapAtOnce } from "./map-at-once.ts";
import { putRate } from "./rates.ts";
import type { TemplateTask } from "./task-folder.ts";
import { withProgress, type Step } from "./with-progress.ts";

const ANSWERS = "tasks";
/** One more than asked about: the task itself is among the matches. */
const SHOWN = 20;

/** Every task is recorded once; each is asked and its own entry left out of what comes back. */
export async function* evaluateTasks(
  parts: MemoryParts,
  tasks: readonly TemplateTask[],
  request: EvaluateRequest,
  scope: string,
  call: Call,
): AsyncGenerator<Step, Evaluated> {
  const mates = new Map<string, number>();
  for (const { template } of tasks) mates.set(template, (mates.get(template) ?? 0) + 1);
  const repeated = tasks.filter(({ template }) => mates.get(template)! > 1);
  const asked = seededRandom(request.seed).shuffle(repeated).slice(0, request.queries_max);
  const by_id = new Map(tasks.map((task) => [task.id, task]));
  const by_mode: Record<string, Record<string, number>> = {};
  for (const with_facts of [true, false]) {
    const own = `${scope}:${with_facts ? "facts" : "words"}`;
    const ids = yield* recordTasks(parts, tasks, own, with_facts, call);
    const matches = yield* withProgress("ask", asked.length, (onDone) =>
      mapAtOnce(
        asked,
        parts.settings.searches_at_once,
        (task) => matchTask(parts, task, own, with_facts, ids.get(task.id)!, call),
        onDone,
        call,
      ),
    );
    await parts.playbook.forget_scope({ scope: own });
    const rows = asked.map((task, at) => ({ task, matches: matches[at]! }));
    const name = with_facts ? "with facts" : "words only";
    by_mode[name] = figuresOf(rows, (match) => by_id.get(match.playbook.answer_id)!);
    if (!with_facts) continue;
    const order = seededRandom(request.seed).shuffle([...tasks]);
    const permuted = new Map(tasks.map((task, at) => [task.id, order[at]!]));
    const gold = figuresOf(rows, (match) => permuted.get(match.playbook.answer_id)!);
    by_mode["templates permuted"] = gold;
  }
  const figures = by_mode["with facts"]!;
  return { form: "tasks", queries: asked.length, figures, by_mode };
}

async function* recordTasks(
  parts: MemoryParts,
  tasks: readonly TemplateTask[],
  scope: string,
  with_facts: boolean,
  call: Call,
): AsyncGenerator<Step, Map<string, string>> {
  const entries = tasks.map(({ id, text, facts }) => ({
    query_text: text,
    answer_id: id,
    answer_corpus: ANSWERS,
    score: 1,
    ...(with_facts ? { facts } : {}),
  }));
  const { playbook_ids } = yield* withProgress("record", tasks.length, () =>
    parts.playbook.bulk({ entries, scope }, call),
  );
  return new Map(tasks.map((task, at) => [task.id, playbook_ids[at]!]));
}

/** What else is known for a task; entries of its own are not counted. */
async function matchTask(
  { playbook }: MemoryParts,
  { text, facts }: TemplateTask,
  scope: string,
  with_facts: boolean,
  own: string,
  call: Call,
): Promise<PlaybookMatch[]> {
  // Its own entry would speak instead of the others, so it is away while the task is asked.
  const input = { query_text: text, scope, k: SHOWN, without: [own] };
  const { matches } = await playbook.match({ ...input, ...(with_facts ? { facts } : {}) }, call);
  return matches;
}

interface Row {
  readonly task: TemplateTask;
  readonly matches: readonly PlaybookMatch[];
}

function figuresOf(
  rows: readonly Row[],
  taskOf: (match: PlaybookMatch) => TemplateTask,
): Record<string, number> {
  const figures: Record<string, number> = {};
  const first = rows.map(({ task, matches }) => {
    const match = matches[0];
    const known = match === undefined ? undefined : taskOf(match);
    return {
      template: known?.template === task.template,
      followed: match?.decisions.transfer.decided ?? false,
      wrong: known !== undefined && known.answer !== task.answer,
      boosted: match?.applied ?? false,
      reused: matches.some((it) => it.decisions.reuse.decided && taskOf(it).answer !== task.answer),
      reused_any: matches.some((it) => it.decisions.reuse.decided),
    };
  });
  putRate(figures, "right template first", first, (it) => it.template);
  putRate(figures, "workflow followed", first, (it) => it.followed);
  const followed = first.filter((it) => it.followed);
  putRate(figures, "wrong workflow followed", followed, (it) => !it.template);
  putRate(figures, "wrong answer, if reused naively", first, (it) => it.wrong);
  putRate(figures, "wrong answer boosted", first, (it) => it.boosted && it.wrong);
  putRate(figures, "wrong answer reused", first, (it) => it.reused);
  putRate(figures, "answer reused", first, (it) => it.reused_any);
  return figures;
}
