// Names of people as they are compared and greeted, whatever form they are written in.
import { legible, unaccented } from "./plain-text.ts";

const LAST_FIRST = /^([^,]+), ?(?!(?:jr|sr|i{2,3}|iv)\b)([^,]+)$/i;
const SUFFIX = /,? (jr|sr|i{2,3}|iv)\.?$/;
const INITIALS = /(?<= )(\p{L})\.? (?=\S)/gu;

/** "Garcia, Maria" is Maria Garcia. */
export function inOrder(name: string): string {
  return legible(name).trim().replaceAll(/\s+/g, " ").replace(LAST_FIRST, "$2 $1");
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
