// Reads how many are asked for: the number beside the role, not that of an order or a job.
import { countsIn, numbersIn, type NumberFound } from "./number-words.ts";
import { blank, filled, type PhraseMatch } from "./phrase-matcher.ts";
import type { Unread } from "./unread-demands.ts";

export interface CountRead {
  readonly count: number | undefined;
  readonly unread: readonly Unread[];
}

/**
 * `text`: what is left when everything else is read; `roles`: where they stood in it. A number that
 * neither stands beside a role, nor has a label or a verb that asks for so many, is told.
 */
export function readCount(text: string, roles: readonly PhraseMatch<string>[]): CountRead {
  const plain = text.replaceAll(/\bno one\b/gi, blanks);
  const named = filled(blank(plain, countSigns(plain, roles)), roles, () => ROLE);
  const counted = named.replaceAll(REFERENCE, blanks);
  const found = countsIn(counted);
  const stands = (standing: Standing) => found.find((one) => stand(counted, one) === standing);
  const sure = stands("beside") ?? stands("labelled");
  const is_one = sure === undefined && ONE.test(counted);
  const number = is_one ? undefined : (sure ?? stands("asked"));
  const vague = number === undefined ? (counted.match(VAGUE) ?? []) : [];
  const count = is_one && vague.length === 0 ? 1 : number?.value;
  const left = number === undefined ? counted : blank(counted, [number]);
  return { count, unread: [...[...vague, ...numbersIn(left)].map(told), ...referencesIn(named)] };
}

/** Stands for each letter of a role. */
const ROLE = "_";
const COUNT_MAX = 9;
const COUNT_SIGN = /^[\s:]{1,3}(?=#\s?\d{1,3}\b)/;

/** "Packers #3": right behind the role it is how many. */
function countSigns(text: string, roles: readonly PhraseMatch<string>[]) {
  return roles.flatMap(({ end }) => {
    const match = COUNT_SIGN.exec(text.slice(end, end + COUNT_MAX));
    const start = end + (match?.[0].length ?? 0);
    return match === null ? [] : [{ start, end: start + 1 }];
  });
}

const PEOPLE =
  "people|persons?|workers?|hands|temps|guys|folks|staff|bodies|associates|employees|of\\s+them";
/** Words that end what a number counts. */
const OTHER =
  "needs?|needing|needed|wants?|in|for|with|and|or|but|of|at|on|to|by|as|is|are|was|were|who|" +
  "that|called";
const BETWEEN = `(?:(?!(?:${OTHER})\\b)[\\w'’-]+[\\s-]+)`;
const VAGUE = new RegExp(
  "\\b(?:a )?(?:few|several|multiple|many|bunch of|handful of|number of)" +
    `(?=\\s+${BETWEEN}{0,2}?(?:_|(?:${PEOPLE})\\b))`,
  "gi",
);
/** "A night packer", "one of your packers". */
const ONE = new RegExp(`\\b(?:an?|one)\\s+${BETWEEN}{0,4}?_`, "i");

type Standing = "beside" | "labelled" | "asked" | "apart";

const NEAR = 100;
const RANGE = "(?:\\s?(?:or|to|and|through|plus|[-/\u2013])\\s?[\\w-]+(?:\\sa\\shalf)?)?";
const ROLE_BEHIND = new RegExp(
  `^\\+?\\)?${RANGE}[\\s-]+(?:of\\s+(?:your|our|the|them|those)\\s+)?` +
    `(?:(?:people|workers|temps)\\s+as\\s+)?${BETWEEN}{0,5}?_`,
  "i",
);
const ROLE_BEFORE = /_\s{0,9}(?:[:=(x#]|[-\u2013\u2014]\s|,?\s)?\s*x?$/i;
const LABELS =
  "count|qty|quantity|head\\s?count|openings?|spots?|positions?|slots?|needed|required|wanted|" +
  "total|how many";
const LABEL = new RegExp(`\\b(?:${LABELS})(?:\\s+(?:of|is))*\\s*[:=#-]?\\s*x?$`, "i");
const PEOPLE_BEHIND = new RegExp(`^\\+?\\s+(?:more\\s+|extra\\s+)?(?:${PEOPLE})\\b`, "i");
const ASKING =
  "needs?|needing|sends?|order|wants?|get|give|us|take|total of|about|around|another|" +
  "looking for|please|pls|so|just|only|exactly|at least|out|short|down";
const ASKED_BEFORE = new RegExp(`\\b(?:${ASKING})\\s+$`, "i");
const BEGINS =
  /(?:(?:^|[,;.!?(\n|]|\s[-\u2013\u2014])|(?:_|\b(?:need|want|requir)\w*)[^:;.!?\n]{0,60}:)\s*x?$/i;
/** What follows a number that counts nothing else: "need 2 in Dayton", not "need 500 boxes". */
const NEXT =
  "in|for|to|at|on|more|please|pls|needed|required|total|each|per|with|who|and|or|from|starting|" +
  "today|tonight|tomorrow|now|this|next|asap|openings?|spots?|positions?";
const ENDS = new RegExp(`^\\+?\\s*(?:$|[,;:.!?)\\n|\u2013\u2014-]|(?:${NEXT})\\b)`, "i");

/** Where a number stands, as far as it says how many people are asked for. */
function stand(text: string, { start, end }: NumberFound): Standing {
  const before = text.slice(Math.max(0, start - NEAR), start);
  const behind = text.slice(end, end + NEAR);
  if (ROLE_BEHIND.test(behind)) return "beside";
  if (ROLE_BEFORE.test(before) && ENDS.test(behind)) return "beside";
  if (LABEL.test(before)) return "labelled";
  if (PEOPLE_BEHIND.test(behind)) return "asked";
  return (ASKED_BEFORE.test(before) || BEGINS.test(before)) && ENDS.test(behind)
    ? "asked"
    : "apart";
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
  return found.map((said) => told(/\d+$/.exec(said)![0]));
}

function told(number: string): Unread {
  return { slot: undefined, said: `number: ${number}` };
}
