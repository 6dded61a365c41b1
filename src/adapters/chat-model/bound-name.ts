// Under which of OpenAI's two names a model takes the bound of its answer.
import type { HttpResponse } from "#kernel/http-client.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { BoundName, ChatRequest } from "#ports/chat-model.ts";

const REMEMBERED_MAX = 1_000;
/** Callers choose how long the names of models are. */
const MODEL_LENGTH_MAX = 500;

export interface BoundNaming {
  /** The caller's name, unless the model is known to want the other one. */
  nameFor(request: ChatRequest): BoundName;
  /**
   * Sends once more, under the other name, where the provider refused `name` with 400 or 422; else
   * throws its `error`. What the model wants is remembered, so that it costs one request once.
   */
  sendRenamed(
    request: ChatRequest,
    name: BoundName,
    error: unknown,
    send: (name: BoundName) => Promise<HttpResponse>,
  ): Promise<HttpResponse>;
}

export function createBoundNaming(): BoundNaming {
  const wanted = new Map<string, BoundName>();
  return {
    nameFor: ({ model, max_tokens_name }) => wanted.get(model) ?? max_tokens_name ?? "max_tokens",
    async sendRenamed({ model, max_tokens, tally }, name, error, send) {
      if (max_tokens === undefined || !isOfName(error, name)) throw error;
      const other = name === "max_tokens" ? "max_completion_tokens" : "max_tokens";
      if (tally !== undefined) tally.retries++;
      // Where it takes neither, what it says of the first is told.
      const response = await send(other).catch((second: unknown) => {
        throw isOfName(second, other) ? error : second;
      });
      if (wanted.size >= REMEMBERED_MAX) wanted.clear();
      if (model.length <= MODEL_LENGTH_MAX) wanted.set(model, other);
      return response;
    },
  };
}

/** How servers say that they do not know a field, or take it no more. */
const NOT_TAKEN =
  /not supported|unsupported|not permitted|not allowed|unexpected|unknown|unrecognized|extra/i;

/** Whether a refusal is of the name, and not of the number. */
function isOfName(error: unknown, name: BoundName): boolean {
  if (!(error instanceof LakehouseError)) return false;
  const { message, extra } = error;
  if (extra["provider_status"] !== 400 && extra["provider_status"] !== 422) return false;
  // Whoever names the newer one where the older was sent wants it.
  if (name === "max_tokens" && message.includes("max_completion_tokens")) return true;
  return message.includes(name) && NOT_TAKEN.test(message);
}
