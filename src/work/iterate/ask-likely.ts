// Asks a model how likely its words are; one that tells no likelihoods is asked without them.
import type { Call } from "#kernel/call.ts";
import { toLakehouseError } from "#kernel/problem.ts";
import type { ChatAnswer } from "#contracts/chat.ts";
import type { ChatMessage, TokenUsage } from "#contracts/nouns.ts";
import { REFUSALS, type AskedModel, type AskModel } from "./ask-model.ts";

/** A choice: constants by name. */
export type Item = Readonly<Record<string, unknown>>;

export interface Judged {
  /** Higher is likelier. */
  readonly scores: ReadonlyMap<Item, number>;
  /** Whoever judged; its usage is that of all questions of this time. */
  readonly answer: ChatAnswer;
}

/** What a model was asked about once is not asked again. */
export type Judge = (
  ask: AskModel,
  asked: AskedModel,
  options: readonly Item[],
  call: Call,
) => Promise<Judged>;

export const NO_USAGE: TokenUsage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

/** Likelihoods that are told of a place at most, by any provider. */
const TOLD_MAX = 20;
const LIKELIHOODS = { logprobs: true, top_logprobs: TOLD_MAX };

export function nameOf({ provider, model }: AskedModel): string {
  return `${provider ?? ""}/${model ?? ""}`;
}

/** Models that refuse likelihoods are remembered for as long as the asker is used. */
export function createLikelyAsker() {
  const silent = new Set<string>();

  return async (
    ask: AskModel,
    asked: AskedModel,
    messages: ChatMessage[],
    call: Call,
  ): Promise<ChatAnswer> => {
    const who = nameOf(asked);
    if (silent.has(who)) return ask(asked, messages, call);
    try {
      return await ask({ ...asked, ...LIKELIHOODS }, messages, call);
    } catch (thrown) {
      if (!REFUSALS.has(toLakehouseError(thrown).code)) throw thrown;
      const answer = await ask(asked, messages, call);
      // Without them it went well: it was they that were refused.
      silent.add(who);
      return answer;
    }
  };
}

/** What is asked once, also by drafts side by side; a question that failed is asked again. */
export function createAskedOnce<T extends { readonly answer: ChatAnswer }>() {
  const known = new Map<string, Promise<T>>();

  /** `usage` is told to whoever asked first. */
  return async (
    key: string,
    ask: () => Promise<T>,
  ): Promise<{ readonly told: T; readonly usage?: TokenUsage }> => {
    const before = known.get(key);
    if (before !== undefined) return { told: await before };
    const asked = ask();
    known.set(key, asked);
    asked.catch(() => known.delete(key));
    const told = await asked;
    return { told, usage: told.answer.usage };
  };
}
