// Embedding and reranking that callers pay for: admitted by the ledger, settled before answered.
import type { TokenUsage } from "#contracts/nouns.ts";
import type { Call } from "#kernel/call.ts";
import { toLakehouseError } from "#kernel/problem.ts";
import type { CallLedger, ModelOutcome } from "#ports/call-ledger.ts";
import { toldUsage } from "#ports/told-usage.ts";
import { promptUsage } from "./embed-queue.ts";
import type { TextVectors } from "./text-vectors.ts";

/** Tokens that stand around each text. */
const FRAME_TOKENS = 2;

export interface MeteredWork<T> {
  readonly operation: "embeddings" | "rerank";
  /** `provider/model`. */
  readonly full_name: string;
  /** An upper bound; asked for only where a budget needs it. */
  readonly tokensMax: () => number;
  readonly ask: () => Promise<T>;
  readonly spent: (answer: T) => Spent;
}

interface Spent {
  /** Undefined: nobody said. */
  readonly usage: TokenUsage | undefined;
  readonly cache: "miss" | "hit";
}

/**
 * The answer, once its line of the ledger is durable. Errors: those of the work, and `forbidden`,
 * `rate_limited`, `unauthenticated` as the ledger has them.
 */
export async function metered<T>(
  ledger: CallLedger | undefined,
  call: Call,
  work: MeteredWork<T>,
): Promise<T> {
  if (ledger === undefined) return work.ask();
  const slash = work.full_name.indexOf("/");
  const provider = work.full_name.slice(0, slash);
  const model = work.full_name.slice(slash + 1);
  const began = performance.now();
  const admitted = await ledger.admit({
    caller: call.principal,
    operation: work.operation,
    provider,
    model,
    trace_id: call.trace_id,
    span_id: call.span_id,
    task_class: undefined,
    stream: false,
    max_tokens: 0,
    promptTokensMax: work.tokensMax,
  });
  const settle = (end: Pick<ModelOutcome, "usage" | "cache" | "error" | "broke_off">) => {
    const duration_ms = performance.now() - began;
    // Whoever answers without saying what it took is charged what was held for it.
    const unsaid = end.error === undefined && end.usage === undefined;
    const first_token_ms = unsaid ? duration_ms : undefined;
    // Nor does leaving make free what was asked for: others may read it from the cache.
    const sent = end.error !== undefined;
    const rest = { duration_ms, first_token_ms, sent, finish_reason: undefined, retries: 0 };
    return admitted.settle({ provider, model, ...end, ...rest });
  };
  let answer: T;
  try {
    answer = await work.ask();
  } catch (thrown) {
    const failure = toLakehouseError(thrown);
    const broke_off = failure.extra["broke_off"] === true;
    await settle({ usage: toldUsage(failure), cache: "miss", error: failure.reason, broke_off });
    throw thrown;
  }
  await settle({ ...work.spent(answer), error: undefined });
  return answer;
}

/** What vectors cost: the tokens of the texts that the cache had not. */
export function spentOnVectors({ entries, cached, computed }: TextVectors): Spent {
  if (cached === entries.length) return { usage: promptUsage(entries), cache: "hit" };
  return { usage: promptUsage(computed), cache: "miss" };
}

/** No token is shorter than a byte. */
export function tokensMax(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text) + FRAME_TOKENS, 0);
}
