// Which of the items offered a model chose, whatever it said them in; else what to say to it.
import { canonicalJson } from "#kernel/ids.ts";
import type { FinishReason, ValidationError } from "#contracts/nouns.ts";
import { answerSections } from "./answer-sections.ts";
import type { Item } from "./ask-likely.ts";
import type { DraftRead } from "./ask-model.ts";
import { readAnswer, type AnswerRead } from "./read-answer.ts";

export interface Offer {
  /** Field of the artifact that holds the list. */
  readonly list: string;
  /** All that may stand in the list. */
  readonly options: readonly Item[];
  /** By place in the list: chosen already, in this draft or before. */
  readonly places: readonly (Item | undefined)[];
  /** The place that is to be chosen for, and what is offered for it. */
  readonly place: number;
  readonly left: readonly Item[];
}

export interface ChosenItem {
  readonly item: Item;
  readonly repaired: boolean;
}

interface Said {
  readonly content: string;
  readonly finish_reason: FinishReason;
}

/**
 * Not every model is held to one of the items: it may say the whole list, by itself or as the
 * artifact, or something else. What was chosen for other places stays in a draft that is refused.
 */
export function readChoice(said: Said, offer: Offer): ChosenItem | DraftRead {
  const { list, options, places, left } = offer;
  const read = readList(said, list) ?? readAnswer(said.content, said.finish_reason);
  if ("error" in read) return withChosen(read, offer);
  const { artifact, repaired } = read;
  if (isOneOf(left, artifact)) return { item: artifact, repaired };
  const items = artifact[list];
  if (!Array.isArray(items)) return withChosen(read, offer);
  const [only] = items as unknown[];
  if (items.length === 1 && places.length > 1 && isOneOf(left, only)) {
    return { item: only as Item, repaired };
  }
  const others = [...items.keys()].filter((at) => !isOneOf(options, items[at]));
  if (others.length === 0) return read;
  const is_longer = items.length > places.length;
  const not_offered = is_longer ? tooLong(items.length, offer) : noneOffered(others, offer);
  return { ...read, not_offered };
}

/** A list that is the whole answer, as the artifact that it is meant for. */
function readList({ content, finish_reason }: Said, list: string): DraftRead | undefined {
  const sections = answerSections(content, finish_reason).flat();
  const text = sections.find((section) => section.trim() !== "")?.trim() ?? "";
  if (!text.startsWith("[") || !text.endsWith("]")) return undefined;
  const read = readAnswer(`{${JSON.stringify(list)}:${text}}`, finish_reason);
  return "error" in read ? undefined : read;
}

/** What is no choice, beside the choices for other places: only this one is to be made again. */
function withChosen(read: AnswerRead, offer: Offer): DraftRead {
  const { list, places, place } = offer;
  const is_error = "error" in read;
  if (is_error && places.every((item) => item === undefined)) return read;
  const not_offered = is_error ? inPlace(read.error, offer) : noneOffered([place], offer);
  if (places.every((item) => item === undefined)) return { ...read, not_offered };
  const said = is_error ? null : read.artifact;
  const drafted = places.map((item, at) => item ?? (at === place ? said : null));
  return { artifact: { [list]: drafted }, repaired: !is_error && read.repaired, not_offered };
}

function inPlace(error: ValidationError, { list, place }: Offer): ValidationError {
  const message = `item ${place + 1}: ${error.message}`;
  return { ...error, field: `${list}.${place}`, message };
}

function isOneOf(options: readonly Item[], value: unknown): boolean {
  const wanted = canonicalJson(value);
  return options.some((option) => canonicalJson(option) === wanted);
}

/** Faults that are told beside the first: a model is to read them. */
const ALSO_MAX = 10;

function noneOffered(places: readonly number[], offer: Offer): ValidationError {
  const { list } = offer;
  const [first = 0, ...others] = places;
  const also = others.slice(0, ALSO_MAX).map((place) => {
    return { field: `${list}.${place}`, message: `item ${place + 1} is none of them either` };
  });
  return {
    kind: "schema",
    field: `${list}.${first}`,
    message: `item ${first + 1} is none of the items to choose from; ${wantedOf(offer)}`,
    expected: "one of the items offered",
    ...(also.length > 0 && { also }),
  };
}

function tooLong(length: number, offer: Offer): ValidationError {
  const { list, places } = offer;
  return {
    kind: "schema",
    field: list,
    message: `${length} items are more than ${places.length}; ${wantedOf(offer)}`,
    expected: `${places.length} of the items offered`,
    actual: length,
  };
}

function wantedOf({ left }: Offer): string {
  return `answer with one of them, a JSON object of ${Object.keys(left[0]!).join(", ")}`;
}
