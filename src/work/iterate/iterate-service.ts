// iterate: generate, validate, retry with the validator's own error; one session row for every end.
import type { Call } from "#kernel/call.ts";
import { isoTime, type Clock } from "#kernel/clock.ts";
import type { Client, OutputOf, ParsedInputOf } from "#kernel/contract.ts";
import { newId } from "#kernel/ids.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { chat } from "#contracts/chat.ts";
import type { Attempt, iterate, SessionRow } from "#contracts/iterate.ts";
import type { ChatMessage } from "#contracts/nouns.ts";
import type { EventInput } from "#contracts/observe.ts";
import type { validate } from "#contracts/validate.ts";
import { feedback, runAttempt, type AttemptRequest, type AttemptResult } from "./attempt.ts";
import type { IterateSettings } from "./iterate-settings.ts";
import { openSessionStore } from "./session-store.ts";

export interface IterateNeeds {
  readonly chat: Client<typeof chat>;
  readonly validate: Client<typeof validate>;
  /** Hands an event to the witness, which stands in a later plane; at once, never throws. */
  readonly tell: (event: EventInput) => void;
  readonly dir: string;
  readonly log: Log;
  readonly clock: Clock;
}

type Operation = (typeof iterate)["operations"]["iterate"];
type Input = ParsedInputOf<Operation>;
type Output = OutputOf<Operation>;

interface Session {
  readonly session_id: string;
  readonly started: number;
  readonly results: AttemptResult[];
}

export async function createIterate(
  needs: IterateNeeds,
  settings: IterateSettings,
): Promise<Service<typeof iterate>> {
  const store = await openSessionStore(needs.dir, needs.log);
  const counts = { accepted: 0, max_iter_exhausted: 0, infra_error: 0 };

  async function runSession(input: Input, call: Call): Promise<Output> {
    const session: Session = { session_id: newId(), started: performance.now(), results: [] };
    const messages = openingMessages(input);
    for (let iteration = 1; iteration <= input.max_iterations; iteration++) {
      const request = attemptRequest(input, iteration, settings);
      const result = await runAttempt(needs, request, messages, call);
      session.results.push(result);
      if (result.failed !== undefined || result.report !== undefined) break;
      messages.push(...feedback(result.attempt));
    }
    await finish(input, session, call);
    return toAnswer(session, call);
  }

  async function finish(input: Input, session: Session, call: Call): Promise<void> {
    const row = sessionRow(input, session, call, settings.daemon, isoTime(needs.clock));
    counts[row.final_verdict]++;
    needs.log.info(
      {
        session_id: row.session_id,
        trace_id: row.trace_id,
        kind: row.kind,
        model: row.model,
        iterations: row.iterations,
        final_verdict: row.final_verdict,
        duration_ms: row.duration_ms,
      },
      "session ended",
    );
    await store.append(row);
  }

  return {
    handlers: {
      async iterate(input, call) {
        await refuseUnknownKind(needs.validate, input.kind, call);
        return runSession(input, call);
      },
    },
    async health() {
      const figures = { ...counts, ...store.figures() };
      const reason = "rows of the session log were lost";
      if (figures.rows_failed > 0) return { status: "degraded", figures: { ...figures, reason } };
      return { status: "ok", figures };
    },
    stop: () => store.close(),
  };
}

function sessionRow(
  input: Input,
  session: Session,
  call: Call,
  daemon: string,
  timestamp: string,
): SessionRow {
  const last = session.results.at(-1)!;
  const { report } = last;
  return {
    schema: "session.iterate.v1",
    session_id: session.session_id,
    trace_id: call.trace_id,
    daemon,
    timestamp,
    kind: input.kind,
    ...whoAnswered(session, input),
    prompt: input.prompt,
    iterations: session.results.length,
    attempts: session.results.map(({ attempt }) => withoutText(attempt)),
    final_verdict: finalVerdict(last),
    artifact: report === undefined ? null : last.attempt.artifact,
    grounded_in_roster: report?.grounded ?? null,
    duration_ms: performance.now() - session.started,
  };
}

/** The log keeps verdicts and errors; what the model said stands in the answer only. */
function withoutText(attempt: Attempt): SessionRow["attempts"][number] {
  const { iteration, verdict, error, span_id, usage } = attempt;
  return { iteration, verdict, error, span_id, usage };
}

/** Asked before the first draft, so that a misspelt kind costs no model call. */
async function refuseUnknownKind(
  client: Client<typeof validate>,
  kind: string,
  call: Call,
): Promise<void> {
  // A validator that cannot be asked now is met (and recorded) in the session itself.
  const answer = await client.kinds({}, call).catch(() => undefined);
  if (answer === undefined) return;
  const known = answer.kinds.flatMap((one) => [one.kind, `${one.domain}.${one.kind}`]);
  if (known.includes(kind)) return;
  // validate answers with the nearest known name; its error is the one to show.
  await client.validate({ kind, artifact: null, context: {} }, call);
}

function openingMessages(input: Input): ChatMessage[] {
  const prompt: ChatMessage = { role: "user", content: input.prompt };
  return input.system === undefined
    ? [prompt]
    : [{ role: "system", content: input.system }, prompt];
}

function attemptRequest(
  input: Input,
  iteration: number,
  settings: IterateSettings,
): AttemptRequest {
  return {
    iteration,
    kind: input.kind,
    context: input.context,
    timeout_ms: settings.attempt_timeout_ms,
    chat: {
      ...(input.model === undefined ? {} : { model: input.model }),
      ...(input.provider === undefined ? {} : { provider: input.provider }),
      temperature: input.temperature,
      max_tokens: input.max_tokens,
    },
  };
}

function finalVerdict(last: AttemptResult): SessionRow["final_verdict"] {
  if (last.report !== undefined) return "accepted";
  return last.failed === undefined ? "max_iter_exhausted" : "infra_error";
}

function whoAnswered(session: Session, input?: Input): { model: string; provider: string } {
  const answer = session.results.findLast((result) => result.answer !== undefined)?.answer;
  return {
    model: answer?.model ?? input?.model ?? "",
    provider: answer?.provider ?? input?.provider ?? "",
  };
}

/** The answer of an accepted session; throws for the others, with the whole history. */
function toAnswer(session: Session, call: Call): Output {
  const last = session.results.at(-1)!;
  const history = session.results.map((result) => result.attempt);
  const { session_id } = session;
  const iterations = history.length;
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
    const { code, message, reason, hint, issues, extra: more } = last.failed;
    throw new LakehouseError(code, message, {
      reason,
      ...(hint === undefined ? {} : { hint }),
      issues,
      extra: { ...more, ...extra },
      cause: last.failed,
    });
  }
  throw new LakehouseError(
    "rejected",
    `not accepted after ${iterations} attempts: ${last.attempt.error?.message ?? ""}`,
    { reason: "max_iter_exhausted", extra },
  );
}
