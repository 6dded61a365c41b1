// Sends the tasks of a scenario through respond, one after another, and notes how each went.
import type { Clients } from "#contracts/all-contracts.ts";
import type { RespondAnswer } from "#contracts/respond.ts";
import type { DomainPack, Scenario, ScenarioTask } from "#ports/domain-pack.ts";

export interface TaskResult {
  readonly task: ScenarioTask;
  readonly status: RespondAnswer["status"];
  readonly reason: string;
  readonly iterations: number;
  readonly applied: readonly string[];
  readonly recorded: readonly string[];
  /** Candidate ids that the accepted work chose. */
  readonly answer_ids: readonly string[];
  readonly duration_ms: number;
  readonly who: string;
}

export interface RunOptions {
  readonly clients: Clients;
  readonly pack: DomainPack;
  readonly scenario: Scenario;
  /** Playbooks of this run stand in a scope of their own: a second run starts cold again. */
  readonly scope: string;
  readonly model: string | undefined;
  readonly onTask: (done: number, total: number, result: TaskResult) => void;
}

/** Results in the order of the scenario; day 2 sees what day 1 taught. */
export async function runScenario(options: RunOptions): Promise<TaskResult[]> {
  const results: TaskResult[] = [];
  const { tasks } = options.scenario;
  for (const task of tasks) {
    const result = await runTask(options, task);
    results.push(result);
    options.onTask(results.length, tasks.length, result);
  }
  return results;
}

async function runTask(options: RunOptions, task: ScenarioTask): Promise<TaskResult> {
  const answer = await options.clients.respond.respond({
    task: task.task,
    playbook_scope: options.scope,
    ...(options.model === undefined ? {} : { model: options.model }),
  });
  return {
    task,
    status: answer.status,
    reason: answer.reason,
    iterations: answer.iterations,
    applied: answer.playbooks_applied,
    recorded: answer.playbooks_recorded,
    answer_ids: answerIds(options.pack, answer),
    duration_ms: answer.duration_ms,
    who: answer.model === null ? "" : `${answer.model} (${answer.provider_kind})`,
  };
}

function answerIds(pack: DomainPack, answer: RespondAnswer): string[] {
  // A task class is <domain>.<kind>.
  const [domain, name = ""] = (answer.task_class ?? "").split(".");
  const kind = domain === pack.name ? pack.tasks[name] : undefined;
  if (kind === undefined || answer.artifact === null) return [];
  return kind.answers(answer.artifact).map(({ id }) => id);
}

/**
 * Ids in accepted work that stand in no corpus source table: looked up in the data itself, not by
 * the validator that let them pass.
 */
export async function findPhantoms(
  clients: Clients,
  pack: DomainPack,
  results: readonly TaskResult[],
): Promise<string[]> {
  const ids = new Set(results.flatMap((result) => result.answer_ids));
  const unknown = new Set(ids);
  for (const { dataset, id_column, id_prefix } of pack.corpora) {
    const own = [...ids].filter((id) => id.startsWith(id_prefix));
    if (own.length === 0) continue;
    const wanted = own.map((id) => id.slice(id_prefix.length));
    const { rows } = await clients.query.rows({
      sql: `SELECT "${id_column}" FROM "${dataset}" WHERE list_contains($1::VARCHAR[], "${id_column}")`,
      params: [wanted],
    });
    for (const [id] of rows) unknown.delete(`${id_prefix}${String(id)}`);
  }
  return [...unknown];
}
