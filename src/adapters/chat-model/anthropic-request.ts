// Translates an OpenAI-shaped request to the body of Anthropic's POST /v1/messages.
import type { ChatMessage } from "#contracts/nouns.ts";
import type { ChatRequest } from "#ports/chat-model.ts";
import { systemBlocks, systemText, thoughtsOf, toTurns, type Turn } from "./anthropic-messages.ts";
import { toAnthropicTools, toolChoiceOf } from "./anthropic-tools.ts";
import { asCount, asObject } from "./openai-shapes.ts";
import { plainMessages } from "./plain-messages.ts";
import { unreadFields } from "./unread-fields.ts";

type Loose = Readonly<Record<string, unknown>>;

/** The tool that a model is made to call when a JSON schema is asked for. */
export const JSON_TOOL = "answer_in_json";

/** Fields of an OpenAI request that the Messages API has under the same name. */
const SAME_FIELDS = ["top_p", "top_k", "thinking", "cache_control"];

const READ_FIELDS: ReadonlySet<string> = new Set([
  ...SAME_FIELDS,
  "metadata",
  "service_tier",
  "user",
  "parallel_tool_calls",
]);

/** What of a request has no place in `toAnthropicRequest`; likelihoods have a note of their own. */
export function unreadByAnthropic({ extra, seed }: ChatRequest): string[] {
  const metadata = Object.keys(asObject(extra?.["metadata"]) ?? {});
  return unreadFields(extra, READ_FIELDS, [
    ...metadata.filter((name) => name !== "user_id").map((name) => `metadata.${name}`),
    ...(seed === undefined ? [] : ["seed"]),
  ]);
}

export interface AnthropicRequest {
  readonly body: Record<string, unknown>;
  /** The answer comes as the input of JSON_TOOL, which is the content that was asked for. */
  readonly json_tool: boolean;
  /** What of it cannot be sent as things are. */
  readonly notes: readonly string[];
}

/**
 * What Anthropic has no field for (seed, penalties, logprobs …) is left out, with a note. System
 * and developer messages become its one `system` text. A JSON schema is a tool that must be called
 * (its own decoding holds to the schema); where that cannot be – other tools, thinking, a schema
 * that is no object – and for plain JSON mode it is an instruction. Errors: `invalid` (a part of a
 * message that Anthropic cannot read).
 */
export function toAnthropicRequest(
  request: ChatRequest,
  max_tokens_default: number,
): AnthropicRequest {
  const schema = schemaOf(request.response_format);
  const tools = request.tools?.length === 0 ? undefined : request.tools;
  const thinks = isThinking(request.extra);
  const json_tool = schema?.["type"] === "object" && tools === undefined && !thinks;
  const notes: string[] = [];
  const instruction = json_tool ? undefined : jsonInstruction(request.response_format, schema);
  const messages = plainMessages(request.messages);
  const body: Record<string, unknown> = {
    model: request.model,
    max_tokens: request.max_tokens ?? max_tokens_default,
    ...saidOf(messages, instruction, notes),
    stream: true,
  };
  const { temperature } = request;
  if (temperature !== undefined) body["temperature"] = Math.min(1, temperature);
  if (temperature !== undefined && temperature > 1) notes.push(hotNote(temperature));
  if (request.stop !== undefined) body["stop_sequences"] = request.stop;
  const cannot_think = thinks && answersUnthought(messages);
  if (cannot_think) notes.push(CANNOT_THINK);
  else if (request.max_tokens === undefined)
    body["max_tokens"] = max_tokens_default + budgetOf(request);
  for (const name of SAME_FIELDS) {
    if (name === "thinking" && cannot_think) continue;
    if (request.extra?.[name] !== undefined) body[name] = request.extra[name];
  }
  Object.assign(body, accountOf(request.extra, notes));
  if (json_tool) {
    const description = "Gives the answer. Call it once, with the whole answer.";
    body["tools"] = [{ name: JSON_TOOL, description, input_schema: schema }];
    body["tool_choice"] = { type: "tool", name: JSON_TOOL, disable_parallel_tool_use: true };
  } else if (tools !== undefined) Object.assign(body, toolsOf(request, tools, notes));
  return { body, json_tool, notes };
}

/** The conversation. Parts that mark what the prompt cache keeps need blocks to stand on. */
function saidOf(
  messages: readonly ChatMessage[],
  instruction: string | undefined,
  notes: string[],
) {
  const turns = toTurns(messages);
  const blocks = systemBlocks(messages);
  const instructed = instruction === undefined ? [] : [instruction];
  if (turns.length === 0 && blocks.length > 0) {
    notes.push(ONLY_SYSTEM);
    const alone: Turn = { role: "user", content: blocks };
    return { messages: [alone], ...(instruction === undefined ? {} : { system: instruction }) };
  }
  if (blocks.some(({ cache_control }) => cache_control !== undefined)) {
    const more = instructed.map((text) => ({ type: "text", text }));
    return { messages: turns, system: [...blocks, ...more] };
  }
  const told = systemText(messages);
  const texts = [...(told === undefined ? [] : [told]), ...instructed];
  return { messages: turns, ...(texts.length === 0 ? {} : { system: texts.join("\n\n") }) };
}

const ONLY_SYSTEM =
  "messages: the system message is sent as the user's, since Anthropic wants one of those";

/** Who asks, and at which of its tiers of service. */
function accountOf(extra: ChatRequest["extra"], notes: string[]): Loose {
  const { metadata, user, service_tier: tier } = extra ?? {};
  const named = asObject(metadata)?.["user_id"];
  const is_text = typeof named === "string";
  if (!is_text && (named ?? undefined) !== undefined) notes.push(USER_ID_NO_TEXT);
  const user_id = is_text ? named : user;
  const told = typeof user_id === "string" ? { metadata: { user_id } } : {};
  if (tier === undefined || tier === null) return told;
  const service_tier = TIERS.get(tier);
  if (service_tier !== undefined) return { ...told, service_tier };
  notes.push(`service_tier: Anthropic has no ${JSON.stringify(tier)}, left out`);
  return told;
}

const USER_ID_NO_TEXT = "metadata.user_id: Anthropic takes a text there, left out";

/** OpenAI's `default` asks for no priority. */
const TIERS: ReadonlyMap<unknown, string> = new Map([
  ["auto", "auto"],
  ["standard_only", "standard_only"],
  ["default", "standard_only"],
]);

function toolsOf(request: ChatRequest, wanted: readonly unknown[], notes: string[]): Loose {
  const { tools, left_out } = toAnthropicTools(wanted);
  if (left_out.length > 0) {
    notes.push(`tools: ${left_out.join(", ")} left out, since Anthropic's tools take JSON`);
  }
  if (tools.length === 0) return {};
  const asked = request.tool_choice ?? undefined;
  const choice = toolChoiceOf(asked, request.extra?.["parallel_tool_calls"]);
  const is_known = asked === undefined || toolChoiceOf(asked, true) !== undefined;
  if (!is_known) notes.push("tool_choice: Anthropic has no such choice, left out");
  return { tools, ...(choice === undefined ? {} : { tool_choice: choice }) };
}

/** Its scale ends at 1, OpenAI's at 2. */
function hotNote(temperature: number): string {
  return `temperature: 1 is sent instead of ${temperature}, where Anthropic's scale ends`;
}

const CANNOT_THINK =
  "thinking: left out, since the message whose tools are answered has no thinking_blocks";

function isThinking(extra: ChatRequest["extra"]): boolean {
  const thinking = extra?.["thinking"];
  return thinking !== undefined && asObject(thinking)?.["type"] !== "disabled";
}

/** Tokens of thoughts, which its `max_tokens` counts too and has to be more than. */
function budgetOf({ extra }: ChatRequest): number {
  const thinking = asObject(extra?.["thinking"]);
  return thinking?.["type"] === "enabled" ? asCount(thinking["budget_tokens"]) : 0;
}

/**
 * Whether results of tools are sent without the thoughts that led to their calls, which Anthropic
 * refuses while thinking is on (Building with extended thinking, Preserving thinking blocks).
 */
function answersUnthought(messages: readonly ChatMessage[]): boolean {
  const begun = messages.findLastIndex(({ role }) => role === "user");
  const first = messages.slice(begun + 1).find(({ role }) => role === "assistant");
  return messages.at(-1)?.role === "tool" && first !== undefined && thoughtsOf(first).length === 0;
}

function schemaOf(format: ChatRequest["response_format"]): Loose | undefined {
  // Together, Fireworks and llama.cpp take a schema beside this type.
  if (format?.["type"] === "json_object") return asObject(format["schema"]);
  if (format?.["type"] !== "json_schema") return undefined;
  return asObject(asObject(format["json_schema"])?.["schema"]);
}

function jsonInstruction(
  format: ChatRequest["response_format"],
  schema: Loose | undefined,
): string | undefined {
  if (format?.["type"] !== "json_object" && format?.["type"] !== "json_schema") return undefined;
  const only = "Answer with one JSON value and nothing else: no prose, no code fence.";
  return schema === undefined ? only : `${only} It matches this schema: ${JSON.stringify(schema)}`;
}
