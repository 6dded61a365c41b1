// The words of a request as its readers take them: one form of signs, capitals that say something.
import { isKnownTerm, titled } from "./place-names.ts";
import { ALL_STATES, PLACES } from "./places.ts";

const CODES = Object.keys(ALL_STATES).join("|");
const DOTTED = /\bD\.\s?C\.(?=\W|$)/g;
const SAINT = /(?<!\p{Lu}\p{Ll}+ )\b(St|Ft|Mt)\. ?(?=\p{Lu}\p{L})/gu;
const TITLE = /\b(M[Rr]s?|M[Ss]|D[Rr]|mrs?|ms|dr)\. ?(?=\p{L}{2})/gu;
const NEGATED =
  /\b(do|does|did|ca|wo|would|should|is|are|was|were|have|has|had|must|could)(n)(t)\b/gi;
/** "Mon - Fri", "Monday-Friday", "M\u2013F" */
const WORKING_WEEK = new RegExp(
  "\\b(?:mon(?:day)?s?\\b\\.? ?(?:[-\u2013\u2014]|\\b(?:to|thru|through|till?|until)\\b) ?" +
    "fri(?:day)?s?\\b|M[\u2013\u2014]F\\b)",
  "gi",
);
/** "OSHA 10/30" */
const BOTH_OSHA = /\bOSHA[ -]?(10|30)((?:[ -]hour)?(?: ?[/&] ?| or | and ))(10|30)\b/gi;
const SERVED_SAINT = /\b(st|ft)\. ?(?=(?:louis|wayne)\b)/gi;

/**
 * Compatible letters made one (NFKC), invisible signs gone, single blanks, and none at the end of a
 * line, "St.Louis" as "St Louis", "dont" as "don't", "w/o" as "without"; what is said in nothing
 * but capitals is written as the rest is.
 */
export function readable(text: string): string {
  return (
    text
      .normalize("NFKC")
      .replaceAll(/\p{Cf}/gu, "")
      .replaceAll(/[^\S\n]+/g, " ")
      .replaceAll(/ ?\n ?/g, "\n")
      .replaceAll(DOTTED, "DC")
      .replaceAll(SAINT, "$1 ")
      .replaceAll(SERVED_SAINT, "$1 ")
      .replaceAll(TITLE, "$1 ")
      .replaceAll(NEGATED, "$1$2'$3")
      .replaceAll(BOTH_OSHA, "OSHA $1$2OSHA $3")
      .replaceAll(/[^\n.!?;]+/g, (said) => (isShouted(said) ? quiet(said) : said))
      // Small letters in it would hide that all else is in capitals.
      .replaceAll(WORKING_WEEK, "Monday to Friday")
      .replaceAll(/\bw\/o\b/gi, "without")
  );
}

const ABBREVIATED = /(?<=\b(?:St|Ft|Mt|Mr|Mrs|Ms|Dr|Jr|Sr))\.(?= ?\p{Lu})|(?<=\bNo)\.(?= ?\d)/gu;
const BEFORE_STATE = new RegExp(`(?<=\\p{L}),(?= ?(?:${CODES})\\b)`, "gu");

/**
 * The same text, no sign longer or shorter, in which commas, dots and colons end clauses, and
 * nothing else does: not the comma of "Columbus, OH" nor the dot of "St. Louis".
 */
export function clausal(text: string): string {
  return text
    .replaceAll(ABBREVIATED, " ")
    .replaceAll(BEFORE_STATE, " ")
    .replaceAll(/(?<=\s)-(?=\s)|[()\u2013\u2014]/g, ",");
}

const SMALL_WORDS = new Set(
  (
    "a an and any anyone anybody are around as at avoid back banned be been besides but by can " +
    "come covered cover day days dear do excluded except excluding for from get has have he " +
    "hello hey hi if in instead is it like me must my near need needed needs never next night " +
    "nights no nobody none nor not of off ok on one only or other our out outside please rather " +
    "return send she shift shifts should since skip so staff than thanks that the they this to " +
    "today tomorrow tonight until us want wanted was we welcome were when who will with without " +
    "work workers working you your people someone everyone asap start starting morning evening " +
    "least once both addition total order case charge advance person general full time front " +
    "i'm we're they're it's"
  ).split(" "),
);
const WORD = /\p{Lu}[\p{Lu}'’]*/gu;
const ALSO_CODES = new Set(["IN", "OR", "ME", "OK", "HI"]);
/** "IN WARREN MI"; without a state behind it, it may be anything. */
const PLACED = new RegExp(
  `(?<=\\b(?:in|near) )\\p{Lu}{3,}(?: \\p{Lu}{3,})?(?=,? (?:${CODES})\\b)`,
  "gu",
);
const SERVED = PLACES.map(({ city }) => city.toUpperCase())
  .join("|")
  .replaceAll(".", "\\.?");
const SERVED_HERE = new RegExp(`(?:${SERVED}), ?$`);

function isShouted(line: string): boolean {
  return !/\p{Ll}/u.test(line) && (line.match(/\p{Lu}{2,}/gu) ?? []).length > 2;
}

/** Names keep their capitals; common words, and those of roles and shifts, have none. */
function quiet(line: string): string {
  const lowered = line.replaceAll(WORD, (word, at: number) => {
    const small = word.toLowerCase().replace("’", "'");
    const is_small = SMALL_WORDS.has(small) || small.endsWith("n't");
    if (!is_small && !isKnownTerm(word)) return word;
    return ALSO_CODES.has(word) && isCode(line, at, word) ? word : word.toLowerCase();
  });
  return lowered.replaceAll(PLACED, titled);
}

/** "St Paul" → "St. Paul": the dot that `readable` takes out so that it ends no clause. */
export function dotted(city: string): string {
  return city.replace(/^(St|Ft|Mt) /, "$1. ");
}

/** And without it again. */
export function undotted(city: string): string {
  return city.replace(/^(St|Ft|Mt)\. /, "$1 ");
}

/** "IN" is a state behind a comma, where no word follows or a city of ours comes before. */
function isCode(line: string, at: number, word: string): boolean {
  const before = line.slice(0, at);
  if (!/\p{L}, ?$/u.test(before)) return false;
  return SERVED_HERE.test(before) || !/^ \p{L}/u.test(line.slice(at + word.length));
}
