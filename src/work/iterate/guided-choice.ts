// Guidance for small models: a list of choices is asked for one at a time, from what is left.
import type { Call } from "#kernel/call.ts";
import { canonicalJson } from "#kernel/ids.ts";
import type { Attempt } from "#contracts/iterate.ts";
import type { ChatMessage, Judging, Reading } from "#contracts/nouns.ts";
import type { Item, Judge } from "./ask-likely.ts";
import { askTogether, type AskedModel, type AskModel, type ModelAnswer } from "./ask-model.ts";
import { createJudge } from "./judged-choice.ts";
import { readChoice } from "./offered-items.ts";
import { createReader } from "./read-choice.ts";

/** An artifact that is a list of so many different options, and nothing else. */
export interface Choices {
  /** Field of the artifact that holds the list. */
  readonly list: string;
  readonly options: readonly Item[];
  /** By place in the list; undefined: to be chosen. */
  readonly places: readonly (Item | undefined)[];
  /** What they were read from. */
  readonly schema: object;
  /** Set where each option is judged by itself, or value by value. */
  readonly judge?: Judge | undefined;
}

/**
 * The choices that a JSON Schema describes: one property, an array with as many items at least as
 * at most, each `anyOf` objects of constants. undefined: it describes something else, or there are
 * fewer options than places. Options are judged where each has a `description`, and read value by
 * value where they have the same fields.
 */
export function choicesOf(
  schema: Readonly<Record<string, unknown>>,
  { judging, reading }: ChoiceForm = {},
): Choices | undefined {
  const [entry, ...others] = Object.entries(asItem(schema["properties"]) ?? {});
  if (entry === undefined || others.length > 0) return undefined;
  const [list, array] = entry;
  const { minItems, maxItems, items } = asItem(array) ?? {};
  const alternatives = asItem(items)?.["anyOf"];
  if (typeof minItems !== "number" || minItems !== maxItems) return undefined;
  if (!Number.isSafeInteger(minItems) || minItems < 1) return undefined;
  if (!Array.isArray(alternatives)) return undefined;
  const constants = alternatives.map(constantOf);
  if (constants.includes(undefined)) return undefined;
  const options = distinct(constants as Item[]);
  if (options.length < minItems) return undefined;
  const places = Array.from({ length: minItems }, () => undefined);
  const chosen = { list, options, places, schema };
  const said = alternatives.map((one) => asItem(one)?.["description"]);
  if (reading !== undefined && alike(chosen.options)) {
    return { ...chosen, judge: createReader(reading) };
  }
  const all_said = said.every((one) => typeof one === "string");
  if (judging === undefined || !all_said || options.length > JUDGED_MAX) return chosen;
  const says = new Map(constants.map((option, at) => [canonicalJson(option), said[at]!]));
  return { ...chosen, judge: createJudge(judging, (item) => says.get(canonicalJson(item))!) };
}

/** How a small model is helped to choose. */
export interface ChoiceForm {
  readonly judging?: Judging | undefined;
  readonly reading?: Reading | undefined;
}

function distinct(items: readonly Item[]): Item[] {
  return [...new Map(items.map((item) => [canonicalJson(item), item])).values()];
}

function alike(options: readonly Item[]): boolean {
  const fields = new Set(options.map((option) => canonicalJson(Object.keys(option).toSorted())));
  return fields.size === 1 && Object.keys(options[0]!).length > 0;
}

/** Options that are asked about one after the other; a longer list is chosen from as it is. */
const JUDGED_MAX = 200;

/**
 * What is left after a refusal: places that were not at fault stay, their faulty items go. Not all
 * faults of a list are named: what was not offered never stays.
 */
export function afterRefusal(choices: Choices, { artifact, error }: Attempt): Choices {
  const drafted = asItem(artifact)?.[choices.list];
  if (!Array.isArray(drafted) || drafted.length !== choices.places.length) return choices;
  if (error === null || !("field" in error)) return choices;
  const fields = [error.field, ...(error.also ?? []).map(({ field }) => field)];
  const faulty = new Set(fields.flatMap((field) => placeIn(choices.list, field) ?? []));
  if (faulty.size === 0) return choices;
  const offered = new Set(choices.options.map(canonicalJson));
  const places = drafted.map((item: Item | null, place) => {
    return faulty.has(place) || !offered.has(canonicalJson(item)) ? undefined : item!;
  });
  const refused = new Set([...faulty].map((place) => canonicalJson(drafted[place] ?? null)));
  // What was said twice is wrong the second time only.
  for (const item of places) if (item !== undefined) refused.delete(canonicalJson(item));
  const options = choices.options.filter((option) => !refused.has(canonicalJson(option)));
  // Nothing is left to choose from: better the same again than nothing.
  if (options.length < choices.places.length) return choices;
  return { ...choices, options, places };
}

/** Asks with `choices` are answered place by place; all others go on as they are. */
export function createChooser(ask: AskModel): AskModel {
  return async ({ choices, ...asked }, messages, call) => {
    if (choices === undefined) return ask(asked, messages, call);
    const { judge } = choices;
    return askTogether(ask, (counted) => {
      if (judge !== undefined) return chooseJudged(counted, asked, choices, judge, call);
      return chooseInTurn(counted, asked, choices, messages, call);
    });
  };
}

async function chooseInTurn(
  ask: AskModel,
  asked: AskedModel,
  choices: Choices,
  messages: readonly ChatMessage[],
  call: Call,
): Promise<ModelAnswer> {
  const places = [...choices.places];
  const said: string[] = [];
  let last: ModelAnswer | undefined;
  let repaired = false;
  for (const [place, kept] of places.entries()) {
    if (kept !== undefined) continue;
    const taken = places.filter((item) => item !== undefined);
    const left = without(choices.options, taken);
    const offered = { left, taken, of: choices.schema };
    last = await chooseOne(ask, asked, offered, messages, call);
    if (last.content.trim() !== "") said.push(last.content);
    const { list, options } = choices;
    const chosen = readChoice(last, { list, options, places, place, left });
    if (!("item" in chosen)) return { ...last, content: said.join("\n"), read: chosen };
    places[place] = chosen.item;
    repaired ||= chosen.repaired;
  }
  const read = { artifact: { [choices.list]: places }, repaired };
  return { ...last!, content: said.join("\n"), read };
}

function without(options: readonly Item[], taken: readonly Item[]): Item[] {
  const gone = new Set(taken.map(canonicalJson));
  return options.filter((option) => !gone.has(canonicalJson(option)));
}

/** The options that the model finds likeliest to be right, in their own order where it is torn. */
async function chooseJudged(
  ask: AskModel,
  asked: AskedModel,
  { list, options, places }: Choices,
  judge: Judge,
  call: Call,
): Promise<ModelAnswer> {
  const left = without(
    options,
    places.filter((item) => item !== undefined),
  );
  const { scores, answer } = await judge(ask, asked, left, call);
  const ranked = left.toSorted((one, other) => scores.get(other)! - scores.get(one)!).values();
  const filled = places.map((item) => item ?? ranked.next().value);
  return { ...answer, content: JSON.stringify({ [list]: filled }), finish_reason: "stop" };
}

interface Offered {
  readonly left: readonly Item[];
  readonly taken: readonly Item[];
  /** The schema of the whole choice. */
  readonly of: object;
}

function chooseOne(
  ask: AskModel,
  asked: AskedModel,
  { left, taken, of }: Offered,
  messages: readonly ChatMessage[],
  call: Call,
): Promise<ModelAnswer> {
  const offered = left.map((item) => JSON.stringify(item)).join("\n");
  const schema = {
    name: asked.schema?.name ?? "choice",
    schema: { anyOf: left.map(toSchema) },
    part_of: of,
    in_words: `Answer with one of these JSON objects and nothing else:\n${offered}`,
  };
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

function asItem(value: unknown): Item | undefined {
  const is_object = typeof value === "object" && value !== null && !Array.isArray(value);
  return is_object ? (value as Item) : undefined;
}
