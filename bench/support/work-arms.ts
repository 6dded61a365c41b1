// Runs tasks through respond in three ways, keeps each result, and sums up what was accepted when.
import { appendFile, readFile, writeFile } from "node:fs/promises";
import type { Client } from "#kernel/contract.ts";
import { sha256Hex } from "#kernel/ids.ts";
import { toLakehouseError } from "#kernel/problem.ts";
import type { Attempt } from "#contracts/iterate.ts";
import type { respond, RespondAnswer } from "#contracts/respond.ts";
import { rateOf } from "#improve/lift/rates.ts";

/**
 * `plain_…`: the model as it is, with the whole prompt. The others: with the guidance that small
 * models get (short prompt, answers held to the candidates); `respond` has memory besides.
 */
export const ARMS = ["plain_one_shot", "plain_iterate", "one_shot", "iterate", "respond"] as const;
export type Arm = (typeof ARMS)[number];

/** One task of one arm; a line of the file of results. */
export interface TaskResult {
  readonly set: string;
  readonly model: string;
  readonly arm: Arm;
  readonly task: string;
  readonly task_hash: string;
  readonly max_iterations: number;
  /** 0: not accepted. */
  readonly accepted_at: number;
  readonly attempts: number;
  readonly tokens: number;
  readonly seconds: number;
  readonly kind: string;
  /** Why it ended, where no draft was judged at last. */
  readonly other?: string;
  /** What the validator said to each refused draft. */
  readonly refusals: readonly string[];
  /** Of 1, 2 … drafts drawn from the candidates, where there are some: that one is right. */
  readonly chance?: readonly number[];
}

export interface ArmResult {
  readonly model: string;
  readonly kind: string;
  readonly tasks: number;
  /** Accepted at iteration 1, at 1 or 2, … with 95 % Wilson intervals. */
  readonly accepted: readonly { n: number; rate: number; low: number; high: number }[];
  readonly tokens: number;
  readonly seconds: number;
  /** Ends that are no verdict on a draft, by reason. */
  readonly others: Readonly<Record<string, number>>;
  /** Mean chance that one of 1, 2 … drafts drawn blindly is right; tasks without a choice: 0. */
  readonly chance: readonly number[];
}

export interface ArmRequest {
  readonly set: string;
  readonly model: string;
  readonly arm: Arm;
  readonly iterations: number;
  /** Playbooks of other models and runs stay out. */
  readonly scope: string;
  readonly context: Readonly<Record<string, unknown>>;
}

type Retrieved = RespondAnswer["retrieved"];

export interface ArmTools {
  readonly client: Client<typeof respond>;
  readonly kept: KeptResults;
  readonly progress: (done: number) => void;
  /** The chances of blind drafts among what was retrieved for a task. */
  readonly chance?: (task: string, retrieved: Retrieved) => Promise<readonly number[] | undefined>;
}

/** Tasks whose result is kept already are not run again. */
export async function runArm(
  { client, kept, progress, chance }: ArmTools,
  tasks: readonly string[],
  request: ArmRequest,
): Promise<ArmResult> {
  const { set, model, arm } = request;
  const max_iterations = arm.endsWith("one_shot") ? 1 : request.iterations;
  const results: TaskResult[] = [];
  for (const task of tasks) {
    const key = { set, model, arm, max_iterations, task_hash: sha256Hex(task).slice(0, 16) };
    let result = kept.find(key);
    if (result === undefined) {
      const { answer, ...ran } = await runTask(client, task, max_iterations, request);
      const likely = await chance?.(task, answer?.retrieved ?? []);
      result = { ...key, task, ...ran, ...(likely === undefined ? {} : { chance: likely }) };
      await kept.add(result);
    }
    results.push(result);
    progress(results.length);
  }
  return summed(results, model, max_iterations);
}

async function runTask(
  client: Client<typeof respond>,
  task: string,
  max_iterations: number,
  { model, arm, scope, context }: ArmRequest,
) {
  const remember = arm === "respond";
  const started = performance.now();
  const guided = !arm.startsWith("plain");
  const asked = { task, context: { ...context }, model, max_iterations, guided };
  const ask = { ...asked, playbook_scope: scope };
  let answer: RespondAnswer | undefined;
  let history: readonly Attempt[];
  let other: string | undefined;
  try {
    answer = await client.respond({ ...ask, use_playbook: remember, record_playbook: remember });
    history = answer.history;
    if (answer.status === "nothing_relevant") other = answer.status;
  } catch (thrown) {
    const error = toLakehouseError(thrown);
    history = (error.extra["history"] ?? []) as Attempt[];
    other = error.reason;
  }
  const refused = history.filter(({ verdict }) => verdict !== "accepted");
  return {
    answer,
    accepted_at: answer?.status === "accepted" ? answer.iterations : 0,
    attempts: history.length,
    tokens: history.reduce((sum, { usage }) => sum + (usage?.total_tokens ?? 0), 0),
    seconds: Math.round(performance.now() - started) / 1000,
    kind: answer?.provider_kind ?? "nobody",
    ...(other === undefined ? {} : { other }),
    refusals: refused.map(({ error, verdict }) => `${verdict}: ${error?.message ?? ""}`),
  };
}

function summed(results: readonly TaskResult[], model: string, max_iterations: number): ArmResult {
  const others: Record<string, number> = {};
  for (const { other } of results) {
    if (other !== undefined) others[other] = (others[other] ?? 0) + 1;
  }
  const accepted = Array.from({ length: max_iterations }, (_, at) => {
    const n = results.filter((one) => one.accepted_at > 0 && one.accepted_at <= at + 1).length;
    const { rate, low, high } = rateOf(n, results.length);
    return { n, rate: rate ?? 0, low: low ?? 0, high: high ?? 0 };
  });
  const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
  const most = Math.max(0, ...results.map((one) => one.chance?.length ?? 0));
  const drafts = Math.min(max_iterations, most);
  const chance = Array.from({ length: drafts }, (_, at) => {
    return sum(results.map((one) => one.chance?.[at] ?? 0)) / results.length;
  });
  return {
    model,
    kind: results.findLast(({ kind }) => kind !== "nobody")?.kind ?? "nobody",
    tasks: results.length,
    accepted,
    tokens: sum(results.map(({ tokens }) => tokens)),
    seconds: sum(results.map(({ seconds }) => seconds)),
    others,
    chance,
  };
}

type ResultKey = Pick<TaskResult, "set" | "model" | "arm" | "max_iterations" | "task_hash">;

export interface KeptResults {
  find(key: ResultKey): TaskResult | undefined;
  add(result: TaskResult): Promise<void>;
}

/** Results in a file, a line each; "": they are kept nowhere. A half line at the end is dropped. */
export async function openKept(path: string): Promise<KeptResults> {
  const keyOf = ({ set, model, arm, max_iterations, task_hash }: ResultKey) =>
    [set, model, arm, max_iterations, task_hash].join("\n");
  const kept = new Map<string, TaskResult>();
  const text = path === "" ? "" : await readFile(path, "utf8").catch(() => "");
  const lines = text.split("\n");
  for (const line of lines.slice(0, -1)) {
    const result = JSON.parse(line) as TaskResult;
    kept.set(keyOf(result), result);
  }
  if (lines.at(-1) !== "") await writeFile(path, lines.slice(0, -1).concat("").join("\n"));
  return {
    find: (key) => kept.get(keyOf(key)),
    async add(result) {
      kept.set(keyOf(result), result);
      if (path !== "") await appendFile(path, `${JSON.stringify(result)}\n`);
    },
  };
}
