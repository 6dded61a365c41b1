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
  return words
    .filter(({ word }, at) => POINTING.has(word) && !isGrammar(words, at))
    .map((word) => word.text);
}

/** Words whose meaning moves on with time. */
export function movingWords(words: readonly QueryWord[]): string[] {
  return words
    .filter(({ word }, at) => MOVING.has(word) && !isVerb(words, at))
    .map((word) => word.text);
}

const BEING = new Set("is are was were be been isn't aren't".split(" "));
const DETERMINERS = new Set(
  "the a an my your our their his her its all every each no some any this these those".split(" "),
);
const SUBJECTS = new Set("i you we they he she it there".split(" "));

/** "is there a table", "tell them that the pipe leaks": they point at nothing. */
function isGrammar(words: readonly QueryWord[], at: number): boolean {
  const { word } = words[at]!;
  const [before, after] = [words[at - 1]?.word ?? "", words[at + 1]?.word ?? ""];
  if (word === "there") return BEING.has(before) || BEING.has(after);
  return word === "that" && at > 0 && (DETERMINERS.has(after) || SUBJECTS.has(after));
}

/** "open the valve", "balance the wheel": something is to be done. */
function isVerb(words: readonly QueryWord[], at: number): boolean {
  const { word } = words[at]!;
  return (word === "open" || word === "balance") && DETERMINERS.has(words[at + 1]?.word ?? "");
}

const NAMES_PLACE =
  /url|page|item|product|document|file|context|selection|location|screen|thread/iu;

/** Whether facts say where it was asked: one of them is named after such a place. */
export function namePlace(facts: Facts): boolean {
  return Object.keys(facts).some((name) => NAMES_PLACE.test(name));
}
