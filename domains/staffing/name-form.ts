// Names of people as they are compared and greeted, whatever form they are written in.
import { legible, unaccented } from "./plain-text.ts";

const SUFFIXES = "jr|sr|i{2,3}|iv";
const TITLES = "rn|lpn|cna|bsn|msn|mba|cpa|dds|esq|ph\\.?\\s?d";
const GREETED = /^(?:mr|mrs|ms|miss|dr)\.? (?=\S+ )/i;
const TITLED = new RegExp(`(?:, ?(?:${TITLES})\\.?)+$`, "i");
const LAST_FIRST = new RegExp(
  `^([^,]+),(?! ?(?:${SUFFIXES})\\b) ?([^,]+?)(,? (?:${SUFFIXES})\\.?)?$`,
  "i",
);
const SUFFIX = new RegExp(`,? (${SUFFIXES})\\.?$`);
const NO_NAME = new RegExp(`^(?:${SUFFIXES}|${TITLES})\\.?$`, "i");
const INITIALS = /(?<= )(\p{L})\.? (?=\S)/gu;

/** "Garcia, Maria" is Maria Garcia, "Smith, John, Jr." John Smith, Jr.; titles are left out. */
function inOrder(name: string): string {
  const plain = legible(name).trim().replaceAll(/\s+/g, " ");
  return plain.replace(TITLED, "").replace(LAST_FIRST, "$2 $1$3").replace(GREETED, "");
}

/** Whether a part behind a comma is "Jr." or a title, and no name. */
export function isNoName(part: string): boolean {
  return NO_NAME.test(part);
}

export function firstName(name: string): string {
  return inOrder(name).split(" ")[0]!;
}

/**
 * Whether two names may be one person's: case and accents aside. Middle initials and "Jr" tell two
 * people apart only where both names have them.
 */
export function sameName(one: string, other: string): boolean {
  const [a, b] = [formOf(one), formOf(other)];
  return a.key === b.key && mayBe(a.initials, b.initials) && mayBe(a.suffix, b.suffix);
}

function mayBe(one: string, other: string): boolean {
  return one === "" || other === "" || one === other;
}

function formOf(name: string) {
  const plain = unaccented(inOrder(name));
  const suffix = SUFFIX.exec(plain)?.[1] ?? "";
  // "Smith, John A." has its initial at the end before the names change places.
  const whole = plain.replace(SUFFIX, "");
  const initials = [...whole.matchAll(INITIALS)].map((match) => match[1]!).join("");
  return { key: whole.replaceAll(INITIALS, ""), initials, suffix };
}
