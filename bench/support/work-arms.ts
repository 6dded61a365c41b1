// Runs tasks through respond in three ways and sums up what was accepted at which iteration.
import type { Client } from "#kernel/contract.ts";
import { toLakehouseError } from "#kernel/problem.ts";
import type { Attempt } from "#contracts/iterate.ts";
import type { respond, RespondAnswer } from "#contracts/respond.ts";
import { rateOf } from "#improve/lift/rates.ts";

export const ARMS = ["one_shot", "iterate", "respond"] as const;
export type Arm = (typeof ARMS)[number];

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
}

export interface ArmRequest {
  readonly model: string;
  readonly arm: Arm;
  readonly iterations: number;
  /** Playbooks of other models and runs stay out. */
  readonly scope: string;
  readonly context: Readonly<Record<string, unknown>>;
}

export async function runArm(
  client: Client<typeof respond>,
  tasks: readonly string[],
  { model, arm, iterations, scope, context }: ArmRequest,
  progress: (done: number) => void,
): Promise<ArmResult> {
  const started = performance.now();
  const max_iterations = arm === "one_shot" ? 1 : iterations;
  const remember = arm === "respond";
  const accepted_at = Array<number>(max_iterations).fill(0);
  const others: Record<string, number> = {};
  let tokens = 0;
  let kind = "nobody";
  for (const [at, task] of tasks.entries()) {
    const ask = { task, context: { ...context }, model, max_iterations, playbook_scope: scope };
    const asked = { ...ask, use_playbook: remember, record_playbook: remember };
    const answer: Pick<RespondAnswer, "status" | "iterations" | "history" | "provider_kind"> =
      await client.respond(asked).catch((thrown: unknown) => {
        const error = toLakehouseError(thrown);
        others[error.reason] = (others[error.reason] ?? 0) + 1;
        const history = (error.extra["history"] ?? []) as Attempt[];
        return { status: "max_iter_exhausted", iterations: 0, history, provider_kind: null };
      });
    for (const { usage } of answer.history) tokens += usage?.total_tokens ?? 0;
    kind = answer.provider_kind ?? kind;
    if (answer.status === "accepted") accepted_at[answer.iterations - 1]!++;
    else if (answer.status === "nothing_relevant") {
      others[answer.status] = (others[answer.status] ?? 0) + 1;
    }
    progress(at + 1);
  }
  let sum = 0;
  const accepted = accepted_at.map((n) => {
    sum += n;
    const { rate: share, low, high } = rateOf(sum, tasks.length);
    return { n: sum, rate: share ?? 0, low: low ?? 0, high: high ?? 0 };
  });
  const seconds = (performance.now() - started) / 1000;
  return { model, kind, tasks: tasks.length, accepted, tokens, seconds, others };
}
