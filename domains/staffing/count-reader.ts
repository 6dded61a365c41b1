// Reads how many are asked for: the number beside the role, not that of an order or a job.
import { firstCount } from "./number-words.ts";
import { blank, filled, type PhraseMatch } from "./phrase-matcher.ts";
import { numbersLeft, type Unread } from "./unread-demands.ts";

export interface CountRead {
  readonly count: number | undefined;
  readonly unread: readonly Unread[];
}

/** `text`: what is left when everything else is read; `roles`: where they stood in it. */
export function readCount(text: string, roles: readonly PhraseMatch<string>[]): CountRead {
  const plain = text.replaceAll(/\bno one\b/gi, blanks);
  const named = blank(plain, countSigns(plain, roles));
  const counted = countFirst(named.replaceAll(REFERENCE, blanks), roles);
  const count = firstCount(counted);
  const vague = count === undefined ? vagueIn(text, roles) : [];
  return { count, unread: [...vague, ...numbersLeft(counted), ...referencesIn(named)] };
}

/** "Packers #3": right behind the role it is how many. */
function countSigns(text: string, roles: readonly PhraseMatch<string>[]) {
  return roles.flatMap(({ end }) => {
    const match = COUNT_SIGN.exec(text.slice(end, end + COUNT_MAX));
    const start = end + (match?.[0].length ?? 0);
    return match === null ? [] : [{ start, end: start + 1 }];
  });
}

const COUNT_MAX = 9;
const COUNT_SIGN = /^[\s:]{1,3}(?=#\s?\d{1,3}\b)/;
const PEOPLE =
  "people|workers?|hands|temps|guys|folks|staff|bodies|associates|employees|of\\s+them";
/** In a text whose roles are underscores. */
const VAGUE = new RegExp(
  "\\b(?:a )?(?:few|several|multiple|many|bunch of|handful of|number of)" +
    "(?=\\s+(?:(?!(?:needs?|needing|wants?|in|for|with|and|but|of)\\b)[\\w-]+\\s+){0,2}?" +
    `(?:_|(?:${PEOPLE})\\b))`,
  "gi",
);

/** "Several packers", not "several sites". */
function vagueIn(text: string, roles: readonly PhraseMatch<string>[]): Unread[] {
  const found = filled(text, roles, () => "_").match(VAGUE) ?? [];
  return found.map((said) => ({ slot: undefined, said: `number: ${said}` }));
}

function blanks(found: string): string {
  return " ".repeat(found.length);
}

/** "#12", "order 77:" */
const REFERENCE = new RegExp(
  "#\\s?\\d+\\b|\\b(?:(?<!\\b(?:to|please|pls|we|i|will|can|could|and)\\s)order|job|po|ticket|req|" +
    "ref|invoice|(?<!\\bin\\s)case|no\\.?)\\s" +
    "(?:no\\.?\\s|number\\s)?\\d+(?=\\s*(?:[,:;.)\\n-]|$))",
  "gi",
);

function referencesIn(text: string): Unread[] {
  const found = text.match(REFERENCE) ?? [];
  return found.map((said) => ({ slot: undefined, said: `number: ${/\d+$/.exec(said)![0]}` }));
}

const NEAR = 200;
const BOUNDARY = /,\s|[.;:!?)]\s|\n|\s[-\u2013\u2014]\s/;
const NUMBER_BEHIND = /^\s{0,9}(?:[:=(x]|[-\u2013\u2014]\s)\s*x?\d{1,4}\b/i;

/** The text with the number beside the role first: of "Order 77 - 3 packers" the 3. */
function countFirst(text: string, roles: readonly PhraseMatch<string>[]): string {
  for (const { start, end } of roles) {
    const before = text
      .slice(Math.max(0, start - NEAR), start)
      .split(BOUNDARY)
      .at(-1)!;
    const is_behind = NUMBER_BEHIND.test(text.slice(end));
    if (firstCount(before) === undefined && !is_behind) continue;
    const from = is_behind && firstCount(before) === undefined ? end : start - before.length;
    return `${text.slice(from)}, ${text.slice(0, from)}`;
  }
  return text;
}
