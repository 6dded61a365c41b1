// A span for each model call: who was asked, who answered, what it used, as OpenTelemetry names it.
import type { EventInput } from "#contracts/observe.ts";
import { isoOf } from "#kernel/clock.ts";
import { newSpanId } from "#kernel/ids.ts";
import { GEN_AI, MODEL_CALL, OWN } from "#kernel/span-names.ts";
import type { AdmittedModel, AskedModel, CallLedger, ModelOutcome } from "#ports/call-ledger.ts";

/** The same ledger (or none), and `tell` hears of each call that was let in, once it is over. */
export function witnessedLedger(
  ledger: CallLedger | undefined,
  tell: (event: EventInput) => void,
): CallLedger {
  const costOf = (outcome: ModelOutcome) => ledger?.costOf(outcome) ?? null;
  return {
    costOf,
    admit(asked) {
      let started_ms = Date.now();
      let asked_now = asked;
      const witnessed = (admitted: AdmittedModel | undefined): AdmittedModel => {
        const own: Filled<AdmittedModel> = {
          // Known from the start: who is asked puts its own spans below it.
          span_id: newSpanId(),
          covers: (provider, model) => admitted?.covers(provider, model) ?? true,
          lost(outcome, next) {
            const began_ms = Date.now() - outcome.duration_ms;
            const id = next === undefined ? newSpanId() : own.span_id!;
            tell(modelEvent(asked_now, outcome, costOf(outcome), began_ms, id));
            if (next !== undefined) {
              asked_now = { ...asked, ...next };
              started_ms = Date.now();
              own.span_id = newSpanId();
            }
            return admitted?.lost(outcome, next) ?? Promise.resolve();
          },
          settle(outcome) {
            tell(modelEvent(asked_now, outcome, costOf(outcome), started_ms, own.span_id!));
            return admitted?.settle(outcome) ?? Promise.resolve();
          },
        };
        return own;
      };
      return ledger === undefined
        ? Promise.resolve(witnessed(undefined))
        : ledger.admit(asked).then(witnessed);
    },
  };
}

/** Filled field by field: made of spreads it costs as much as all the rest of the witness. */
type Filled<T> = { -readonly [K in keyof T]: T[K] };

function modelEvent(
  asked: AskedModel,
  outcome: ModelOutcome,
  cost: number | null,
  started_ms: number,
  span_id: string,
): EventInput {
  const { error, duration_ms } = outcome;
  const event: Filled<EventInput> = {
    source: MODEL_CALL[asked.operation].source,
    endpoint: MODEL_CALL[asked.operation].endpoint,
    timestamp: isoOf(started_ms),
    success: error === undefined,
    duration_ms,
    trace_id: asked.trace_id,
    span_id,
    principal: asked.caller.name,
    details: { span_kind: "client", attributes: genAiAttributes(asked, outcome, cost) },
  };
  if (error !== undefined) event.error = error;
  if (asked.span_id !== "") event.parent_span_id = asked.span_id;
  if (asked.task_class !== undefined) event.task_class = asked.task_class;
  return event;
}

type GenAiAttributes = Record<string, string | number | boolean | string[]>;

/** Attributes of an inference span; what is not known is left out. */
function genAiAttributes(
  asked: AskedModel,
  outcome: ModelOutcome,
  cost: number | null,
): GenAiAttributes {
  const { usage, finish_reason, first_token_ms } = outcome;
  const attributes: GenAiAttributes = {
    [GEN_AI.operation_name]: asked.operation,
    [GEN_AI.provider_name]: outcome.provider,
    [GEN_AI.request_model]: asked.model,
    [GEN_AI.response_model]: outcome.model,
    [GEN_AI.request_stream]: asked.stream,
    [OWN.cache]: outcome.cache,
    [OWN.retries]: outcome.retries,
  };
  if (asked.max_tokens !== undefined) attributes[GEN_AI.request_max_tokens] = asked.max_tokens;
  if (finish_reason !== undefined) attributes[GEN_AI.response_finish_reasons] = [finish_reason];
  if (first_token_ms !== undefined) {
    attributes[GEN_AI.response_first_chunk_s] = first_token_ms / 1000;
  }
  if (usage !== undefined) {
    attributes[GEN_AI.usage_input_tokens] = usage.prompt_tokens;
    attributes[GEN_AI.usage_output_tokens] = usage.completion_tokens;
  }
  if (cost !== null) attributes[OWN.cost] = cost;
  return attributes;
}
