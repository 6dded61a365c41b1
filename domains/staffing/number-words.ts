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

const PATTERN = new RegExp(
  `\\b(?:x\\s?(\\d{1,3})|(\\d{1,3})\\s?x?|(${Object.keys(WORDS)
    .toSorted((a, b) => b.length - a.length)
    .join("|")}))\\b`,
  "i",
);

/** The text without what `firstCount` reads. */
export function withoutFirstCount(text: string): string {
  return text.replace(PATTERN, " ");
}

/** The first count in a text, or undefined. */
export function firstCount(text: string): number | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const digits = match[1] ?? match[2];
  const value = digits === undefined ? WORDS[match[3]!.toLowerCase()] : Number(digits);
  return value === 0 ? undefined : value;
}
