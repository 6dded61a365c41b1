// Choices judged one by one: how likely a small model finds each to be right, best first.
import type { Call } from "#kernel/call.ts";
import { canonicalJson } from "#kernel/ids.ts";
import { toLakehouseError } from "#kernel/problem.ts";
import type { ChatAnswer } from "#contracts/chat.ts";
import type { ChatMessage, Judging, TokenUsage } from "#contracts/nouns.ts";
import { REFUSALS, sumOf, type AskedModel, type AskModel } from "./ask-model.ts";

export type Item = Readonly<Record<string, unknown>>;

/** Likelihoods that are told of a place at most, by any provider. */
const TOLD_MAX = 20;
/** What a word gets that is not among them. */
const UNTOLD = Math.log(1e-9);

export interface Judged {
  /** Higher is likelier: ln P(right) − ln P(wrong); ±1 where a provider tells no likelihoods. */
  readonly scores: ReadonlyMap<Item, number>;
  /** Whoever judged; its usage is that of all questions of this time. */
  readonly answer: ChatAnswer;
}

/** An option that a model has judged is not asked about again. */
export type Judge = (
  ask: AskModel,
  asked: AskedModel,
  options: readonly Item[],
  call: Call,
) => Promise<Judged>;

/**
 * Each option by itself, after the same examples: small models that cannot find the right one in a
 * list can tell right from wrong. The likelihood of the first word ranks them (pointwise relevance
 * generation: Liang et al., Holistic Evaluation of Language Models, 2022).
 */
export function createJudge(judging: Judging, saysOf: (item: Item) => string): Judge {
  const shown = exampleMessages(judging);
  const known = new Map<string, number>();
  let last: ChatAnswer | undefined;
  let likelihoods: typeof LIKELIHOODS | undefined = LIKELIHOODS;

  async function say(
    ask: AskModel,
    asked: AskedModel,
    says: string,
    call: Call,
  ): Promise<ChatAnswer> {
    const messages: ChatMessage[] = [...shown, { role: "user", content: says }];
    try {
      return await ask({ ...asked, ...likelihoods }, messages, call);
    } catch (thrown) {
      if (likelihoods === undefined || !REFUSALS.has(toLakehouseError(thrown).code)) throw thrown;
      // This model tells no likelihoods: its word has to do.
      likelihoods = undefined;
      return ask(asked, messages, call);
    }
  }

  return async (ask, { schema: _schema, choices: _choices, ...asked }, options, call) => {
    const one_word = { ...asked, temperature: 0, max_tokens: 1 };
    const scores = new Map<Item, number>();
    let usage: TokenUsage = NO_USAGE;
    for (const option of options) {
      const key = `${asked.provider ?? ""}/${asked.model ?? ""} ${canonicalJson(option)}`;
      let score = known.get(key);
      if (score === undefined) {
        last = await say(ask, one_word, saysOf(option), call);
        usage = sumOf(usage, last.usage);
        score = scoreOf(last, judging);
        known.set(key, score);
      }
      scores.set(option, score);
    }
    return { scores, answer: { ...last!, usage } };
  };
}

const LIKELIHOODS = { logprobs: true, top_logprobs: TOLD_MAX };
const NO_USAGE: TokenUsage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

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
