// Retrieval for a planned task: the matrix with the plan's words, filters and playbooks.
import type { Call } from "#kernel/call.ts";
import type { Client, OutputOf, ParsedInputOf } from "#kernel/contract.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import type { matrix } from "#contracts/matrix.ts";
import type { respond } from "#contracts/respond.ts";
import type { TaskPlan } from "#ports/domain-pack.ts";
import type { PlannedTask } from "./task-planner.ts";

export type RespondInput = ParsedInputOf<(typeof respond)["operations"]["respond"]>;
export type SearchAnswer = OutputOf<(typeof matrix)["operations"]["search"]>;

/** The most the matrix answers at once. */
const K_MAX = 200;
/** Candidates for each answer wanted: some of them do not meet all that is asked. */
const CANDIDATES_PER_ANSWER = 3;

/** At least `k`, and enough that a large task can be filled at all. */
function candidatesFor(plan: TaskPlan, k: number): number {
  return Math.min(K_MAX, Math.max(k, CANDIDATES_PER_ANSWER * (plan.answers_wanted ?? 0)));
}

/**
 * Relevant hits only: what is off topic is not passed on. undefined: the plan searches nothing.
 * Errors are those of the matrix with the reason `retrieval_failed`.
 */
export async function retrieve(
  client: Client<typeof matrix>,
  { plan, task_class }: Pick<PlannedTask, "plan" | "task_class">,
  input: RespondInput,
  call: Call,
): Promise<SearchAnswer | undefined> {
  if (plan.corpora.length === 0) return undefined;
  const request = {
    query_text: plan.query_text,
    corpora: [...plan.corpora],
    k: candidatesFor(plan, input.k),
    filters: plan.filters,
    use_playbook: input.use_playbook,
    playbook_scope: input.playbook_scope,
    task_class,
    ...(plan.relevance_floor === undefined ? {} : { relevance_floor: plan.relevance_floor }),
  };
  const answer = await client.search(request, call).catch((thrown: unknown) => {
    const error = toLakehouseError(thrown);
    throw new LakehouseError(error.code, `retrieval failed: ${error.message}`, {
      reason: "retrieval_failed",
      hint: error.hint ?? "build the corpora of the domain first",
      cause: error,
    });
  });
  return answer.relevance.verdict === "relevant" ? answer : { ...answer, results: [] };
}
