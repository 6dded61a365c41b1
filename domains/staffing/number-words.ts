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
  couple: 2,
  pair: 2,
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
const TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen";
const SMALL = Object.keys(WORDS)
  .toSorted((a, b) => b.length - a.length)
  .join("|");
const BELOW_HUNDRED = `(?:${TENS})(?:[\\s-](?:${UNITS}))?|${TEENS}|${UNITS}`;
const UNIT = "dozens?|hundred|thousand";
const BEFORE_UNIT =
  "(?:a\\s)?couple(?:\\sof)?|(?:a\\s)?pair\\sof|half(?:\\sa)?|a|\\d{1,3}|" + BELOW_HUNDRED;

/** In words, the longest first: "two hundred and five", "two dozen", "a hundred", "five". */
const IN_WORDS =
  `(?<long>(?:(?:${BEFORE_UNIT})\\s)?(?:${UNIT})` +
  `(?:[\\s-](?:and\\s)?(?:(?:${BELOW_HUNDRED}|\\d{1,2})(?:\\s(?:${UNIT}))?|` +
  `${UNIT})\\b)*)|` +
  `(?<tens>${TENS})(?:[\\s-](?<units>${UNITS}))?|(?<word>${SMALL})`;

/**
 * A number that is no part of a price, a share or a longer number; in digits up to three, or with
 * separators for thousands: a longer one is more likely a badge or a street.
 */
const PATTERN = new RegExp(
  `(?<![\\w$€£]|\\d[.,]|\\w-|\\s\\.)(?:${IN_WORDS}|` +
    "[x×]\\s?(?<times>\\d{1,3})|(?<digits>\\d{1,3}(?:,\\d{3})+|\\d{1,3})(?:\\s?x)?)" +
    "\\b(?![.,/]\\d|-\\d{3}|\\s?%|\\s(?:percent|dollars|bucks)\\b)",
  "gi",
);

/** None and too many are no count. */
const LEFT = new RegExp(
  `(?<!\\w|\\w-)(?:${IN_WORDS}|a\\shalf|zero)\\b|` +
    "[$€£]?(?<![\\p{L}\\p{N}])(?:\\p{L}{1,9}-?)?\\d+(?:[.,:/-]?\\p{L}?\\d+)*\\p{L}*%?",
  "giu",
);

export interface NumberFound {
  readonly value: number;
  readonly start: number;
  readonly end: number;
}

/** Every number that may be a count: nobody is asked for by none, or by too many. */
export function countsIn(text: string): NumberFound[] {
  return [...text.matchAll(PATTERN)].flatMap((match) => {
    const value = valueOf(match.groups!);
    const start = match.index;
    return value >= 1 && value <= COUNT_MAX ? [{ value, start, end: start + match[0].length }] : [];
  });
}

/** Numbers of a text as they stand there, in digits and in words, but for "one" and "single". */
export function numbersIn(text: string): string[] {
  const all = text.match(LEFT) ?? [];
  return all.filter((said) => !/^(?:one|single)$/i.test(said));
}

function valueOf(groups: Readonly<Record<string, string | undefined>>): number {
  const { long, tens, units, word, times, digits } = groups;
  if (long !== undefined) return longValue(long);
  if (tens !== undefined) return worth(tens) + (units === undefined ? 0 : worth(units));
  return word === undefined ? Number((times ?? digits)!.replaceAll(",", "")) : worth(word);
}

const UNIT_WORTH: Readonly<Record<string, number>> = { dozen: 12, hundred: 100, thousand: 1_000 };

/** "Two thousand five hundred and six": a unit multiplies what stands before it. */
function longValue(text: string): number {
  let total = 0;
  let part = 0;
  for (const word of text.toLowerCase().split(/[\s-]+/)) {
    const unit = UNIT_WORTH[word.replace(/s$/, "")];
    if (unit === undefined) part += worth(word);
    else {
      total += (part === 0 ? 1 : part) * unit;
      part = 0;
    }
  }
  return total + part;
}

const FILLERS: Readonly<Record<string, number>> = { a: 0, of: 0, and: 0, couple: 2, pair: 2 };

function worth(word: string): number {
  const small = word.toLowerCase();
  return FILLERS[small] ?? (small === "half" ? 0.5 : (WORDS[small] ?? Number(small)));
}
