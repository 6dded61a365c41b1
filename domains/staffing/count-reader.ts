// Reads how many are asked for: the number beside the role, not that of an order or a job.
import { firstCount } from "./number-words.ts";
import type { PhraseMatch } from "./phrase-matcher.ts";
import { numbersLeft, type Unread } from "./unread-demands.ts";

export interface CountRead {
  readonly count: number | undefined;
  readonly unread: readonly Unread[];
}

/** `text`: what is left when everything else is read; `roles`: where they stood in it. */
export function readCount(text: string, roles: readonly PhraseMatch<string>[]): CountRead {
  const plain = text.replaceAll(/\bno one\b/gi, blanks);
  const counted = countFirst(plain.replaceAll(REFERENCE, blanks), roles);
  return { count: firstCount(counted), unread: [...numbersLeft(counted), ...referencesIn(plain)] };
}

function blanks(found: string): string {
  return " ".repeat(found.length);
}

/** "#12", "order 77:" */
const REFERENCE = new RegExp(
  "#\\s?\\d+\\b|\\b(?:order|job|po|ticket|req|ref|invoice|case|no\\.?)\\s" +
    "(?:no\\.?\\s|number\\s)?\\d+(?=\\s*(?:[,:;.)\\n-]|$))",
  "gi",
);

function referencesIn(text: string): Unread[] {
  const found = text.match(REFERENCE) ?? [];
  return found.map((said) => ({ slot: undefined, said: `number: ${/\d+$/.exec(said)![0]}` }));
}

const BOUNDARY = /,\s|[.;:!?)]\s|\n|\s[-\u2013\u2014]\s/;
const NUMBER_BEHIND = /^\s*(?:[:=(x]|[-\u2013\u2014]\s)\s*x?\d{1,4}\b/i;

/** The text with the number beside the role first: of "Order 77 - 3 packers" the 3. */
function countFirst(text: string, roles: readonly PhraseMatch<string>[]): string {
  for (const { start, end } of roles) {
    const before = text.slice(0, start).split(BOUNDARY).at(-1)!;
    const is_behind = NUMBER_BEHIND.test(text.slice(end));
    if (firstCount(before) === undefined && !is_behind) continue;
    const from = is_behind && firstCount(before) === undefined ? end : start - before.length;
    return `${text.slice(from)}, ${text.slice(0, from)}`;
  }
  return text;
}
