// One attempt: ask the model, find the JSON object in its answer, have it judged.
import { childCall, type Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import { type LakehouseError, retold, toLakehouseError } from "#kernel/problem.ts";
import type { ChatAnswer } from "#contracts/chat.ts";
import type { Attempt } from "#contracts/iterate.ts";
import type { EventInput } from "#contracts/observe.ts";
import { validationError, type ChatMessage } from "#contracts/nouns.ts";
import type { validate, ValidationReport } from "#contracts/validate.ts";
import {
  spentBefore,
  type AskedModel,
  type AskModel,
  type DraftRead,
  type ModelAnswer,
} from "./ask-model.ts";
import { inTime } from "./in-time.ts";
import { readAnswer } from "./read-answer.ts";

export interface AttemptNeeds {
  readonly ask: AskModel;
  readonly validate: Client<typeof validate>;
  /** Validating has as long as the model has for an answer. */
  readonly validate_timeout_ms: number;
  /** Told of each attempt: its span stands above those of chat and validate in the trace. */
  readonly tell: (event: EventInput) => void;
}

export interface AttemptRequest {
  readonly iteration: number;
  readonly kind: string;
  readonly context: Readonly<Record<string, unknown>>;
  readonly chat: AskedModel;
  /** Set when several drafts are asked for side by side: which one this is, from 1. */
  readonly draft?: number;
  /** Another draft was right first: nobody waits for this one any more. */
  readonly overtaken?: AbortSignal;
}

/** What an attempt came to. `failed`: the infrastructure, not the draft; the session ends there. */
export interface AttemptResult {
  readonly attempt: Attempt;
  readonly answer: ChatAnswer | undefined;
  readonly report: ValidationReport | undefined;
  readonly failed: LakehouseError | undefined;
}

/** Never throws; `parent` is the session's call, the attempt is a span of its own below it. */
export async function runAttempt(
  needs: AttemptNeeds,
  request: AttemptRequest,
  messages: ChatMessage[],
  parent: Call,
): Promise<AttemptResult> {
  const { overtaken } = request;
  const call = childCall(parent, overtaken === undefined ? {} : { signal: overtaken });
  const started = performance.now();
  const ended = await draftAndJudge(needs, request, messages, call);
  const result = ended.failed !== undefined && overtaken?.aborted ? overtakenResult(ended) : ended;
  needs.tell(attemptEvent(request, result.attempt, call, performance.now() - started));
  return result;
}

const ERROR_MAX = 2_000;

function attemptEvent(
  { kind, iteration }: AttemptRequest,
  { verdict, error, draft, model, repaired }: Attempt,
  call: Call,
  duration_ms: number,
): EventInput {
  const { trace_id, span_id, parent_span_id } = call;
  return {
    source: "iterate",
    endpoint: "iterate.attempt",
    trace_id,
    span_id,
    ...(parent_span_id === undefined ? {} : { parent_span_id }),
    principal: call.principal.name,
    // A draft that another one overtook is no failure of anybody.
    success: verdict === "accepted" || verdict === "cancelled",
    duration_ms,
    ...(error === null ? {} : { error: error.message.slice(0, ERROR_MAX) }),
    task_class: kind,
    event_kind: verdict,
    details: {
      iteration,
      ...(draft === undefined ? {} : { draft }),
      ...(model === undefined ? {} : { model }),
      ...(repaired === true ? { repaired } : {}),
    },
  };
}

function overtakenResult(result: AttemptResult): AttemptResult {
  const error = { message: "another draft was right first" };
  const attempt: Attempt = { ...result.attempt, verdict: "cancelled", error };
  return { ...result, attempt, failed: undefined };
}

async function draftAndJudge(
  needs: AttemptNeeds,
  request: AttemptRequest,
  messages: ChatMessage[],
  call: Call,
): Promise<AttemptResult> {
  const draft = {
    iteration: request.iteration,
    span_id: call.span_id,
    ...(request.draft === undefined ? {} : { draft: request.draft }),
  };
  let answer: ModelAnswer;
  try {
    answer = await needs.ask(request.chat, messages, call);
  } catch (thrown) {
    const { model } = request.chat;
    const asked = model === undefined ? {} : { model };
    const error = toLakehouseError(thrown);
    const usage = spentBefore(error);
    return infraFailure({ ...draft, ...asked, raw: "", artifact: null, usage }, undefined, {
      reason: "model_failed",
      error,
    });
  }
  const said = { ...draft, raw: answer.content, usage: answer.usage, model: answer.model };
  const read: DraftRead = answer.read ?? readAnswer(answer.content, answer.finish_reason);
  if ("error" in read) {
    const attempt: Attempt = { ...said, artifact: null, verdict: "no_json", error: read.error };
    return { attempt, answer, report: undefined, failed: undefined };
  }
  const artifact = read.artifact as Attempt["artifact"];
  const found = { ...said, artifact, ...(read.repaired ? { repaired: true } : {}) };
  if (read.not_offered !== undefined) {
    const attempt: Attempt = { ...found, verdict: "validation_failed", error: read.not_offered };
    return { attempt, answer, report: undefined, failed: undefined };
  }
  return judge(needs, request, found, answer, call);
}

/** Reasons that are told as they are: the caller asked wrongly, the validator did not fail. */
const OF_THE_CALLER: ReadonlySet<string> = new Set(["no_such_kind", "invalid_input"]);

type Draft = Omit<Attempt, "verdict" | "error">;

async function judge(
  needs: AttemptNeeds,
  request: AttemptRequest,
  draft: Draft,
  answer: ChatAnswer,
  call: Call,
): Promise<AttemptResult> {
  const { kind, context } = request;
  const asked = { kind, artifact: draft.artifact, context: { ...context } };
  const limit = { who: "the validator", timeout_ms: needs.validate_timeout_ms };
  try {
    const report = await inTime(call, limit, (limited) => needs.validate.validate(asked, limited));
    const attempt: Attempt = { ...draft, verdict: "accepted", error: null };
    return { attempt, answer, report, failed: undefined };
  } catch (thrown) {
    const error = toLakehouseError(thrown);
    const verdict = validationError.safeParse(error.extra["error"]);
    if (error.reason !== "validation_failed" || !verdict.success) {
      return infraFailure(draft, answer, { reason: "validator_failed", error });
    }
    const attempt: Attempt = { ...draft, verdict: "validation_failed", error: verdict.data };
    return { attempt, answer, report: undefined, failed: undefined };
  }
}

function infraFailure(
  draft: Draft,
  answer: ChatAnswer | undefined,
  failure: { reason: "model_failed" | "validator_failed"; error: LakehouseError },
): AttemptResult {
  const { error, reason } = failure;
  const failed = retold(error, {
    reason: OF_THE_CALLER.has(error.reason) ? error.reason : reason,
    extra: { ...carriedOn(error), cause_reason: error.reason },
  });
  const attempt: Attempt = { ...draft, verdict: "infra_error", error: { message: error.message } };
  return { attempt, answer, report: undefined, failed };
}

/** What a caller acts on, whoever was asked on its behalf. */
function carriedOn({ extra }: LakehouseError): Record<string, unknown> {
  const carried: Record<string, unknown> = {};
  for (const field of ["provider", "provider_status", "provider_code", "retry_after_s"]) {
    if (extra[field] !== undefined) carried[field] = extra[field];
  }
  return carried;
}
