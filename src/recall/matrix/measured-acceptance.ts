// How often each model was accepted, from the outcomes and the sessions of a class of task.
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import { toLakehouseError } from "#kernel/problem.ts";
import type { query } from "#contracts/query.ts";
import type { ModelTrials } from "./downgrade-gate.ts";

const MODELS_MAX = 1_000;

/**
 * Outcomes first; a session (a bare iterate) counts where no outcome speaks of the same trace.
 * Sessions that ended for reasons of the infrastructure say nothing about a model.
 */
const SQL = `
WITH tasks AS (
  SELECT trace_id, model, len(playbook_ids) > 0 AS remembered, accepted
  FROM kb.outcomes WHERE task_class = $1 AND recorded_at >= $2 AND model IS NOT NULL
), alone AS (
  SELECT trace_id, model, false AS remembered, final_verdict = 'accepted' AS accepted
  FROM kb.sessions
  WHERE kind = $1 AND "timestamp" >= $2 AND final_verdict <> 'infra_error' AND model <> ''
    AND trace_id NOT IN (SELECT trace_id FROM tasks WHERE trace_id IS NOT NULL)
)
SELECT model, coalesce(remembered, false), count(*), count(*) FILTER (WHERE accepted)
FROM (SELECT * FROM tasks UNION ALL SELECT * FROM alone) GROUP BY 1, 2 ORDER BY 1, 2`;

/** Since `since` (ISO 8601). A house that has no logs yet has measured nothing. */
export async function measureAcceptance(
  client: Client<typeof query>,
  task_class: string,
  since: string,
  call: Call,
): Promise<ModelTrials[]> {
  const params = [task_class, since];
  const answer = await client.rows({ sql: SQL, params, limit: MODELS_MAX }, call).catch(noLogs);
  return answer.rows.map(([model, remembered, trials, accepted]) => ({
    model: String(model),
    remembered: remembered === true,
    trials: Number(trials),
    accepted: Number(accepted),
  }));
}

/** An app without these logs has no such tables. */
function noLogs(thrown: unknown): { rows: readonly (readonly unknown[])[] } {
  if (toLakehouseError(thrown).reason === "no_such_table") return { rows: [] };
  throw thrown;
}
