// Counts as people write them: digits, words, "a couple of", "half a dozen".

const WORDS: Readonly<Record<string, number>> = {
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  thirteen: 13,
  fourteen: 14,
  fifteen: 15,
  sixteen: 16,
  seventeen: 17,
  eighteen: 18,
  nineteen: 19,
  twenty: 20,
  thirty: 30,
  forty: 40,
  fifty: 50,
  sixty: 60,
  seventy: 70,
  eighty: 80,
  ninety: 90,
  "a couple of": 2,
  "a couple": 2,
  "couple of": 2,
  "a pair of": 2,
  "pair of": 2,
  "a trio of": 3,
  "half a dozen": 6,
  "half dozen": 6,
  "a dozen": 12,
  dozen: 12,
  single: 1,
};

/** A contract counts no more workers than this. */
export const COUNT_MAX = 10_000;

const UNITS = "one|two|three|four|five|six|seven|eight|nine";
const TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety";
const SMALL = Object.keys(WORDS)
  .toSorted((a, b) => b.length - a.length)
  .join("|");

/** In words, the longest first: "twenty-five", "two dozen", "a hundred", "five". */
const IN_WORDS =
  `(?<tens>${TENS})(?:[\\s-](?<units>${UNITS}))?|` +
  `(?<many>${UNITS}|ten|a|\\d{1,2})\\s(?<unit>dozen|hundred)|(?<word>${SMALL})`;

/**
 * A number that is no part of a price, a share or a longer number; in digits up to three, or with
 * separators for thousands: a longer one is more likely a badge or a street.
 */
const PATTERN = new RegExp(
  `(?<![\\w$€£]|\\d[.,]|\\w-|\\s\\.)(?:${IN_WORDS}|` +
    "x\\s?(?<times>\\d{1,3})|(?<digits>\\d{1,3}(?:,\\d{3})+|\\d{1,3})(?:\\s?x)?)" +
    "\\b(?![.,]\\d|\\s?%|\\s(?:percent|dollars|bucks)\\b)",
  "i",
);

/** The text without what `firstCount` reads; none and too many are no count. */
export function withoutFirstCount(text: string): string {
  return firstCount(text) === undefined ? text : text.replace(PATTERN, " ");
}

/** The first count in a text, or undefined: nobody is asked for by none, or by too many. */
export function firstCount(text: string): number | undefined {
  const groups = PATTERN.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const value = valueOf(groups);
  return value >= 1 && value <= COUNT_MAX ? value : undefined;
}

function valueOf(groups: Readonly<Record<string, string | undefined>>): number {
  const { tens, units, many, unit, word, times, digits } = groups;
  if (tens !== undefined) return worth(tens) + (units === undefined ? 0 : worth(units));
  if (many !== undefined) return worth(many) * (unit!.toLowerCase() === "dozen" ? 12 : 100);
  return word === undefined ? Number((times ?? digits)!.replaceAll(",", "")) : worth(word);
}

function worth(word: string): number {
  return word.toLowerCase() === "a" ? 1 : (WORDS[word.toLowerCase()] ?? Number(word));
}
