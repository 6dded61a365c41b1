// Takes numbers out of a request that count no people: hours, dates, lengths of time, weights.
import { blankAll } from "./phrase-matcher.ts";
import { findRoles } from "./role-reader.ts";
import { HOURS } from "./shift-reader.ts";
import { withoutSiteParts } from "./site-parts.ts";
import { linesApart } from "./wrapped-lines.ts";

const NUMBER =
  "several|many|\\d+|one|two|three|four|five|six|seven|eight|nine|ten|a couple(?: of)?|a|" +
  "couple(?: of)?|few";
const UNIT =
  "(?:hours?|hrs?)(?:[\\s-]days)?|days?|nights?|weeks?|wks?|months?|years?|yrs?|minutes?";
/** One blank, no more: of several, what was read stood between the two. */
const DURATION = new RegExp(
  `\\b(?:\\d+[\\s-]?|(?:${NUMBER})[\\s-])(?:to[\\s-](?:${NUMBER})[\\s-])?` +
    `(?:(?:full|business)\\s)?(?:${UNIT})\\b`,
  "gi",
);
const CLOCK =
  /\b\d{1,2}(?::\d\d)?\s?(?:am|pm|a\.m\.|p\.m\.)(?:\b|(?=\s|$))|\b\d{1,2}:\d\d\b|\b\d{1,2}[ap]\b/gi;
const MEASURE =
  /\b\d+\s?(?:lbs?|pounds|kgs?)\b|\b(?:a )?pairs? of (?:gloves|boots|shoes|socks)\b/gi;
const MONTH =
  "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|" +
  "sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";
const DATE = new RegExp(
  `\\b${MONTH}\\.?\\s\\d{1,2}\\b|` +
    `(?<=\\b(?:on|by|to|till|until|from|starting|for|the|\\w+day),?\\s)\\d{1,2}\\s${MONTH}\\b|` +
    "(?<!\\b(?:needs?|wants?|send|get)\\s)\\b\\d{1,2}/\\d{1,2}(?:/\\d{2,4})?\\b|" +
    "\\b\\d{1,2}/\\d{1,2}(?=\\s\\d)",
  "gi",
);
/** "4 Dec 12": it may be the 4th as well as the 12th. */
export const UNCLEAR_DATE = new RegExp(`\\b\\d{1,2} ${MONTH}\\.?\\s\\d{1,2}\\b`, "gi");
/** Behind a day or night these make a time of day of it. */
const CREW = /^[\s\u2010\u2011-]+(?:shift|crew)(s?)\b/i;

/** Lengths of time out of the text: "two nights", not the night of "two night-shift welders". */
export function blankDurations(text: string): string {
  const roles = new Set(findRoles(text).map((one) => one.start));
  return text.replaceAll(DURATION, (found, offset: number) => {
    const unit = /[a-z]+$/i.exec(found)![0];
    if (!/^(?:day|night)s?$/i.test(unit)) return " ".repeat(found.length);
    const end = offset + found.length;
    const crew = CREW.exec(text.slice(end));
    const is_before_role = roles.has(end + /^[\s-]*/.exec(text.slice(end))![0].length);
    if (crew === null)
      return is_before_role && !/s$/i.test(unit) ? found : " ".repeat(found.length);
    // "Two night shifts" are a length of time, and at night.
    return crew[1] === "" ? found : " ".repeat(found.length - unit.length) + unit;
  });
}

/** The text without numbers that say when, where on a site, or how heavy. */
export function withoutTimes(text: string): string {
  const lines = linesApart(text).map((line) =>
    blankAll(blankDurations(line), HOURS, CLOCK, DATE, MEASURE),
  );
  return withoutSiteParts(lines.join("\n"));
}
