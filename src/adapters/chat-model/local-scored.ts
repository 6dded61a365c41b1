// An answer of llama.cpp with the likelihood of each of its tokens, token by token.
import type { LlamaGrammar, Token } from "node-llama-cpp";
import type { TokenLogprob } from "#contracts/nouns.ts";
import type { ChatRequest } from "#ports/chat-model.ts";
import type { AnswerPiece } from "./local-messages.ts";
import { repeatPenaltyOf, samplingOf } from "./local-request.ts";
import { cancelled } from "./local-turns.ts";
import type { LoadedWeights } from "./local-weights.ts";

/** Tokens of a prompt that are read before it is looked whether anybody still waits. */
const READ_AT_ONCE = 128;
/** As node-llama-cpp's chat has it: what was said lately is less likely, unless it is JSON. */
const PUNISHED_TOKENS = 64;
/** What a token's text depends on. */
const TOKENS_BEFORE = 8;
/** With which node-llama-cpp's grammars of JSON end: whitespace that no JSON has. */
const GRAMMAR_END = "\n".repeat(4);
/** What cannot be is as unlikely as a number of JSON can say it, as OpenAI has it. */
const NEVER_LOGPROB = -9_999;

export interface ScoredPrompt {
  readonly prompt: readonly Token[];
  /** Sequences with which a turn ends, beside the end tokens. */
  readonly ends: readonly (readonly Token[])[];
  readonly maxTokens: number;
  readonly grammar: LlamaGrammar | undefined;
  readonly request: ChatRequest;
}

/**
 * Likelihoods are those that were sampled from: after penalties, temperature, top_p and the like,
 * the end token's too (its text is ""). Thoughts of a reasoning model stand in the text. Errors:
 * `cancelled`, those of the engine.
 */
export async function generateScored(
  { model, sequence, module }: LoadedWeights,
  { prompt, ends, maxTokens, grammar, request }: ScoredPrompt,
  onPiece: (piece: AnswerPiece) => void,
): Promise<"stop" | "length"> {
  const { signal, stop = [], top_logprobs = 0 } = request;
  const made: Token[] = [];
  // What the last prompt had in common with this one is not read again.
  await sequence.adaptStateToTokens(prompt.slice(0, -1), false);
  while (prompt.length - sequence.nextTokenIndex > READ_AT_ONCE) {
    if (signal.aborted) throw cancelled();
    const from = sequence.nextTokenIndex;
    await sequence.evaluateWithoutGeneratingNewTokens(prompt.slice(from, from + READ_AT_ONCE));
  }
  const punishTokens = () => made.slice(-PUNISHED_TOKENS);
  const steps = sequence.evaluateWithMetadata(
    prompt.slice(sequence.nextTokenIndex),
    { probabilities: true },
    {
      ...samplingOf(request),
      // End tokens are told too, and end it below.
      yieldEogToken: true,
      repeatPenalty: { punishTokens, ...repeatPenaltyOf(request, grammar !== undefined) },
      ...(grammar === undefined
        ? {}
        : { grammarEvaluationState: new module.LlamaGrammarEvaluationState({ model, grammar }) }),
    },
  );
  const stops = grammar === undefined ? stop : [...stop, GRAMMAR_END];
  const text = createHeldText(stops, onPiece);
  for await (const { token, probabilities } of steps) {
    if (signal.aborted) throw cancelled();
    const before = [...prompt.slice(-1), ...made].slice(-TOKENS_BEFORE);
    const textOf = (one: Token) => model.detokenize([one], false, before);
    const likely = likelihood(token, probabilities, top_logprobs, textOf);
    if (model.isEogToken(token)) return text.end(model.detokenize(made), likely);
    made.push(token);
    const ended = ends.find((tokens) => endsWith(made, tokens));
    if (ended !== undefined) {
      return text.end(model.detokenize(made.slice(0, -ended.length)), likely);
    }
    if (text.add(model.detokenize(made), likely)) return "stop";
    if (made.length >= maxTokens) {
      text.end(model.detokenize(made));
      return "length";
    }
  }
  return text.end(model.detokenize(made));
}

function endsWith(made: readonly Token[], tokens: readonly Token[]): boolean {
  const from = made.length - tokens.length;
  return tokens.length > 0 && from >= 0 && tokens.every((token, at) => made[from + at] === token);
}

/** Hands text on as far as no stop word can still begin in it, nor a character be half there. */
function createHeldText(stop: readonly string[], onPiece: (piece: AnswerPiece) => void) {
  const held = Math.max(0, ...stop.map((words) => words.length - 1));
  let told = 0;
  let logprobs: TokenLogprob[] = [];

  function tell(content: string): void {
    if (content === "" && logprobs.length === 0) return;
    onPiece({ content, ...(logprobs.length === 0 ? {} : { logprobs }) });
    told += content.length;
    logprobs = [];
  }

  return {
    /** Whether a stop word came: then all before it was told. */
    add(whole: string, likely: TokenLogprob): boolean {
      logprobs.push(likely);
      const from = Math.max(0, told - held);
      const places = stop.map((words) => whole.indexOf(words, from)).filter((at) => at >= 0);
      if (places.length > 0) {
        tell(whole.slice(told, Math.min(...places)));
        return true;
      }
      // A character of two halves is told whole.
      const last = whole.charCodeAt(whole.length - held - 1);
      const until = whole.length - held - (last >= 0xd800 && last < 0xdc00 ? 1 : 0);
      const ready = until > told ? whole.slice(told, until) : "";
      if (ready !== "" && !ready.endsWith("\uFFFD")) tell(ready);
      return false;
    },
    end(whole: string, likely?: TokenLogprob): "stop" {
      if (likely !== undefined) logprobs.push(likely);
      tell(whole.slice(told));
      return "stop";
    },
  };
}

/** A token as OpenAI tells it, with the `top` likeliest of its place. */
export function likelihood(
  token: Token,
  probabilities: ReadonlyMap<Token, number>,
  top: number,
  textOf: (token: Token) => string,
): TokenLogprob {
  const toldOf = (one: Token, probability: number | undefined) => {
    const text = textOf(one);
    return { token: text, logprob: logOf(probability), bytes: bytesOf(text) };
  };
  // The likeliest come first.
  const top_logprobs: ReturnType<typeof toldOf>[] = [];
  for (const [one, probability] of probabilities) {
    if (top_logprobs.length === top) break;
    top_logprobs.push(toldOf(one, probability));
  }
  return { ...toldOf(token, probabilities.get(token)), top_logprobs };
}

/** Null: a part of a character, whose own bytes its text does not tell. */
function bytesOf(text: string): number[] | null {
  return text.includes("\uFFFD") ? null : [...Buffer.from(text)];
}

function logOf(probability = 0): number {
  return probability > 0 ? Math.log(probability) : NEVER_LOGPROB;
}
