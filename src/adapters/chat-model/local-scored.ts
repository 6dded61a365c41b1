// An answer of llama.cpp in one piece, with the likelihood of each of its tokens.
import type { LlamaGrammar, Token } from "node-llama-cpp";
import type { TokenLogprob } from "#contracts/nouns.ts";
import type { ChatDelta, ChatRequest } from "#ports/chat-model.ts";
import { cancelled } from "./local-turns.ts";
import type { LoadedWeights } from "./local-weights.ts";

/** Tokens of a prompt that are read before it is looked whether anybody still waits. */
const READ_AT_ONCE = 128;

export interface ScoredPrompt {
  readonly prompt: readonly Token[];
  readonly maxTokens: number;
  readonly grammar: LlamaGrammar | undefined;
  readonly request: ChatRequest;
}

type Scored = Required<Pick<ChatDelta, "content" | "finish_reason" | "logprobs">>;

/**
 * Likelihoods are those that were sampled from: after temperature, top_p and the like where these
 * are set, else the model's own. Errors: `cancelled`, those of the engine.
 */
export async function generateScored(
  { model, sequence, module }: LoadedWeights,
  { prompt, maxTokens, grammar, request }: ScoredPrompt,
): Promise<Scored> {
  const { temperature, seed, stop = [], signal, extra, top_logprobs = 0 } = request;
  const held =
    grammar === undefined
      ? {}
      : { grammarEvaluationState: new module.LlamaGrammarEvaluationState({ model, grammar }) };
  const sampling = { topP: extra?.["top_p"], topK: extra?.["top_k"], minP: extra?.["min_p"] };
  const numbers = Object.entries(sampling).filter(([, value]) => typeof value === "number");
  const options = {
    temperature: temperature ?? 0,
    ...(seed === undefined ? {} : { seed }),
    ...Object.fromEntries(numbers),
    ...held,
    // End tokens are told too, and end it below.
    yieldEogToken: true,
  };
  // What the last prompt had in common with this one is not read again.
  await sequence.adaptStateToTokens(prompt.slice(0, -1), false);
  while (prompt.length - sequence.nextTokenIndex > READ_AT_ONCE) {
    if (signal.aborted) throw cancelled();
    const from = sequence.nextTokenIndex;
    const part = prompt.slice(from, from + READ_AT_ONCE);
    await sequence.evaluateWithoutGeneratingNewTokens(part);
  }
  const unread = prompt.slice(sequence.nextTokenIndex);
  const made: Token[] = [];
  const logprobs: TokenLogprob[] = [];
  const end = (content: string, finish_reason: "stop" | "length") => {
    return { content, finish_reason, logprobs };
  };
  const steps = sequence.evaluateWithMetadata(unread, { probabilities: true }, options);
  for await (const { token, probabilities } of steps) {
    if (signal.aborted) throw cancelled();
    if (model.isEogToken(token)) break;
    // A token's text depends on those before it: a space may belong to it or not.
    const textOf = (one: Token) => model.detokenize([one], false, [...prompt.slice(-1), ...made]);
    logprobs.push(likelihood(token, probabilities, top_logprobs, textOf));
    made.push(token);
    const content = model.detokenize(made);
    const at = stop.map((words) => content.indexOf(words)).filter((place) => place >= 0);
    if (at.length > 0) return end(content.slice(0, Math.min(...at)), "stop");
    if (made.length >= maxTokens) return end(content, "length");
  }
  return end(model.detokenize(made), "stop");
}

function likelihood(
  token: Token,
  probabilities: ReadonlyMap<Token, number>,
  top: number,
  textOf: (token: Token) => string,
): TokenLogprob {
  const told = { token: textOf(token), logprob: logOf(probabilities.get(token)) };
  if (top === 0) return told;
  // The likeliest come first.
  const top_logprobs: { token: string; logprob: number }[] = [];
  for (const [one, probability] of probabilities) {
    if (top_logprobs.length === top) break;
    top_logprobs.push({ token: textOf(one), logprob: logOf(probability) });
  }
  return { ...told, top_logprobs };
}

/** What cannot be is as unlikely as a number of JSON can say it, as OpenAI has it. */
const NEVER_LOGPROB = -9_999;

function logOf(probability = 0): number {
  return probability > 0 ? Math.log(probability) : NEVER_LOGPROB;
}
