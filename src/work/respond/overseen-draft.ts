// Drafting with an overseer: when the small model drifts or gives out, it is corrected and goes on.
import type { Call } from "#kernel/call.ts";
import { type LakehouseError, retold, toLakehouseError } from "#kernel/problem.ts";
import type { Log } from "#kernel/log.ts";
import type { EventInput } from "#contracts/observe.ts";
import type { CorrectionRow, RespondAnswer } from "#contracts/respond.ts";
import type { Drafted } from "./draft-work.ts";
import type { Overseer, RefusedWork } from "./overseer.ts";

export interface OverseenNeeds {
  readonly overseer: Overseer | undefined;
  readonly tell: (event: EventInput) => void;
  readonly log: Log;
}

export interface OverseenDraft {
  readonly drafted: Drafted;
  readonly corrections: readonly CorrectionRow[];
  /** Set when the overseer could not be asked, or its words could not be put on disk. */
  readonly not_recorded: readonly string[];
}

/** `draft` is asked again after each correction, at most `corrections_max` times. Never throws. */
export async function draftOverseen(
  needs: OverseenNeeds,
  work: Pick<RefusedWork, "task" | "planned">,
  draft: (corrections: readonly CorrectionRow[]) => Promise<Drafted>,
  corrections_max: number,
  call: Call,
): Promise<OverseenDraft> {
  const corrections: CorrectionRow[] = [];
  let drafted = await draft(corrections);
  while (needs.overseer !== undefined && drafted.status === "max_iter_exhausted") {
    if (corrections.length >= corrections_max) break;
    const { history, reason, iterations } = drafted;
    const started = performance.now();
    let row: CorrectionRow;
    try {
      row = await needs.overseer({ ...work, history, reason, iterations }, call);
    } catch (thrown) {
      const error = toLakehouseError(thrown);
      needs.log.error({ err: error, trace_id: call.trace_id }, "no correction from the overseer");
      return { drafted, corrections, not_recorded: [`overseer: ${error.message}`] };
    }
    corrections.push(row);
    drafted = joined(drafted, await draft(corrections), corrections);
    needs.tell(correctionEvent(row, drafted, call, performance.now() - started));
  }
  return { drafted, corrections, not_recorded: [] };
}

/** What is told of a correction. */
export function toldCorrection(row: CorrectionRow): RespondAnswer["corrections"][number] {
  const { correction, model, applied_at_turn } = row;
  return { correction, model, applied_at_turn };
}

/** One history: the iterations after a correction are counted on, in whatever tells of them. */
function joined(first: Drafted, then: Drafted, corrections: readonly CorrectionRow[]): Drafted {
  const later = then.history.map((attempt) => ({
    ...attempt,
    iteration: attempt.iteration + first.iterations,
  }));
  const iterations = first.iterations + then.iterations;
  const whole = { ...then, iterations, history: [...first.history, ...later] };
  return {
    ...whole,
    reason: reasonOf(whole, corrections.length),
    failed: then.failed && withSession(then.failed, whole, corrections),
  };
}

function reasonOf(whole: Drafted, corrections: number): string {
  const { status, iterations, drifted, history } = whole;
  if (status === "accepted") return `accepted at iteration ${iterations}, corrected`;
  if (status === "infra_error") return whole.reason;
  const times = ["once", "twice"][corrections - 1] ?? `${corrections} times`;
  const stuck = drifted === true ? ", and does not get on" : "";
  const why = history.at(-1)?.error?.message ?? "";
  return `not accepted after ${iterations} attempts, corrected ${times}${stuck}: ${why}`;
}

/** The error carries the whole session, not only what came after the last correction. */
function withSession(
  error: LakehouseError,
  { iterations, history }: Drafted,
  corrections: readonly CorrectionRow[],
): LakehouseError {
  const told = corrections.map(toldCorrection);
  return retold(error, { extra: { ...error.extra, iterations, history, corrections: told } });
}

function correctionEvent(
  row: CorrectionRow,
  drafted: Drafted,
  call: Call,
  duration_ms: number,
): EventInput {
  const rescue_succeeded = drafted.status === "accepted";
  return {
    source: "overseer_correction",
    endpoint: "respond.overseer",
    input_summary: row.reason.slice(0, 2_000),
    output_summary: row.correction.slice(0, 2_000),
    success: rescue_succeeded,
    ...(rescue_succeeded ? {} : { error: drafted.reason.slice(0, 2_000) }),
    duration_ms,
    trace_id: call.trace_id,
    task_class: row.task_class,
    sig_hash: row.sig_hash,
    event_kind: drafted.status,
    rescue_attempted: true,
    rescue_succeeded,
    details: { model: row.model, applied_at_turn: row.applied_at_turn },
  };
}
