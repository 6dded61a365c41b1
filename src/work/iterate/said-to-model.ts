// The conversation with a model: what is said to it first, and after a draft that was refused.
import type { Attempt } from "#contracts/iterate.ts";
import type { ChatMessage, ValidationError } from "#contracts/nouns.ts";
import { renderError } from "#ports/context-bundle.ts";

interface Opening {
  readonly system?: string | undefined;
  readonly prompt: string;
}

export function openingMessages({ system, prompt }: Opening): ChatMessage[] {
  const asked: ChatMessage = { role: "user", content: prompt };
  return system === undefined ? [asked] : [{ role: "system", content: system }, asked];
}

/**
 * The conversation after a draft that was not accepted: the model's own words, then the error. Of a
 * draft without words (an empty answer, a refusal, a tool call) the error alone, in the turn before
 * it: many providers refuse an empty turn, and two turns in a row of one side.
 */
export function withFeedback(
  messages: readonly ChatMessage[],
  attempt: Attempt,
  guided: boolean,
): ChatMessage[] {
  const error = attempt.error as ValidationError;
  const told = guided ? inPlainWords(error) : `${ADVICE}\n\n${renderError(error)}`;
  if (attempt.raw.trim() === "") return withWords(messages, told);
  return [
    ...messages,
    { role: "assistant", content: attempt.raw },
    { role: "user", content: told },
  ];
}

const ADVICE =
  "The draft was not accepted. This is the validator's own error; mend the draft and answer " +
  "with the whole JSON object.";

/** A small model reads a sentence, not a document. */
function inPlainWords({ message, also = [] }: ValidationError): string {
  const faults = [message, ...also.map((one) => one.message)].join("; ");
  return `That was refused: ${faults}. Answer again, and differently.`;
}

/** The messages, with more words in the last one; the last is always the user's. */
export function withWords(
  messages: readonly ChatMessage[],
  words: string | undefined,
): ChatMessage[] {
  const last = messages.at(-1);
  if (words === undefined || last === undefined) return [...messages];
  return [...messages.slice(0, -1), { ...last, content: `${last.content as string}\n\n${words}` }];
}
