// One attempt: ask the model, find the JSON object in its answer, have it judged.
import { childCall, type Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import type { chat, ChatAnswer } from "#contracts/chat.ts";
import type { Attempt } from "#contracts/iterate.ts";
import type { EventInput } from "#contracts/observe.ts";
import { validationError, type ChatMessage, type ValidationError } from "#contracts/nouns.ts";
import type { validate, ValidationReport } from "#contracts/validate.ts";
import { renderError } from "#ports/context-bundle.ts";
import { extractJson } from "./json-extract.ts";

export interface AttemptNeeds {
  readonly chat: Client<typeof chat>;
  readonly validate: Client<typeof validate>;
  /** Told of each attempt: its span stands above those of chat and validate in the trace. */
  readonly tell: (event: EventInput) => void;
}

export interface AttemptRequest {
  readonly iteration: number;
  readonly kind: string;
  readonly context: Readonly<Record<string, unknown>>;
  readonly chat: Omit<Parameters<Client<typeof chat>["chat"]>[0], "messages">;
  readonly timeout_ms: number;
}

/** What an attempt came to. `failed`: the infrastructure, not the draft; the session ends there. */
export interface AttemptResult {
  readonly attempt: Attempt;
  readonly answer: ChatAnswer | undefined;
  readonly report: ValidationReport | undefined;
  readonly failed: LakehouseError | undefined;
}

const NO_JSON: ValidationError = {
  kind: "schema",
  field: "",
  message: "the answer holds no complete JSON object; answer with one JSON object and nothing else",
  expected: "a JSON object",
};

/** Never throws; `parent` is the session's call, the attempt is a span of its own below it. */
export async function runAttempt(
  needs: AttemptNeeds,
  request: AttemptRequest,
  messages: ChatMessage[],
  parent: Call,
): Promise<AttemptResult> {
  const call = childCall(parent, { timeout_ms: request.timeout_ms });
  const started = performance.now();
  const result = await draftAndJudge(needs, request, messages, call);
  needs.tell(attemptEvent(request, result.attempt, call, performance.now() - started));
  return result;
}

const ERROR_MAX = 2_000;

function attemptEvent(
  { kind, iteration }: AttemptRequest,
  { verdict, error }: Attempt,
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
    success: verdict === "accepted",
    duration_ms,
    ...(error === null ? {} : { error: error.message.slice(0, ERROR_MAX) }),
    task_class: kind,
    event_kind: verdict,
    details: { iteration },
  };
}

async function draftAndJudge(
  needs: AttemptNeeds,
  request: AttemptRequest,
  messages: ChatMessage[],
  call: Call,
): Promise<AttemptResult> {
  const draft = { iteration: request.iteration, span_id: call.span_id };
  let answer: ChatAnswer;
  try {
    answer = await needs.chat.chat({ ...request.chat, messages }, call);
  } catch (thrown) {
    return infraFailure({ ...draft, raw: "", artifact: null, usage: null }, undefined, {
      reason: "model_failed",
      error: toLakehouseError(thrown),
    });
  }
  const artifact = extractJson(answer.content);
  const said = { ...draft, raw: answer.content, usage: answer.usage };
  if (artifact === undefined) {
    const attempt: Attempt = { ...said, artifact: null, verdict: "no_json", error: NO_JSON };
    return { attempt, answer, report: undefined, failed: undefined };
  }
  return judge(
    needs,
    request,
    { ...said, artifact: artifact as Attempt["artifact"] },
    answer,
    call,
  );
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
  try {
    const report = await needs.validate.validate(
      { kind, artifact: draft.artifact, context: { ...context } },
      call,
    );
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
  const failed = new LakehouseError(error.code, error.message, {
    reason: OF_THE_CALLER.has(error.reason) ? error.reason : reason,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    issues: error.issues,
    extra: { cause_reason: error.reason },
    cause: error,
  });
  const attempt: Attempt = { ...draft, verdict: "infra_error", error: { message: error.message } };
  return { attempt, answer, report: undefined, failed };
}

/** What is said to the model after a draft that was not accepted: its own words, then the error. */
export function feedback(attempt: Attempt): ChatMessage[] {
  const error = attempt.error as ValidationError;
  const advice =
    "The draft was not accepted. This is the validator's own error; mend the draft and answer " +
    "with the whole JSON object.";
  return [
    { role: "assistant", content: attempt.raw },
    { role: "user", content: `${advice}\n\n${renderError(error)}` },
  ];
}
