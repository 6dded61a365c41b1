// iterate: generate, validate, retry with the validator's own error; one session row for every end.
import type { Call } from "#kernel/call.ts";
import { isoTime, type Clock } from "#kernel/clock.ts";
import type { Client, OutputOf, ParsedInputOf } from "#kernel/contract.ts";
import { canonicalJson, newId } from "#kernel/ids.ts";
import type { Service } from "#kernel/lifecycle.ts";
import { LIMITS } from "#kernel/limits.ts";
import type { Log } from "#kernel/log.ts";
import type { chat } from "#contracts/chat.ts";
import type { iterate } from "#contracts/iterate.ts";
import type { EventInput } from "#contracts/observe.ts";
import type { truth } from "#contracts/truth.ts";
import type { validate } from "#contracts/validate.ts";
import { createModelAsker, withinLimit } from "./ask-model.ts";
import { createAskedNames } from "./asked-names.ts";
import type { AttemptRequest, AttemptResult } from "./attempt.ts";
import { checkAsked, type AskedKind } from "./check-asked.ts";
import { runRound } from "./draft-round.ts";
import { createEndedSessions } from "./ended-sessions.ts";
import type { IterateSettings } from "./iterate-settings.ts";
import { createChooser } from "./guided-choice.ts";
import { createGuide } from "./guided-session.ts";
import { openingMessages, withFeedback } from "./said-to-model.ts";
import { sessionRow, toAnswer, type Session } from "./session-end.ts";
import { openSessionStore } from "./session-store.ts";
import { withTruth } from "./truth-gate.ts";

export interface IterateNeeds {
  readonly chat: Client<typeof chat>;
  readonly validate: Client<typeof validate>;
  /** Asked about what the validator accepts; absent: there are no rules. */
  readonly truth?: Client<typeof truth> | undefined;
  /** Hands an event to the witness, which stands in a later plane; at once, never throws. */
  readonly tell: (event: EventInput) => void;
  readonly dir: string;
  readonly log: Log;
  readonly clock: Clock;
}

type Operation = (typeof iterate)["operations"]["iterate"];
type Input = ParsedInputOf<Operation>;
type Output = OutputOf<Operation>;

export async function createIterate(
  needs: IterateNeeds,
  settings: IterateSettings,
): Promise<Service<typeof iterate>> {
  const store = await openSessionStore(needs.dir, needs.log);
  const counts = { accepted: 0, max_iter_exhausted: 0, infra_error: 0, drifted: 0 };
  const asker = createModelAsker(needs.chat, needs.log, settings.ask_for_schema);
  const limit_ms = settings.attempt_timeout_ms;
  const ask = createChooser(withinLimit(asker, limit_ms));
  const judge = withTruth(needs.validate, needs.truth);
  const names = createAskedNames(needs.chat);
  const ended = createEndedSessions();
  const attempting = { ask, validate: judge, validate_timeout_ms: limit_ms, tell: needs.tell };

  async function runSession(input: Input, kind: AskedKind, call: Call): Promise<Output> {
    const session = openSession(kind.name);
    let messages = openingMessages(input);
    const drifts = driftWatch(input);
    const guide = createGuide(input);
    for (let iteration = 1; iteration <= input.max_iterations; iteration++) {
      const request = guide.guided(attemptRequest(input, iteration, kind));
      const round = await runRound(attempting, request, input.drafts, messages, call);
      session.results.push(...round.results);
      session.deciding = round.deciding;
      session.iterations = iteration;
      const { failed, report, attempt } = round.deciding;
      if (failed !== undefined || report !== undefined) break;
      session.drifted = drifts(round.deciding, iteration);
      if (session.drifted) break;
      guide.refused(attempt);
      messages = withFeedback(messages, attempt, input.guided);
    }
    session.asked = await names.of(session, askedModel(input, session.iterations ?? 1), call);
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
    ended.add(row, call);
    await store.append(row);
  }

  return {
    handlers: {
      async iterate(input, call) {
        const kind = await checkAsked(needs.validate, input, call);
        return ended.waitFor(runSession(input, kind, call), call);
      },
      sessions: async ({ trace_id }) => ({ sessions: await ended.of(trace_id) }),
    },
    async health() {
      const figures = { ...counts, ...store.figures() };
      const reason = "rows of the session log were lost";
      if (figures.rows_failed > 0) return { status: "degraded", figures: { ...figures, reason } };
      return { status: "ok", figures };
    },
    async stop() {
      // Whoever asked may be gone: the rows of what they asked for are still to come.
      await ended.settled(LIMITS.stop_grace_ms);
      await store.close();
    },
  };
}

function openSession(kind: string): Session {
  return { session_id: newId(), kind, started: performance.now(), results: [] };
}

function attemptRequest(
  input: Input,
  iteration: number,
  { name: kind, schema }: AskedKind,
): AttemptRequest {
  return {
    iteration,
    kind,
    context: input.context,
    chat: {
      ...askedModel(input, iteration),
      ...(schema === undefined ? {} : { schema }),
      temperature: input.temperature,
      max_tokens: input.max_tokens,
      task_class: kind.slice(0, TASK_CLASS_MAX),
    },
  };
}

/** Of a kind that could not be checked the name is the caller's, of any length. */
const TASK_CLASS_MAX = 128;

/** The caller's model, or the one that has taken over by this iteration. */
function askedModel(input: Input, iteration: number): { model?: string; provider?: string } {
  const due = input.escalate.filter(({ at }) => at <= iteration).toSorted((a, b) => a.at - b.at);
  const taken_over = due.at(-1);
  // A provider would win over the model's own prefix: it belongs to the model that was left.
  if (taken_over !== undefined) return { model: taken_over.model };
  const { model, provider } = input;
  return {
    ...(model === undefined ? {} : { model }),
    ...(provider === undefined ? {} : { provider }),
  };
}

/**
 * Tells when a model's same draft was refused in the same way `drift_after` times in a row, and no
 * other model is to take over: that one has not been heard yet.
 */
function driftWatch(input: Input): (result: AttemptResult, iteration: number) => boolean {
  const { drift_after, escalate, max_iterations } = input;
  let last = "";
  let times = 0;
  return ({ attempt: { artifact, raw, error } }, iteration) => {
    if (drift_after === undefined) return false;
    const asked = canonicalJson(askedModel(input, iteration));
    const seen = canonicalJson([asked, artifact ?? raw, error]);
    times = seen === last ? times + 1 : 1;
    last = seen;
    const is_followed = escalate.some(({ at }) => {
      const is_to_come = at > iteration && at <= max_iterations;
      return is_to_come && canonicalJson(askedModel(input, at)) !== asked;
    });
    return times >= drift_after && !is_followed;
  };
}
