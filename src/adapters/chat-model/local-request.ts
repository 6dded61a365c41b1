// Translates an OpenAI-shaped request to what llama.cpp's chat takes: a history, tools, a grammar.
import { randomInt } from "node:crypto";
import type {
  ChatHistoryItem,
  ChatModelFunctionCall,
  ChatModelFunctions,
  GbnfJsonSchema,
} from "node-llama-cpp";
import { LakehouseError } from "#kernel/problem.ts";
import type { ChatMessage } from "#contracts/nouns.ts";
import type { ChatRequest } from "#ports/chat-model.ts";
import { toGrammarSchema } from "./local-schema.ts";
import { asObject } from "./openai-shapes.ts";
import { plainMessages } from "./plain-messages.ts";
import { unreadFields } from "./unread-fields.ts";

/** The conversation; a tool's result stands in the call it answers. Errors: `invalid` (images). */
export function toHistory(messages: readonly ChatMessage[]): ChatHistoryItem[] {
  const history: ChatHistoryItem[] = [];
  const calls = new Map<unknown, ChatModelFunctionCall>();
  for (const message of plainMessages(messages)) {
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

/** What an answer is held to. */
export interface HeldAnswer {
  readonly functions?: ChatModelFunctions;
  /** `json`: any JSON. */
  readonly grammar?: GbnfJsonSchema | "json";
  /** What of the request it is not held to, and which fields have no place here. */
  readonly notes: readonly string[];
}

/** Either tools or a grammar. Errors: `invalid`. */
export function toHeldAnswer(request: ChatRequest): HeldAnswer {
  const { extra, tools, tool_choice, response_format } = request;
  const functions = tools === undefined || tool_choice === "none" ? [] : tools.map(toFunction);
  const is_chosen = ![undefined, null, "auto"].includes(tool_choice as undefined);
  const is_json = (response_format?.["type"] ?? "text") !== "text";
  if (functions.length > 0) {
    const unread = [...(is_chosen ? ["tool_choice"] : []), ...(is_json ? ["response_format"] : [])];
    return {
      functions: Object.fromEntries(functions.map(({ name, tool }) => [name, tool])),
      notes: notesOf(
        extra,
        unread,
        functions.flatMap(({ unheld }) => unheld),
      ),
    };
  }
  if (!is_json) return { notes: notesOf(extra, [], []) };
  const schema = schemaOf(response_format!);
  if (schema === undefined) {
    return { grammar: "json", notes: notesOf(extra, [], []) };
  }
  const held = toGrammarSchema(schema);
  return { grammar: held.schema, notes: notesOf(extra, [], held.unheld) };
}

/** Together, Fireworks and llama.cpp take a schema beside the type `json_object` too. */
function schemaOf(format: NonNullable<ChatRequest["response_format"]>) {
  const { type, schema, json_schema } = format;
  if (type === "json_object") return asObject(schema);
  return type === "json_schema" ? asObject(asObject(json_schema)?.["schema"]) : undefined;
}

function toFunction(value: unknown) {
  const wanted = asObject(asObject(value)?.["function"]);
  const name = wanted?.["name"];
  if (typeof name !== "string") throw invalid("local models take tools of type function only");
  const { description, parameters } = wanted!;
  const held = parameters === undefined ? undefined : toGrammarSchema(parameters);
  const tool = {
    ...(typeof description === "string" ? { description } : {}),
    ...(held === undefined ? {} : { params: held.schema }),
  };
  return { name, tool, unheld: held?.unheld ?? [] };
}

const READ_FIELDS: ReadonlySet<string> = new Set([
  "top_p",
  "top_k",
  "min_p",
  "presence_penalty",
  "frequency_penalty",
  "user",
  "parallel_tool_calls",
]);

function notesOf(
  extra: ChatRequest["extra"],
  unread: readonly string[],
  unheld: readonly string[],
): string[] {
  const notes = unreadFields(extra, READ_FIELDS, unread);
  if (unheld.length === 0) return notes;
  return [...notes, `${[...new Set(unheld)].join(", ")}: no grammar holds an answer to it`];
}

/** How many calls one answer may make. */
export function parallelOf({ extra }: ChatRequest): { readonly maxParallelFunctionCalls?: number } {
  return extra?.["parallel_tool_calls"] === false ? { maxParallelFunctionCalls: 1 } : {};
}

/** An empty text ends nothing. */
export function stopsOf({ stop }: ChatRequest): readonly string[] | undefined {
  return stop?.filter((words) => words !== "");
}

/** Seeds are 32 bits there; the engine's own would be the same all second long. */
const SEED_MAX = 0xffff_ffff;

/** What is not set is left out: llama.cpp then takes the likeliest token each time. */
export function samplingOf({ temperature, seed, extra }: ChatRequest): Record<string, number> {
  const is_random = temperature !== undefined && temperature > 0;
  const named = {
    temperature,
    seed: foldedSeed(seed) ?? (is_random ? randomInt(SEED_MAX) : undefined),
    topP: extra?.["top_p"],
    topK: extra?.["top_k"],
    minP: extra?.["min_p"],
  };
  return numbersOf(named);
}

/** Of longer seeds, and of those below 0, each bit counts; the last of 32 bits means "any". */
function foldedSeed(seed: number | undefined): number | undefined {
  if (seed === undefined) return undefined;
  const low = Number(BigInt.asUintN(32, BigInt(seed)));
  const high = Number(BigInt.asIntN(32, BigInt(seed) >> 32n));
  return Math.min(SEED_MAX - 1, (low ^ Math.imul(high, SPREAD)) >>> 0);
}

/** 2^32 by the golden ratio: what differs a little lands far apart. */
const SPREAD = 0x9e37_79b1;

export interface RepeatPenalty {
  readonly penalty?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
}

/** OpenAI's penalties where they are set; the engine's own is not for what a grammar holds. */
export function repeatPenaltyOf({ extra }: ChatRequest, is_held: boolean): RepeatPenalty {
  return numbersOf({
    // The structure of JSON repeats itself by nature.
    penalty: is_held ? 1 : undefined,
    presencePenalty: extra?.["presence_penalty"],
    frequencyPenalty: extra?.["frequency_penalty"],
  });
}

function numbersOf(named: Readonly<Record<string, unknown>>): Record<string, number> {
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
