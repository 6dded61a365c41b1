// Choices judged one by one: how likely a small model finds each to be right, best first.
import { canonicalJson } from "#kernel/ids.ts";
import type { ChatAnswer } from "#contracts/chat.ts";
import type { ChatMessage, Judging } from "#contracts/nouns.ts";
import { createAskedOnce, createLikelyAsker, nameOf } from "./ask-likely.ts";
import type { Item, Judge } from "./ask-likely.ts";

/** What a word gets that is not among the likely ones. */
const UNTOLD = Math.log(1e-9);

/**
 * Each option by itself, after the same examples: small models that cannot find the right one in a
 * list can tell right from wrong. The likelihood of the first word ranks them (pointwise relevance
 * generation: Liang et al., Holistic Evaluation of Language Models, 2022): scores are
 * ln P(right) − ln P(wrong), or ±1 where a provider tells no likelihoods.
 */
export function createJudge(judging: Judging, saysOf: (item: Item) => string): Judge {
  const shown = exampleMessages(judging);
  const once = createAskedOnce<Answered>();
  const ask = createLikelyAsker();

  return async (asking, { schema: _schema, choices: _choices, ...asked }, options, call) => {
    const one_word = { ...asked, temperature: 0, max_tokens: 1 };
    const scores = new Map<Item, number>();
    let last: Answered | undefined;
    for (const option of options) {
      const key = `${nameOf(asked)} ${canonicalJson(option)}`;
      const judgeOne = async () => {
        const messages: ChatMessage[] = [...shown, { role: "user", content: saysOf(option) }];
        const answer = await ask(asking, one_word, messages, call);
        return { answer, score: scoreOf(answer, judging) };
      };
      last = await once(key, judgeOne, call);
      scores.set(option, last.score);
    }
    return { scores, answer: last!.answer };
  };
}

interface Answered {
  readonly answer: ChatAnswer;
  readonly score: number;
}

function exampleMessages({ instruction, right, wrong, examples }: Judging): ChatMessage[] {
  const turns = examples.flatMap((one): ChatMessage[] => [
    { role: "user", content: one.says },
    { role: "assistant", content: one.right ? right : wrong },
  ]);
  return [{ role: "system", content: instruction }, ...turns];
}

function scoreOf({ content, logprobs }: ChatAnswer, { right, wrong }: Judging): number {
  const told = logprobs?.[0]?.top_logprobs;
  if (told === undefined || told.length === 0) {
    const said = content.trim().toLowerCase();
    return begins(right, said) ? 1 : begins(wrong, said) ? -1 : 0;
  }
  const likelihood = (word: string) =>
    told
      .filter(({ token }) => begins(word, token.trim().toLowerCase()))
      .reduce((sum, { logprob }) => sum + Math.exp(logprob), 0);
  const lnOf = (word: string) => Math.max(UNTOLD, Math.log(likelihood(word)));
  return lnOf(right) - lnOf(wrong);
}

/** Whether a token, or a whole answer, is the beginning of a word or the word with what follows. */
function begins(word: string, said: string): boolean {
  const wanted = word.toLowerCase();
  return said !== "" && (wanted.startsWith(said) || said.startsWith(wanted));
}
