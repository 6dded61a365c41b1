// Asks again without a setting that the model refuses, and says so.
import type { HttpResponse } from "#kernel/http-client.ts";
import { sha256Hex } from "#kernel/ids.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { ChatRequest } from "#ports/chat-model.ts";
import { asObject } from "./openai-shapes.ts";

/** A note to whoever runs the house, and to the caller. */
export type NoteSink = (note: string, fields: Readonly<Record<string, unknown>>) => void;

const REMEMBERED_MAX = 1_000;
/** What a longer one refuses is asked each time: callers choose how long they are. */
const KEY_LENGTH_MAX = 1_000;
/** Some models refuse a setting only beside one of these. */
const BESIDE = ["thinking", "think", "reasoning", "reasoning_effort", "top_p", "top_k"];

export interface ForgivingAnswer {
  readonly response: HttpResponse;
  readonly notes: string[];
}

export type ForgivingAsk = (
  request: ChatRequest,
  ask: (request: ChatRequest) => Promise<HttpResponse>,
) => Promise<ForgivingAnswer>;

/** A setting of a request that a model may refuse. */
interface Setting {
  readonly name: string;
  /** Undefined: it is not set. */
  valueOf(request: ChatRequest): unknown;
  without(request: ChatRequest): ChatRequest;
  /** How a refusal names it. */
  readonly named: RegExp;
  /** What is refused, where not all of its value is: in few characters. */
  keyOf?(request: ChatRequest): string;
  /** How a refusal says that the model takes no value of it. */
  readonly never?: RegExp;
  note(full_name: string, value: unknown): string;
}

const TEMPERATURE: Setting = {
  name: "temperature",
  valueOf: ({ temperature }) => temperature,
  without: (request) => ({ ...request, temperature: undefined }),
  named: /\btemperature\b/i,
  note: (full_name, value) => `${full_name} does not take temperature ${String(value)}: left out`,
};

/** OpenAI's effort where it stands for Ollama's `think`; who says `think` wants to hear of it. */
export const EFFORT: Setting = {
  name: "reasoning_effort",
  valueOf: ({ extra }) =>
    extra?.["think"] === undefined ? extra?.["reasoning_effort"] : undefined,
  without(request) {
    const { reasoning_effort: _effort, ...extra } = request.extra ?? {};
    return { ...request, extra };
  },
  named: /\bthink/i,
  note: (full_name) => `reasoning_effort: ${full_name} does not take it, left out`,
};

/** Schemas that OpenAI holds to strictly may be more than another provider does. */
export const STRICT: Setting = {
  name: "strict",
  valueOf: ({ tools }) => (tools?.some((tool) => isStrict(tool)) === true ? true : undefined),
  without: (request) => ({ ...request, tools: request.tools?.map(withoutStrict) }),
  // Schemas outside of what it holds to strictly are refused in words of their own; a refusal of
  // anything else (credit, a picture) says nothing of it.
  named: /\b(?:strict|schemas?|tools?|grammar|additionalProperties)\b/i,
  keyOf: ({ tools }) => sha256Hex(JSON.stringify(tools?.filter(isStrict))),
  never: /strict: Extra inputs are not permitted/i,
  note: (full_name) => `tools: ${full_name} does not take strict ones like these: strict left out`,
};

function isStrict(tool: unknown): boolean {
  return asObject(asObject(tool)?.["function"])?.["strict"] === true;
}

function withoutStrict(tool: unknown): unknown {
  if (!isStrict(tool)) return tool;
  const { function: wanted, ...more } = tool as Readonly<Record<string, unknown>>;
  const { strict: _strict, ...loose } = wanted as Readonly<Record<string, unknown>>;
  return { ...more, function: loose };
}

/**
 * One more attempt without `temperature`, and without `more`, where the provider answers 400 or 422
 * with a message that names it. Which model refused which value, and beside which others
 * (whatever their numbers), is remembered, so that it costs one request once.
 */
export function createForgivingAsk(
  provider: string,
  note: NoteSink | undefined,
  more: readonly Setting[] = [],
): ForgivingAsk {
  const forgivers = [...more, TEMPERATURE].map((setting) => forgiver(provider, setting, note));
  return async (request, ask) => {
    const notes: string[] = [];
    let asking = ask;
    for (const forgive of forgivers) {
      const inner = asking;
      asking = (asked) => forgive(asked, inner, notes);
    }
    return { response: await asking(request), notes };
  };
}

function forgiver(provider: string, setting: Setting, note: NoteSink | undefined) {
  const refused = new Set<string>();
  return async (
    request: ChatRequest,
    ask: (request: ChatRequest) => Promise<HttpResponse>,
    notes: string[],
  ): Promise<HttpResponse> => {
    const value = setting.valueOf(request);
    if (value === undefined) return ask(request);
    const { model } = request;
    const keyNow = () => {
      const what = setting.keyOf?.(request) ?? JSON.stringify(value);
      return `${model}\n${what}${besideOf(request)}`;
    };
    let key: string | undefined;
    const text = setting.note(`${provider}/${model}`, value);
    // Nothing is refused as a rule, and a key of many tools is long.
    const is_known = refused.size > 0 && (refused.has(model) || refused.has(keyNow()));
    if (!is_known) {
      try {
        return await ask(request);
      } catch (error) {
        if (!isRefusal(error, setting.named)) throw error;
        if (setting.never?.test(error.message) === true) key = model;
        if (request.tally !== undefined) request.tally.retries++;
      }
    }
    const response = await ask(setting.without(request));
    notes.push(text);
    if (is_known) return response;
    // Only now is it known that the setting was what was wrong.
    if (refused.size >= REMEMBERED_MAX) refused.clear();
    key ??= keyNow();
    if (key.length <= KEY_LENGTH_MAX) refused.add(key);
    note?.(text, { provider, model, [setting.name]: value });
    return response;
  };
}

function besideOf({ extra }: ChatRequest): string {
  let beside = "";
  if (extra === undefined) return beside;
  for (const name of BESIDE) {
    if (extra[name] !== undefined) beside += `\n${name} ${JSON.stringify(extra[name], numberless)}`;
  }
  return beside;
}

/** Words say what a model does (how hard it thinks), numbers how much, and each call has others. */
function numberless(_name: string, value: unknown): unknown {
  return typeof value === "number" ? 0 : value;
}

function isRefusal(error: unknown, named: RegExp): error is LakehouseError {
  if (!(error instanceof LakehouseError)) return false;
  const status = error.extra["provider_status"];
  return (status === 400 || status === 422) && named.test(error.message);
}
