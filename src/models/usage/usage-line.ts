// The line of one call, or of one model of its chain, as `usage.jsonl` has it.
import type { UsageLine } from "#contracts/usage.ts";
import type { AskedModel, ModelOutcome } from "#ports/call-ledger.ts";
import type { Amount } from "./key-account.ts";
import { cachedTokens, cacheWriteTokens } from "./price-table.ts";

interface Costs {
  /** What budgets count. */
  readonly spent: Amount;
  /** Null: unknown. */
  readonly cost: number | null;
}

export function usageLine(
  asked: AskedModel,
  outcome: ModelOutcome,
  { spent, cost }: Costs,
  passed_on: boolean,
  time: string,
): UsageLine {
  const { provider, model, usage, cache } = outcome;
  return {
    schema: "usage.call.v1",
    time,
    trace_id: asked.trace_id,
    span_id: asked.span_id,
    caller: asked.caller.name,
    key_id: asked.caller.key_id ?? null,
    asked: `${asked.provider}/${asked.model}`,
    provider,
    model,
    task_class: asked.task_class ?? null,
    stream: asked.stream,
    prompt_tokens: usage?.prompt_tokens ?? null,
    completion_tokens: usage?.completion_tokens ?? null,
    total_tokens: usage?.total_tokens ?? null,
    cached_tokens: usage === undefined ? null : cachedTokens(usage),
    cache_write_tokens: usage === undefined ? null : cacheWriteTokens(usage),
    cost,
    charged_tokens: spent.tokens,
    charged_cost: spent.cost,
    latency_ms: rounded(outcome.duration_ms),
    first_token_ms: outcome.first_token_ms === undefined ? null : rounded(outcome.first_token_ms),
    cache,
    retries: outcome.retries,
    hedged: outcome.hedged ?? false,
    passed_on,
    finish_reason: outcome.finish_reason ?? null,
    error: outcome.error ?? null,
  };
}

/** Microseconds are enough. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
