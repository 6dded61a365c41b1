// Embeddings that callers pay for: admitted by the ledger, and settled before they are answered.
import type { Call } from "#kernel/call.ts";
import { toLakehouseError } from "#kernel/problem.ts";
import type { AdmittedModel, CallLedger } from "#ports/call-ledger.ts";
import type { TextVectors, VectorSource } from "./text-vectors.ts";

/** Tokens that stand around each text. */
const FRAME_TOKENS = 2;

/**
 * The vectors, once their line of the ledger is durable. Errors: those of the source, and
 * `forbidden`, `rate_limited`, `unauthenticated` as the ledger has them.
 */
export async function meteredVectors(
  source: VectorSource,
  ledger: CallLedger | undefined,
  texts: readonly string[],
  asked: string | undefined,
  call: Call,
): Promise<TextVectors> {
  if (ledger === undefined) return source.vectors(texts, asked, call);
  const full_name = source.find(asked).model;
  const slash = full_name.indexOf("/");
  const [provider, model] = [full_name.slice(0, slash), full_name.slice(slash + 1)];
  const began = performance.now();
  const admitted = await ledger.admit({
    caller: call.principal,
    provider,
    model,
    trace_id: call.trace_id,
    span_id: call.span_id,
    task_class: undefined,
    stream: false,
    max_tokens: 0,
    promptTokensMax: () => tokensMax(texts),
  });
  const settle = settler(admitted, { provider, model, began });
  let answer: TextVectors;
  try {
    answer = await source.vectors(texts, asked, call);
  } catch (thrown) {
    await settle({ error: toLakehouseError(thrown).reason });
    throw thrown;
  }
  await settle({ answer });
  return answer;
}

function settler(
  admitted: AdmittedModel,
  who: { readonly provider: string; readonly model: string; readonly began: number },
) {
  const { began, ...named } = who;
  return ({ answer, error }: { answer?: TextVectors; error?: string }) => {
    const tokens = answer?.entries.reduce((sum, entry) => sum + entry.tokens, 0) ?? 0;
    const usage = { prompt_tokens: tokens, completion_tokens: 0, total_tokens: tokens };
    const all_cached = answer !== undefined && answer.cached === answer.entries.length;
    return admitted.settle({
      ...named,
      usage: answer === undefined ? undefined : usage,
      finish_reason: undefined,
      error,
      duration_ms: performance.now() - began,
      first_token_ms: undefined,
      cache: all_cached ? "hit" : "miss",
      retries: 0,
    });
  };
}

/** No token is shorter than a byte. */
function tokensMax(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text) + FRAME_TOKENS, 0);
}
