// How long an answer is, for limits and for the room that it takes.
import { LakehouseError } from "#kernel/problem.ts";
import { BESIDE_MESSAGE, type TokenUsage } from "#contracts/nouns.ts";
import type { ChatDelta } from "./chat-model.ts";
import { withUsage } from "./told-usage.ts";

/** All that a delta says, as `answer_characters_max` counts it. */
export function charactersOf(delta: ChatDelta): number {
  const { content, reasoning, refusal, tool_calls, other } = delta;
  let characters = content.length;
  if (other !== undefined) characters += lengthOfOthers(other);
  if (reasoning !== undefined) characters += reasoning.length;
  if (refusal !== undefined) characters += refusal.length;
  if (tool_calls !== undefined) {
    for (const piece of tool_calls) characters += charactersOfCall(piece);
  }
  return characters;
}

/** All that a delta holds, for the room that it takes. */
export function heldCharactersOf(delta: ChatDelta): number {
  return charactersOf(delta) + lengthOf(delta.other?.[BESIDE_MESSAGE]);
}

/** What stands beside the message (a provider's search results …) is not said. */
function lengthOfOthers(other: NonNullable<ChatDelta["other"]>): number {
  const { [BESIDE_MESSAGE]: _beside, ...said } = other;
  return Object.keys(said).length === 0 ? 0 : lengthOf(said);
}

/** For each piece of a call, so that pieces without any text come to an end too. */
const PIECE_CHARACTERS = 8;

function charactersOfCall(piece: unknown): number {
  if (typeof piece !== "object" || piece === null) return PIECE_CHARACTERS;
  let characters = PIECE_CHARACTERS;
  for (const [name, said] of Object.entries(piece)) {
    if (name === "index" || name === "id" || name === "type") continue;
    const values = typeof said === "object" && said !== null ? Object.values(said) : [said];
    for (const value of values) characters += lengthOf(value);
  }
  return characters;
}

function lengthOf(value: unknown): number {
  if (value === undefined || value === null) return 0;
  return typeof value === "string" ? value.length : JSON.stringify(value).length;
}

/** Its provider does what it can: this is a limit of ours. */
export function tooManyCharacters(
  provider: string,
  answer_characters_max: number,
  usage: TokenUsage | undefined,
): LakehouseError {
  const message = `${provider} sent more than ${answer_characters_max} characters`;
  const options = { reason: "bad_provider_answer", extra: { answer_characters_max } };
  return withUsage(new LakehouseError("unavailable", message, options), usage);
}
