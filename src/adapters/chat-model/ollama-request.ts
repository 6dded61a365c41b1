// Translates between OpenAI's shapes, which the house speaks, and Ollama's /api/chat.
import { newSpanId } from "#kernel/ids.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { ChatMessage } from "#contracts/nouns.ts";
import type { ChatRequest } from "#ports/chat-model.ts";
import { argumentsOf, asObject } from "./openai-shapes.ts";
import { plainMessages } from "./plain-messages.ts";
import { unreadFields } from "./unread-fields.ts";

/** Sampling options that both know by the same name. */
const SAME_OPTIONS = ["top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty"];

const READ_FIELDS: ReadonlySet<string> = new Set([
  ...SAME_OPTIONS,
  "think",
  "reasoning_effort",
  "keep_alive",
]);

/** OpenAI's efforts that Ollama has another word for. */
const EFFORTS: Readonly<Record<string, unknown>> = { none: false, minimal: "low", xhigh: "high" };

/** What of a request has no place in `toOllamaRequest`. */
export function unreadByOllama({ extra, tools, tool_choice }: ChatRequest): string[] {
  // Without a choice it takes the tools as they come.
  const chosen =
    tools !== undefined && ![undefined, "auto", "none"].includes(tool_choice as string);
  return unreadFields(extra, READ_FIELDS, chosen ? ["tool_choice"] : []);
}

/** The body of POST /api/chat; what is not set is left out, so that the model's own values hold. */
export function toOllamaRequest(request: ChatRequest): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  if (request.temperature !== undefined) options["temperature"] = request.temperature;
  if (request.max_tokens !== undefined) options["num_predict"] = request.max_tokens;
  if (request.stop !== undefined) options["stop"] = request.stop;
  if (request.seed !== undefined) options["seed"] = request.seed;
  for (const name of SAME_OPTIONS) {
    if (request.extra?.[name] !== undefined) options[name] = request.extra[name];
  }
  const format = formatOf(request.response_format);
  const think = thinkOf(request.extra);
  const keep_alive = request.extra?.["keep_alive"];
  return {
    model: request.model,
    messages: toOllamaMessages(request.messages),
    stream: true,
    ...(Object.keys(options).length > 0 ? { options } : {}),
    ...(format === undefined ? {} : { format }),
    ...(think === undefined ? {} : { think }),
    ...(keep_alive === undefined ? {} : { keep_alive }),
    ...(request.top_logprobs === undefined ? {} : { logprobs: true }),
    ...(request.top_logprobs === undefined || request.top_logprobs === 0
      ? {}
      : { top_logprobs: request.top_logprobs }),
    // It has no tool_choice: tools that may not be called are not shown.
    ...(request.tools === undefined || request.tool_choice === "none"
      ? {}
      : { tools: request.tools }),
  };
}

/** Whether to think, and how much: in its own word, or in OpenAI's. */
function thinkOf(extra: ChatRequest["extra"]): unknown {
  const effort = extra?.["reasoning_effort"];
  return extra?.["think"] ?? (typeof effort === "string" ? (EFFORTS[effort] ?? effort) : undefined);
}

/** `json`, or the JSON schema itself, which some write beside the type `json_object`. */
function formatOf(response_format: ChatRequest["response_format"]): unknown {
  if (response_format?.["type"] === "json_object") return response_format["schema"] ?? "json";
  if (response_format?.["type"] !== "json_schema") return undefined;
  return asObject(response_format["json_schema"])?.["schema"] ?? "json";
}

/** A tool's result names its tool, where OpenAI's names the call. */
function toOllamaMessages(messages: readonly ChatMessage[]): Record<string, unknown>[] {
  const names = new Map<unknown, unknown>();
  return plainMessages(messages).map((message) => {
    const calls = message["tool_calls"];
    for (const call of Array.isArray(calls) ? calls.map(asObject) : []) {
      names.set(call?.["id"], asObject(call?.["function"])?.["name"]);
    }
    return toOllamaMessage(message, names.get(message["tool_call_id"]));
  });
}

function toOllamaMessage(message: ChatMessage, called: unknown): Record<string, unknown> {
  const role = message.role === "developer" ? "system" : message.role;
  const { text, images } = contentOf(message.content);
  const calls = message["tool_calls"];
  const tool_calls = Array.isArray(calls) ? calls.map(toOllamaToolCall) : undefined;
  const { reasoning_content: thinking } = message;
  const tool_name = role === "tool" ? (message["name"] ?? called) : undefined;
  return {
    role,
    content: text,
    ...(typeof thinking === "string" && thinking !== "" ? { thinking } : {}),
    ...(images.length > 0 ? { images } : {}),
    ...(tool_calls === undefined ? {} : { tool_calls }),
    ...(tool_name === undefined ? {} : { tool_name }),
  };
}

function contentOf(content: ChatMessage["content"]): { text: string; images: string[] } {
  if (content === undefined || content === null) return { text: "", images: [] };
  if (typeof content === "string") return { text: content, images: [] };
  const texts: string[] = [];
  const images: string[] = [];
  for (const part of content) {
    if (typeof part["text"] === "string") {
      texts.push(part["text"]);
      continue;
    }
    const url = asObject(part["image_url"])?.["url"];
    const base64 =
      typeof url === "string" ? /^data:[^,]*;base64,(.*)$/is.exec(url)?.[1] : undefined;
    if (base64 === undefined) throw unreadable(part.type);
    images.push(base64);
  }
  return { text: texts.join("\n"), images };
}

function unreadable(type: string): LakehouseError {
  return new LakehouseError("invalid", `a message part of type ${type} cannot be sent to Ollama`, {
    reason: "invalid_input",
    hint: "text can be sent, and images as base64 data URLs",
  });
}

function toOllamaToolCall(call: unknown): Record<string, unknown> {
  const wanted = asObject(asObject(call)?.["function"]) ?? {};
  return { function: { name: wanted["name"], arguments: argumentsOf(wanted["arguments"]) } };
}

/** Ollama's complete calls as OpenAI's deltas, counted on from `first_index`. */
export function fromOllamaToolCalls(calls: unknown, first_index: number) {
  if (!Array.isArray(calls)) return [];
  return calls.map((call, at) => {
    const wanted = asObject(asObject(call)?.["function"]) ?? {};
    const index = first_index + at;
    return {
      index,
      id: `call_${newSpanId()}`,
      type: "function",
      function: { name: wanted["name"], arguments: JSON.stringify(wanted["arguments"] ?? {}) },
    };
  });
}
