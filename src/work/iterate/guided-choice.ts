// Guidance for small models: a list of choices is asked for one at a time, from what is left.
import type { Call } from "#kernel/call.ts";
import { canonicalJson } from "#kernel/ids.ts";
import type { ChatAnswer } from "#contracts/chat.ts";
import type { Attempt } from "#contracts/iterate.ts";
import type { ChatMessage, TokenUsage } from "#contracts/nouns.ts";
import type { AskedModel, AskModel } from "./ask-model.ts";

type Item = Readonly<Record<string, unknown>>;

/** An artifact that is a list of so many different options, and nothing else. */
export interface Choices {
  /** Field of the artifact that holds the list. */
  readonly list: string;
  readonly options: readonly Item[];
  /** By place in the list; undefined: to be chosen. */
  readonly places: readonly (Item | undefined)[];
}

/**
 * The choices that a JSON Schema describes: one property, an array with as many items at least as
 * at most, each `anyOf` objects of constants. undefined: it describes something else, or there are
 * fewer options than places.
 */
export function choicesOf(schema: Readonly<Record<string, unknown>>): Choices | undefined {
  const [entry, ...others] = Object.entries(asItem(schema["properties"]) ?? {});
  if (entry === undefined || others.length > 0) return undefined;
  const [list, array] = entry;
  const { minItems, maxItems, items } = asItem(array) ?? {};
  const alternatives = asItem(items)?.["anyOf"];
  if (typeof minItems !== "number" || minItems !== maxItems) return undefined;
  if (!Array.isArray(alternatives)) return undefined;
  const options = alternatives.map(constantOf);
  if (options.length < minItems || options.includes(undefined)) return undefined;
  const places = Array.from({ length: minItems }, () => undefined);
  return { list, options: options as Item[], places };
}

/** What is left after a refusal: places that were not at fault stay, their faulty items go. */
export function afterRefusal(choices: Choices, { artifact, error }: Attempt): Choices {
  const drafted = asItem(artifact)?.[choices.list];
  if (!Array.isArray(drafted) || error === null || !("field" in error)) return choices;
  const fields = [error.field, ...(error.also ?? []).map(({ field }) => field)];
  const faulty = new Set(fields.flatMap((field) => placeIn(choices.list, field) ?? []));
  if (faulty.size === 0) return choices;
  const refused = new Set([...faulty].map((place) => canonicalJson(drafted[place] ?? null)));
  const options = choices.options.filter((option) => !refused.has(canonicalJson(option)));
  // Nothing is left to choose from: better the same again than nothing.
  if (options.length < choices.places.length) return choices;
  const places = drafted.map((item: Item, place) => (faulty.has(place) ? undefined : item));
  return { ...choices, options, places };
}

/** Asks with `choices` are answered place by place; all others go on as they are. */
export function createChooser(ask: AskModel): AskModel {
  return async ({ choices, ...asked }, messages, call) => {
    if (choices === undefined) return ask(asked, messages, call);
    const places = [...choices.places];
    let last: ChatAnswer | undefined;
    let usage: TokenUsage | undefined;
    for (const [place, kept] of places.entries()) {
      if (kept !== undefined) continue;
      const taken = places.filter((item) => item !== undefined);
      last = await chooseOne(ask, asked, { choices, taken }, messages, call);
      usage = sumOf(usage, last.usage);
      const chosen = readItem(last.content);
      // No object: the model was not held to the options, and is told so.
      if (chosen === undefined) return { ...last, usage };
      places[place] = chosen;
    }
    return { ...last!, content: JSON.stringify({ [choices.list]: places }), usage: usage! };
  };
}

function chooseOne(
  ask: AskModel,
  asked: AskedModel,
  { choices, taken }: { readonly choices: Choices; readonly taken: readonly Item[] },
  messages: readonly ChatMessage[],
  call: Call,
): Promise<ChatAnswer> {
  const gone = new Set(taken.map(canonicalJson));
  const left = choices.options.filter((option) => !gone.has(canonicalJson(option)));
  const schema = { name: asked.schema?.name ?? "choice", schema: { anyOf: left.map(toSchema) } };
  const steps: ChatMessage[] =
    taken.length === 0
      ? []
      : [
          { role: "assistant", content: taken.map((item) => JSON.stringify(item)).join("\n") },
          { role: "user", content: "Choose one more, another one." },
        ];
  return ask({ ...asked, schema }, [...messages, ...steps], call);
}

function toSchema(item: Item): object {
  const entries = Object.entries(item).map(([name, value]) => [name, { const: value }]);
  return {
    type: "object",
    properties: Object.fromEntries(entries),
    required: Object.keys(item),
    additionalProperties: false,
  };
}

function constantOf(schema: unknown): Item | undefined {
  const properties = asItem(asItem(schema)?.["properties"]);
  if (properties === undefined) return undefined;
  const entries = Object.entries(properties).map(([name, one]) => [name, asItem(one)?.["const"]]);
  if (entries.some(([, value]) => value === undefined)) return undefined;
  return Object.fromEntries(entries) as Item;
}

function placeIn(list: string, field: string): number | undefined {
  const [name, place] = field.split(".");
  return name === list && /^\d+$/.test(place ?? "") ? Number(place) : undefined;
}

function readItem(content: string): Item | undefined {
  try {
    return asItem(JSON.parse(content));
  } catch {
    return undefined;
  }
}

function sumOf(one: TokenUsage | undefined, other: TokenUsage): TokenUsage {
  if (one === undefined) return other;
  return {
    ...other,
    prompt_tokens: one.prompt_tokens + other.prompt_tokens,
    completion_tokens: one.completion_tokens + other.completion_tokens,
    total_tokens: one.total_tokens + other.total_tokens,
  };
}

function asItem(value: unknown): Item | undefined {
  const is_object = typeof value === "object" && value !== null && !Array.isArray(value);
  return is_object ? (value as Item) : undefined;
}
