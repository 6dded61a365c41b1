// Words that tie an answer to the moment or the place of asking: "this page", "latest", "my".
import type { Facts } from "#contracts/playbook.ts";
import type { QueryWord } from "./query-words.ts";

/** Point at something that the words do not name. */
const POINTING = new Set("this these here it that those there them him her he she".split(" "));

/** What they point to moves on by itself. */
const MOVING = new Set(
  `today tonight tomorrow yesterday now current currently latest newest recent recently last next
  upcoming ago trending my our mine open pending remaining balance`.split(/\s+/u),
);

/** Words that point at something which only the place of asking names. */
export function pointingWords(words: readonly QueryWord[]): string[] {
  return words.filter(({ word }) => POINTING.has(word)).map((word) => word.text);
}

/** Words whose meaning moves on with time. */
export function movingWords(words: readonly QueryWord[]): string[] {
  return words.filter(({ word }) => MOVING.has(word)).map((word) => word.text);
}

const NAMES_PLACE =
  /url|page|item|product|document|file|context|selection|location|screen|thread/iu;

/** Whether facts say where it was asked: one of them is named after such a place. */
export function namePlace(facts: Facts): boolean {
  return Object.keys(facts).some((name) => NAMES_PLACE.test(name));
}
