// Writes down how a task went: outcome, playbooks, event. What fails is told, not thrown.
import { isoTime, type Clock } from "#kernel/clock.ts";
import { boundedCall, type Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import type { Log } from "#kernel/log.ts";
import { eventInput, type EventInput } from "#contracts/observe.ts";
import type { permission } from "#contracts/permission.ts";
import type { OutcomeRow, RespondAnswer } from "#contracts/respond.ts";
import type { playbookContract } from "#contracts/playbook.ts";
import type { Lessons } from "./lessons.ts";
import { createMemoryGate, type MemoryDecision } from "./memory-gate.ts";
import type { OutcomeStore } from "./outcome-store.ts";

export interface RecorderNeeds {
  readonly playbook: Client<typeof playbookContract>;
  /** Asked before anything is remembered; absent: all of it is. */
  readonly permission?: Client<typeof permission> | undefined;
  /** Hands an event to the witness, which stands in a later plane; at once, never throws. */
  readonly tell: (event: EventInput) => void;
  readonly log: Log;
  readonly clock: Clock;
}

export interface TaskEnd {
  readonly task: string;
  /** The words that were searched with. */
  readonly query_text: string;
  readonly task_class: string | null;
  readonly sig_hash: string;
  readonly status: "accepted" | "nothing_relevant" | "max_iter_exhausted" | "infra_error";
  readonly reason: string;
  readonly iterations: number;
  readonly model: string | null;
  readonly playbooks_applied: readonly string[];
  readonly lessons: Lessons;
  /** Whether pathway is to remember how it went. */
  readonly keeps_attempt: boolean;
  /** Why a truth rule wants somebody to look first. */
  readonly review?: string | undefined;
  /** How many corrections of an overseer were applied. */
  readonly corrections: number;
  readonly event: Readonly<Record<string, string | number>>;
  readonly duration_ms: number;
}

export interface PlaybookOrder {
  readonly query_text: string;
  readonly scope: string;
  readonly task_class: string;
  readonly tags: readonly string[];
}

export interface Recorded {
  readonly playbooks_recorded: string[];
  readonly not_recorded: string[];
  remembering: RespondAnswer["remembering"];
}

export interface Recorder {
  /** `order` undefined: nothing is remembered, only the outcome and the event. */
  record(end: TaskEnd, order: PlaybookOrder | undefined, call: Call): Promise<Recorded>;
  failures(): number;
}

/** The row of the outcome waits for the decision, and is lost should the house end before. */
const DECISION_TIMEOUT_MS = 5_000;

export function createRecorder(needs: RecorderNeeds, store: OutcomeStore): Recorder {
  const gate = createMemoryGate(needs.permission);
  let failures = 0;

  async function record(end: TaskEnd, order: PlaybookOrder | undefined, call: Call) {
    const recorded: Recorded = { playbooks_recorded: [], not_recorded: [], remembering: null };
    const attempt = async (what: string, work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        failures++;
        const message = error instanceof Error ? error.message : String(error);
        recorded.not_recorded.push(`${what}: ${message}`);
        needs.log.error({ err: error, what, sig_hash: end.sig_hash }, "could not be recorded");
      }
    };
    let decided: MemoryDecision | undefined;
    await attempt("permission", async () => {
      const deciding = boundedCall(call, { timeout_ms: DECISION_TIMEOUT_MS });
      decided = await gate(memoryRequest(end, order), deciding);
    });
    await attempt("outcome", () => store.append(outcomeRow(end, decided, call, needs.clock)));
    if (decided !== undefined) {
      recorded.remembering = rememberingOf(end, order, decided);
      await remember(end, order, decided, recorded, attempt, call);
    }
    needs.tell(witnessEvent(end, call));
    return recorded;
  }

  /** `auto`: writes it down; `simulation`: in a scope of its own; else it is only told. */
  async function remember(
    end: TaskEnd,
    order: PlaybookOrder | undefined,
    { decision, reason }: MemoryDecision,
    recorded: Recorded,
    attempt: (what: string, work: () => Promise<void>) => Promise<void>,
    call: Call,
  ): Promise<void> {
    if (decision !== "auto") recorded.not_recorded.push(`memory: ${decision}, ${reason}`);
    if (order !== undefined && (decision === "auto" || decision === "simulation")) {
      const simulated = { ...order, scope: recorded.remembering?.simulated_in ?? order.scope };
      await attempt("playbooks", async () => {
        const { ids, contradicted } = await recordAnswers(needs, end.lessons, simulated, call);
        if (decision === "auto") recorded.playbooks_recorded.push(...ids);
        const told = contradicted.map((id) => `playbook ${id}: it was contradicted earlier`);
        recorded.not_recorded.push(...told);
      });
    }
    if (decision !== "auto") return;
    for (const { playbook_id, success } of end.lessons.outcomes) {
      await attempt(`playbook outcome ${playbook_id}`, async () => {
        await needs.playbook.outcome({ playbook_id, success, query_text: end.query_text }, call);
      });
    }
  }

  return { failures: () => failures, record };
}

function memoryRequest(end: TaskEnd, order: PlaybookOrder | undefined) {
  return {
    task_class: end.task_class ?? "",
    sig_hash: end.sig_hash,
    accepted: end.status === "accepted",
    iterations: end.iterations,
    review: end.review,
    record: order === undefined ? [] : end.lessons.record,
    outcomes: end.lessons.outcomes.length,
    attempt: end.keeps_attempt,
  };
}

/** Playbooks of a simulation are in no scope that work searches. */
const SIMULATION = ".simulation";

function rememberingOf(
  end: TaskEnd,
  order: PlaybookOrder | undefined,
  decided: MemoryDecision,
): NonNullable<RespondAnswer["remembering"]> {
  const answers = order === undefined ? [] : [...end.lessons.record];
  const simulates = decided.decision === "simulation" && order !== undefined;
  return { ...decided, answers, simulated_in: simulates ? `${order.scope}${SIMULATION}` : null };
}

function outcomeRow(
  end: TaskEnd,
  decided: MemoryDecision | undefined,
  call: Call,
  clock: Clock,
): OutcomeRow {
  return {
    schema: "outcome.v1",
    kind: "respond",
    sig_hash: end.sig_hash,
    task_class: end.task_class ?? "",
    task: end.task,
    accepted: end.status === "accepted",
    status: end.status,
    iterations: end.iterations,
    model: end.model,
    answer_ids: [...end.lessons.answer_ids],
    playbook_ids: [...end.playbooks_applied],
    recorded_at: isoTime(clock),
    trace_id: call.trace_id,
    duration_ms: end.duration_ms,
    corrections: end.corrections,
    permission: decided?.decision ?? null,
  };
}

async function recordAnswers(
  { playbook }: Pick<RecorderNeeds, "playbook">,
  lessons: Lessons,
  order: PlaybookOrder,
  call: Call,
): Promise<{ ids: string[]; contradicted: string[] }> {
  if (lessons.record.length === 0) return { ids: [], contradicted: [] };
  const { query_text, scope, task_class } = order;
  const entries = lessons.record.map((answer) => ({
    query_text,
    ...answer,
    task_class,
    tags: [...order.tags],
  }));
  const { playbook_ids, contradicted } = await playbook.bulk({ entries, scope }, call);
  return { ids: playbook_ids.filter((id) => !contradicted.includes(id)), contradicted };
}

const SUMMARY_MAX = 2_000;

/** An honest refusal is no failure of the house; work that was not accepted is. */
function witnessEvent(end: TaskEnd, call: Call): EventInput {
  const success = end.status === "accepted" || end.status === "nothing_relevant";
  const { known, unknown } = splitEvent(end.event);
  return {
    ...known,
    source: "respond",
    endpoint: "/v1/respond",
    input_summary: end.task.slice(0, SUMMARY_MAX),
    output_summary: `${end.status}: ${end.reason}`.slice(0, SUMMARY_MAX),
    success,
    ...(success ? {} : { error: end.reason.slice(0, SUMMARY_MAX) }),
    duration_ms: end.duration_ms,
    trace_id: call.trace_id,
    span_id: call.span_id,
    ...(end.task_class === null ? {} : { task_class: end.task_class }),
    sig_hash: end.sig_hash,
    event_kind: end.status,
    details: { ...unknown, iterations: end.iterations, model: end.model },
  };
}

/** Fields of a domain that an event does not have go to its details, so that none is refused. */
function splitEvent(fields: TaskEnd["event"]) {
  const shape: Readonly<Record<string, { safeParse(value: unknown): { success: boolean } }>> =
    eventInput.shape;
  const fits = ([name, value]: readonly [string, unknown]): boolean =>
    Object.hasOwn(shape, name) && shape[name]!.safeParse(value).success;
  const entries = Object.entries(fields);
  return {
    known: Object.fromEntries(entries.filter(fits)) as EventInput,
    unknown: Object.fromEntries(entries.filter((entry) => !fits(entry))),
  };
}
