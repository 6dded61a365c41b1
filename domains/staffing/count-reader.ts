// Reads how many are asked for: the number beside the role, not that of an order or a job.
import { countsIn, numbersIn, type NumberFound } from "./number-words.ts";
import { blank, filled, type PhraseMatch } from "./phrase-matcher.ts";
import { toldNumber, type Unread } from "./unread-demands.ts";

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
  const counted = named.replaceAll(REFERENCE, blanks).replaceAll(LEVEL, blanks);
  const found = countsIn(counted);
  const stands = (standing: Standing) => found.find((one) => stand(counted, one) === standing);
  const sure = stands("beside") ?? stands("labelled") ?? stands("wanted");
  const is_one = sure === undefined && ONE.test(counted);
  const number = is_one ? undefined : (sure ?? stands("asked"));
  const vague = number === undefined ? (counted.match(VAGUE) ?? []) : [];
  // A number that ends a clause is better than none, and is told all the same.
  const guess = vague.length > 0 ? undefined : stands("ending");
  const count = is_one && vague.length === 0 ? 1 : (number ?? guess)?.value;
  const left = number === undefined ? counted : blank(counted, twinsOf(counted, number, found));
  return {
    count,
    unread: [...[...vague, ...numbersIn(left)].map(toldNumber), ...referencesIn(named)],
  };
}

/** "4 (four) packers": the same number said twice. */
function twinsOf(text: string, number: NumberFound, found: readonly NumberFound[]): NumberFound[] {
  const at = found.indexOf(number);
  const isTwin = (one: NumberFound | undefined, other: NumberFound | undefined) =>
    one?.value === other?.value && /^[\s(]+$/.test(text.slice(one?.end, other?.start));
  return found.filter(
    (one, index) =>
      one === number ||
      (index === at - 1 && isTwin(one, number)) ||
      (index === at + 1 && isTwin(number, one)),
  );
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

export const PEOPLE =
  "people|persons?|workers?|hands|temps|guys|folks|staff|bodies|associates|employees|of\\s+them";
/** Words that end what a number counts. */
const OTHER =
  "needs?|needing|needed|wants?|in|for|with|and|or|but|of|at|on|to|by|as|is|are|was|were|who|" +
  "that|called|requires?|have|has|st|street|ave|rd|road|dr|blvd|orders|boxes|lines|" +
  "trucks|pallets|units|loads|pieces|\\d+";
/** Words and what parts them have no letter in common: a long row of dashes is read once. */
const BETWEEN = `(?:(?:(?<=\\w[-/])|(?!(?:${OTHER})\\b))[\\w'’]+[\\s/-]+)`;
const FAR = OTHER.split("|")
  .filter((word) => !["and", "or", "for", "as", "with"].includes(word))
  .join("|");
const VAGUE = new RegExp(
  "\\b(?:a )?(?:few|several|multiple|many|bunch of|handful of|number of)" +
    `(?=\\s+${BETWEEN}{0,2}?(?:_|(?:${PEOPLE})\\b))`,
  "gi",
);
/** "A night packer", "one of your packers". */
const ONE = new RegExp(
  `(?<!\\b(?:lost|had|is)\\s)\\b(?:an?|one)\\s+${BETWEEN}{0,4}?_+(?!\\w)` +
    "(?!\\s+(?:roles?|positions?|jobs?|orders?|shortage|problem|issue|crew)\\b)",
  "i",
);

type Standing = "beside" | "labelled" | "wanted" | "asked" | "ending" | "apart";

const NEAR = 100;
const RANGE =
  "(?:\\s?(?:(?:or|to|and|through|plus|maybe)\\b|[-/\u2013])\\s?[\\w-]+(?:\\sa\\shalf)?)?";
const ROLE_BEHIND = new RegExp(
  `^\\+?["*)\\]]{0,2}${RANGE}(?:\\s*[([]\\s*[)\\]])?[\\s*•-]+(?:of\\s+(?:your|our|the|them|those)\\s+)?` +
    `(?:(?:people|workers|temps)\\s+as\\s+)?${BETWEEN}{0,5}?_`,
  "i",
);
const ROLE_SIGNED = /_\s{0,9}(?:[:=(x#[{*×]|[-\u2013\u2014]\s)\s{0,9}x?$/i;
const ROLE_BEFORE = /_\s{0,9}(?:[:=(x#]|[-\u2013\u2014]\s|,?\s)?\s*x?$/i;
const LABELS =
  "count|qty|quantity|vacanc(?:y|ies)|head\\s?count|openings?|spots?|positions?|slots?|needed|" +
  "required|wanted|total|how many";
const LABEL = new RegExp(`\\b(?:${LABELS})(?:\\s+(?:of|is))*\\s*[:=#-]?\\s*x?$`, "i");
const LABEL_SIGNED = new RegExp(
  `(?:\\b(?:of\\s+)?(?:${PEOPLE}|heads|amount)|(?:^|[\\n,;|.])\\s{0,9}number)\\s{0,9}[:=]\\s{0,9}$`,
  "i",
);
const PEOPLE_BEHIND = new RegExp(`^\\+?\\s+(?:more\\s+|extra\\s+)?(?:${PEOPLE}|openings?)\\b`, "i");
const ASKING =
  "needs?|needing|sends?|order|wants?|get|give|us|take|total of|about|around|another|" +
  "looking for|please|pls|so|just|only|exactly|at least|out|short|down|could use|would like|" +
  "request(?:s|ing)?|requires?|requiring|make (?:it|that)|let['’]s do|book|schedule|fill|add|" +
  "bring|send (?:over|me)|give me|get me|approx(?:imately|\\.)?|min(?:imum|\\.)?|" +
  "(?:team|crew|group) of|(?:short|down) by";
const ASKED_BEFORE = new RegExp(`(?:\\b(?:${ASKING})\\s+|~\\s?)$`, "i");
/** What asks for so many even where "a packer" was said before. */
const WANTED_BEFORE = /\b(?:needs?|send|make (?:it|that)|want)\s+$/i;
const OPENINGS_BEHIND = /^\s+(?:openings|positions|spots|vacancies)\b/i;
const NOT_ENDING_BEFORE = new RegExp(
  "(?:\\b(?:at|on|by|from|to|till|until|start\\w*|call|ext\\.?|store|of|age[sd]?|size|level|phase|" +
    "shift|the|over|under|above|after|before|since|than|within|lift|in|for|and|or|job|load|" +
    "order|version|code|pin|room|badge|id)[\\s:#]+|[\\d/.#-]\\s?)$",
  "i",
);
const BEGINS =
  /(?:(?:^|[,;.!?(\n|]|\s[-\u2013\u2014])|(?:_|\b(?:need|want|requir)\w*)[^:;.!?\n]{0,60}:)\s*x?$/i;
/** What follows a number that counts nothing else: "need 2 in Dayton", not "need 500 boxes". */
const NEXT =
  "in|for|to|at|on|more|please|pls|needed|required|total|each|per|with|who|and|or|from|starting|" +
  "today|tonight|tomorrow|now|this|next|asap|openings?|spots?|positions?|that|able|should|" +
  "call|contact|are (?:needed|required)|would be|will do|is (?:enough|fine)|short|open|max|minimum";
const ENDS = new RegExp(`^\\+?\\s*(?:$|[,;:.!?)\\n|\u2013\u2014-]|(?:${NEXT})\\b)`, "i");

const CLAUSE_ENDS = /^\+?\s{0,9}(?:$|[,;:.!?)\n])/;
/** "4 certified and bonded packers", "3 people for packer" */
const ROLE_LATER = new RegExp(`^\\+?\\s+(?:(?!(?:${FAR})\\b)[\\w'’]+[\\s,-]+){0,7}?_`, "i");

/** Where a number stands, as far as it says how many people are asked for. */
function stand(text: string, { start, end }: NumberFound): Standing {
  const before = text.slice(Math.max(0, start - NEAR), start);
  const behind = text.slice(end, end + NEAR);
  if (ROLE_BEHIND.test(behind)) return "beside";
  if (ROLE_BEFORE.test(before) && ENDS.test(behind)) return "beside";
  if (ROLE_SIGNED.test(before)) return "beside";
  if (/^[x×]/i.test(text.slice(start, end)) || LABEL.test(before) || LABEL_SIGNED.test(before))
    return "labelled";
  const is_end = ENDS.test(behind);
  if ((WANTED_BEFORE.test(before) && is_end) || OPENINGS_BEHIND.test(behind)) return "wanted";
  if (PEOPLE_BEHIND.test(behind)) return "asked";
  const is_asked = ASKED_BEFORE.test(before) || BEGINS.test(before);
  if (is_asked && (is_end || ROLE_LATER.test(behind))) return "asked";
  return CLAUSE_ENDS.test(behind) && !NOT_ENDING_BEFORE.test(before) ? "ending" : "apart";
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

/** "2 level 3 welders" */
const LEVEL = /\b(?:level|grade|class|tier)\s\d{1,2}\b/gi;

function referencesIn(text: string): Unread[] {
  const found = [REFERENCE, LEVEL].flatMap((numbers) => text.match(numbers) ?? []);
  return found.map((said) => toldNumber(/\d+$/.exec(said)![0]));
}
