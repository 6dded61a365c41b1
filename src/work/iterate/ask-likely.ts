// Asks a model how likely its words are; one that tells no likelihoods is asked without them.
import { throwIfOver, type Call } from "#kernel/call.ts";
import { toLakehouseError } from "#kernel/problem.ts";
import type { ChatAnswer } from "#contracts/chat.ts";
import type { ChatMessage } from "#contracts/nouns.ts";
import { REFUSALS, type AskedModel, type AskModel } from "./ask-model.ts";
import { passedLimit } from "./in-time.ts";

/** A choice: constants by name. */
export type Item = Readonly<Record<string, unknown>>;

export interface Judged {
  /** Higher is likelier. */
  readonly scores: ReadonlyMap<Item, number>;
  /** Of whoever judged. */
  readonly answer: ChatAnswer;
}

/** What a model was asked about once is not asked again. */
export type Judge = (
  ask: AskModel,
  asked: AskedModel,
  options: readonly Item[],
  call: Call,
) => Promise<Judged>;

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

/**
 * What is asked once, also by drafts side by side. One that fails is no failure of the others: of
 * those who only waited for a question that failed each asks it itself in the end. Whoever was late
 * is not asked again: the limit has passed for all of them. Whoever was silent is asked once more.
 */
export function createAskedOnce<T>() {
  const known = new Map<string, Promise<T>>();

  function askFirst(key: string, ask: () => Promise<T>): Promise<T> {
    const asked = ask();
    known.set(key, asked);
    asked.catch(() => known.delete(key));
    return asked;
  }

  return async (key: string, ask: () => Promise<T>, call: Call): Promise<T> => {
    let silences = 0;
    for (let before = known.get(key); before !== undefined; before = known.get(key)) {
      try {
        return await before;
      } catch (error) {
        throwIfOver(call);
        const failed = toLakehouseError(error);
        if (failed.extra["silent_ms"] !== undefined) silences++;
        if (passedLimit(failed) || silences === 2) throw error;
      }
    }
    return askFirst(key, ask);
  };
}
