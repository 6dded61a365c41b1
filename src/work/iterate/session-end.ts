// How a session ended: its row in the log, and its answer or error.
import type { Call } from "#kernel/call.ts";
import type { OutputOf, ParsedInputOf } from "#kernel/contract.ts";
import { LakehouseError, retold } from "#kernel/problem.ts";
import type { Attempt, iterate, SessionRow } from "#contracts/iterate.ts";
import type { TokenUsage } from "#contracts/nouns.ts";
import type { Names } from "./asked-names.ts";
import type { AttemptResult } from "./attempt.ts";

type Operation = (typeof iterate)["operations"]["iterate"];
type Input = ParsedInputOf<Operation>;
type Output = OutputOf<Operation>;

export interface Session {
  readonly session_id: string;
  /** `<domain>.<kind>`, however the caller wrote it. */
  readonly kind: string;
  readonly started: number;
  /** Of all drafts, in the order in which they ended. */
  readonly results: AttemptResult[];
  /** Of the last round. */
  deciding?: AttemptResult;
  iterations?: number;
  drifted?: boolean;
  /** Whom the last question was for, where nobody answered it. */
  asked?: Names | undefined;
}

export function sessionRow(
  input: Input,
  session: Session,
  call: Call,
  daemon: string,
  timestamp: string,
): SessionRow {
  const last = session.deciding!;
  const { report } = last;
  return {
    schema: "session.iterate.v1",
    session_id: session.session_id,
    trace_id: call.trace_id,
    daemon,
    timestamp,
    kind: session.kind,
    ...whoAnswered(session),
    prompt: input.prompt,
    iterations: session.iterations ?? 0,
    attempts: session.results.map(({ attempt }) => withoutText(attempt)),
    final_verdict: finalVerdict(session),
    artifact: report === undefined ? null : last.attempt.artifact,
    grounded_in_roster: report?.grounded ?? null,
    review: report?.review ?? null,
    duration_ms: performance.now() - session.started,
    drafts: input.drafts,
    escalated_to: escalatedTo(input, session),
    usage: totalUsage(session),
  };
}

/** The log keeps verdicts and errors; what the model said stands in the answer only. */
function withoutText(attempt: Attempt): SessionRow["attempts"][number] {
  const { raw: _raw, artifact: _artifact, ...told } = attempt;
  return told;
}

function escalatedTo(input: Input, session: Session): string | null {
  const due = input.escalate.filter(({ at }) => at <= (session.iterations ?? 0));
  return due.toSorted((a, b) => a.at - b.at).at(-1)?.model ?? null;
}

function totalUsage(session: Session): TokenUsage {
  const total = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  for (const { attempt } of session.results) {
    total.prompt_tokens += attempt.usage?.prompt_tokens ?? 0;
    total.completion_tokens += attempt.usage?.completion_tokens ?? 0;
    total.total_tokens += attempt.usage?.total_tokens ?? 0;
  }
  return total;
}

function finalVerdict({ deciding, drifted }: Session): SessionRow["final_verdict"] {
  const last = deciding!;
  if (last.report !== undefined) return "accepted";
  if (drifted === true) return "drifted";
  return last.failed === undefined ? "max_iter_exhausted" : "infra_error";
}

/** Who answered in the end; where nobody did, who was asked. Both of the deciding attempt. */
function whoAnswered({ deciding, asked }: Session): { model: string; provider: string } {
  const { model, provider } = deciding?.answer ?? asked ?? NOBODY;
  return { model, provider };
}

const NOBODY = { model: "", provider: "" };

/** The answer of an accepted session; throws for the others, with the whole history. */
export function toAnswer(session: Session, call: Call): Output {
  const last = session.deciding!;
  const history = session.results.map((result) => result.attempt);
  const { session_id } = session;
  const iterations = session.iterations ?? 0;
  const provider_kind = last.answer?.provider_kind ?? "model";
  const told = { iterations, history, session_id, ...whoAnswered(session), provider_kind };
  if (last.report !== undefined) {
    return {
      artifact: last.attempt.artifact,
      validation: last.report,
      ...told,
      trace_id: call.trace_id,
    };
  }
  const extra = { error: last.attempt.error, ...told, trace_id: call.trace_id };
  if (last.failed !== undefined) {
    throw retold(last.failed, { extra: { ...last.failed.extra, ...extra } });
  }
  const why = last.attempt.error?.message ?? "";
  const drifted = session.drifted === true;
  const times = drifted ? "and does not get on" : "";
  throw new LakehouseError(
    "rejected",
    `not accepted after ${iterations} attempts${times && ` ${times}`}: ${why}`,
    {
      reason: drifted ? "drifted" : "max_iter_exhausted",
      extra,
    },
  );
}
