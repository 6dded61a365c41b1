// Translates an OpenAI-shaped request to what llama.cpp's chat takes: a history, tools, a grammar.
import type {
  ChatHistoryItem,
  ChatModelFunctionCall,
  ChatModelFunctions,
  GbnfJsonSchema,
} from "node-llama-cpp";
import { LakehouseError } from "#kernel/problem.ts";
import type { ChatMessage } from "#contracts/nouns.ts";
import type { ChatRequest } from "#ports/chat-model.ts";
import { asObject } from "./openai-shapes.ts";

/** The conversation; a tool's result stands in the call it answers. Errors: `invalid` (images). */
export function toHistory(messages: readonly ChatMessage[]): ChatHistoryItem[] {
  const history: ChatHistoryItem[] = [];
  const calls = new Map<unknown, ChatModelFunctionCall>();
  for (const message of messages) {
    const text = textOf(message);
    if (message.role === "tool") {
      const call = calls.get(message["tool_call_id"]);
      if (call === undefined) throw invalid("a tool message answers no call that was made");
      call.result = readJson(text);
    } else if (message.role === "assistant") {
      const made = toolCallsOf(message);
      for (const { id, call } of made) calls.set(id, call);
      const said = text === "" ? [] : [text];
      history.push({ type: "model", response: [...said, ...made.map(({ call }) => call)] });
    } else {
      history.push({ type: message.role === "user" ? "user" : "system", text });
    }
  }
  return history;
}

/** Tools by name; undefined when none may be called. */
export function toFunctions(request: ChatRequest): ChatModelFunctions | undefined {
  if (request.tools === undefined || request.tool_choice === "none") return undefined;
  const functions: Record<string, { description?: string; params?: GbnfJsonSchema }> = {};
  for (const tool of request.tools) {
    const wanted = asObject(asObject(tool)?.["function"]);
    const name = wanted?.["name"];
    if (typeof name !== "string") throw invalid("local models take tools of type function only");
    const { description, parameters } = wanted!;
    functions[name] = {
      ...(typeof description === "string" ? { description } : {}),
      ...(parameters === undefined ? {} : { params: toGrammarSchema(parameters) }),
    };
  }
  return Object.keys(functions).length > 0 ? functions : undefined;
}

/** The schema that the answer is held to; `json`: any JSON; undefined: any text. */
export function toGrammarKind(
  format: ChatRequest["response_format"],
): GbnfJsonSchema | "json" | undefined {
  if (format?.["type"] === "json_object") return "json";
  if (format?.["type"] !== "json_schema") return undefined;
  const schema = asObject(asObject(format["json_schema"])?.["schema"]);
  return schema === undefined ? "json" : toGrammarSchema(schema);
}

/** Grammars know oneOf; anyOf is the same to a generator. What they do not know only loosens. */
function toGrammarSchema(schema: unknown): GbnfJsonSchema {
  if (Array.isArray(schema)) return schema.map(toGrammarSchema) as unknown as GbnfJsonSchema;
  const object = asObject(schema);
  if (object === undefined) return schema as GbnfJsonSchema;
  const entries = Object.entries(object).map(([key, value]) => {
    // What stands under these is data or names, not schemas.
    if (key === "enum" || key === "const" || key === "required") return [key, value];
    if (key !== "properties" && key !== "$defs") {
      return [key === "anyOf" ? "oneOf" : key, toGrammarSchema(value)];
    }
    const inner = Object.entries(asObject(value) ?? {});
    return [key, Object.fromEntries(inner.map(([name, one]) => [name, toGrammarSchema(one)]))];
  });
  return Object.fromEntries(entries) as GbnfJsonSchema;
}

/** What is not set is left out: llama.cpp then takes the likeliest token each time. */
export function samplingOf({ temperature, seed, extra }: ChatRequest): Record<string, number> {
  const named = {
    temperature,
    seed,
    topP: extra?.["top_p"],
    topK: extra?.["top_k"],
    minP: extra?.["min_p"],
  };
  return Object.fromEntries(
    Object.entries(named).filter(
      (entry): entry is [string, number] => typeof entry[1] === "number",
    ),
  );
}

function toolCallsOf(message: ChatMessage) {
  const calls = message["tool_calls"];
  if (!Array.isArray(calls)) return [];
  return calls.map((value) => {
    const wanted = asObject(asObject(value)?.["function"]) ?? {};
    const call: ChatModelFunctionCall = {
      type: "functionCall",
      name: String(wanted["name"]),
      params: readArguments(wanted["arguments"]),
      result: null,
    };
    return { id: asObject(value)?.["id"], call };
  });
}

/** OpenAI writes them as a text of JSON; some clients as the object itself. */
function readArguments(value: unknown): unknown {
  return typeof value === "string" ? readJson(value) : (value ?? {});
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function textOf({ content }: ChatMessage): string {
  if (typeof content === "string") return content;
  return (content ?? [])
    .map((part) => {
      if (typeof part["text"] === "string") return part["text"];
      throw invalid(`local models read text only, not a message part of type ${part.type}`);
    })
    .join("\n");
}

function invalid(message: string): LakehouseError {
  return new LakehouseError("invalid", message, { reason: "invalid_input" });
}
