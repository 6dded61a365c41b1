// Translates an OpenAI-shaped request to the body of Anthropic's POST /v1/messages.
import { LakehouseError } from "#kernel/problem.ts";
import type { ChatMessage } from "#contracts/nouns.ts";
import type { ChatRequest } from "#ports/chat-model.ts";
import { argumentsOf, asCount, asObject } from "./openai-shapes.ts";
import { unreadFields } from "./unread-fields.ts";

type Loose = Readonly<Record<string, unknown>>;

/** The tool that a model is made to call when a JSON schema is asked for. */
export const JSON_TOOL = "answer_in_json";

/** Fields of an OpenAI request that the Messages API has under the same name. */
const SAME_FIELDS = ["top_p", "top_k", "metadata", "thinking", "service_tier"];

const READ_FIELDS: ReadonlySet<string> = new Set([...SAME_FIELDS, "user", "parallel_tool_calls"]);

/** What of a request has no place in `toAnthropicRequest`; likelihoods have a note of their own. */
export function unreadByAnthropic({ extra, seed }: ChatRequest): string[] {
  return unreadFields(extra, READ_FIELDS, seed === undefined ? [] : ["seed"]);
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
  const system = [
    ...request.messages.filter(isSystem).map(({ content }) => textOf(content)),
    ...(instruction === undefined ? [] : [instruction]),
  ].filter((text) => text.trim() !== "");
  const body: Record<string, unknown> = {
    model: request.model,
    max_tokens: request.max_tokens ?? max_tokens_default,
    messages: toTurns(request.messages),
    stream: true,
  };
  if (system.length > 0) body["system"] = system.join("\n\n");
  const { temperature } = request;
  if (temperature !== undefined) body["temperature"] = Math.min(1, temperature);
  if (temperature !== undefined && temperature > 1) notes.push(hotNote(temperature));
  if (request.stop !== undefined) body["stop_sequences"] = request.stop;
  const cannot_think = thinks && answersUnthought(request.messages);
  if (cannot_think) notes.push(CANNOT_THINK);
  else if (request.max_tokens === undefined)
    body["max_tokens"] = max_tokens_default + budgetOf(request);
  for (const name of SAME_FIELDS) {
    if (name === "thinking" && cannot_think) continue;
    if (request.extra?.[name] !== undefined) body[name] = request.extra[name];
  }
  const user = request.extra?.["user"];
  if (typeof user === "string") body["metadata"] ??= { user_id: user };
  if (json_tool) {
    const description = "Gives the answer. Call it once, with the whole answer.";
    body["tools"] = [{ name: JSON_TOOL, description, input_schema: schema }];
    body["tool_choice"] = { type: "tool", name: JSON_TOOL, disable_parallel_tool_use: true };
  } else if (tools !== undefined) {
    body["tools"] = tools.map(toAnthropicTool);
    const choice = toolChoiceOf(request.tool_choice, request.extra?.["parallel_tool_calls"]);
    if (choice !== undefined) body["tool_choice"] = choice;
    const asked = request.tool_choice ?? undefined;
    const is_known = asked === undefined || toolChoiceOf(asked, true) !== undefined;
    if (!is_known) notes.push("tool_choice: Anthropic has no such choice, left out");
  }
  return { body, json_tool, notes };
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

/** As an answer of ours tells them. */
function thoughtsOf(message: ChatMessage): Loose[] {
  const blocks: unknown = message["thinking_blocks"];
  if (!Array.isArray(blocks)) return [];
  return blocks.map(asObject).filter((block) => block !== undefined);
}

function schemaOf(format: ChatRequest["response_format"]): Loose | undefined {
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

function isSystem({ role }: ChatMessage): boolean {
  return role === "system" || role === "developer";
}

interface Turn {
  readonly role: "user" | "assistant";
  readonly content: Loose[];
}

/** Turns in the order of the messages; those of one role are joined; tool results are a user's. */
function toTurns(messages: readonly ChatMessage[]): Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    if (isSystem(message)) continue;
    const role = message.role === "assistant" ? "assistant" : "user";
    const last = turns.at(-1);
    const blocks = toBlocks(message);
    if (last?.role === role) last.content.push(...blocks);
    else turns.push({ role, content: blocks });
  }
  return turns.filter(({ content }) => content.length > 0);
}

function toBlocks(message: ChatMessage): Loose[] {
  const blocks = contentBlocks(message.content);
  if (message.role === "tool") {
    const tool_use_id = message["tool_call_id"];
    const content = blocks.length > 0 ? { content: blocks } : {};
    return [{ type: "tool_result", tool_use_id, ...content }];
  }
  if (message.role !== "assistant") return blocks;
  const calls = message["tool_calls"];
  const uses: Loose[] = Array.isArray(calls) ? calls.map(toToolUse) : [];
  return [...thoughtsOf(message), ...blocks, ...uses];
}

/** Text that is empty, or of white space alone, is left out: Anthropic refuses it. */
function contentBlocks(content: ChatMessage["content"]): Loose[] {
  if (content === undefined || content === null) return [];
  const parts = typeof content === "string" ? [{ type: "text", text: content }] : content;
  return parts.filter(({ text }) => typeof text !== "string" || text.trim() !== "").map(toBlock);
}

/** A part of a message; what stands in Anthropic's own shape already is passed on. */
function toBlock(part: Loose): Loose {
  const { type } = part;
  if (type === "image_url") return toImage(part);
  if (type === "refusal") return { type: "text", text: part["refusal"] };
  if (type === "input_audio" || type === "file") {
    const message = `a message part of type ${type} cannot be sent to Anthropic`;
    throw new LakehouseError("invalid", message, {
      reason: "invalid_input",
      hint: "text and image_url can be sent, and Anthropic's own blocks, e.g. document",
    });
  }
  return part;
}

function toImage(part: Loose): Loose {
  const url = asObject(part["image_url"])?.["url"];
  const text = typeof url === "string" ? url : "";
  const data = /^data:([^;,]+)(?:;[^,]*?)?;base64,(.+)$/is.exec(text);
  if (data !== null) {
    const media_type = data[1]!.toLowerCase();
    return { type: "image", source: { type: "base64", media_type, data: data[2] } };
  }
  if (/^https?:/i.test(text)) return { type: "image", source: { type: "url", url: text } };
  throw new LakehouseError("invalid", "image_url.url is neither a base64 data URL nor http(s)", {
    reason: "invalid_input",
  });
}

function toToolUse(call: unknown): Loose {
  const wanted = asObject(asObject(call)?.["function"]) ?? {};
  const id = asObject(call)?.["id"];
  return { type: "tool_use", id, name: wanted["name"], input: argumentsOf(wanted["arguments"]) };
}

function toAnthropicTool(tool: unknown): unknown {
  const wanted = asObject(asObject(tool)?.["function"]);
  if (wanted === undefined) return tool;
  const { name, description, parameters } = wanted;
  const input_schema = parameters ?? { type: "object", properties: {} };
  return { name, ...(description === undefined ? {} : { description }), input_schema };
}

function toolChoiceOf(choice: unknown, parallel: unknown): Loose | undefined {
  const alone = parallel === false ? { disable_parallel_tool_use: true } : {};
  const told = asObject(choice);
  if (choice === "none" || told?.["type"] === "none") return { type: "none" };
  if (choice === "required") return { type: "any", ...alone };
  const name = asObject(told?.["function"])?.["name"];
  if (name !== undefined) return { type: "tool", name, ...alone };
  if (told !== undefined && OWN_CHOICES.has(told["type"])) return { ...told, ...alone };
  return choice === "auto" || parallel === false ? { type: "auto", ...alone } : undefined;
}

/** As Anthropic spells them. */
const OWN_CHOICES: ReadonlySet<unknown> = new Set(["auto", "any", "tool", "none"]);

function textOf(content: ChatMessage["content"]): string {
  if (typeof content === "string") return content;
  return (content ?? [])
    .map((part) => (typeof part["text"] === "string" ? part["text"] : ""))
    .join("\n");
}
