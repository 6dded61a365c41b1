// The numbers that a question tells: in digits, in words, and those that follow from two of them.

export interface ToldNumber {
  /** As it stands in the question, or what it is made of: `1,500,000 - 900,000`. */
  readonly label: string;
  readonly value: number;
  /** Made of others, which may be used besides. */
  readonly derived?: boolean;
}

const DIGITS = String.raw`(?<sign>-[$€£]?)?(?<digits>\d+(?:,\d{3})*(?:\.\d+)?)`;
const UNIT = String.raw`(?<unit>%| ?(?:thousand|million|billion|trillion)\b|[- ]months?\b)?`;
/** Not the digits of a name: `S_0`. */
const NUMBER = new RegExp(String.raw`(?<![\p{L}\d_.])${DIGITS}${UNIT}`, "giu");
const SCALES: Readonly<Record<string, number>> = {
  "%": 0.01,
  thousand: 1e3,
  million: 1e6,
  billion: 1e9,
  trillion: 1e12,
  // Formulas count in years.
  month: 1 / 12,
  months: 1 / 12,
};

/** How often a year something happens. */
const OFTEN: readonly (readonly [RegExp, number])[] = [
  [/\b(?:semi-?|half-?|bi-?)(?:annual(?:ly)?|yearly)\b|\btwice a year\b|\bsix months\b/iu, 2],
  [/\bquarter(?:ly)?\b|\bthree months\b/iu, 4],
  [/\btwo months\b|\bbi-?monthly\b|\bevery other month\b/iu, 6],
  [/(?<!bi-?)\bmonth(?:ly)?\b/iu, 12],
  [/\bbi-?weekly\b|\btwo weeks\b|\bfortnight(?:ly)?\b/iu, 26],
  [/(?<!bi-?)\bweek(?:ly)?\b/iu, 52],
  [/\b(?:daily|day)\b/iu, 365],
  [/(?<!semi-?|half-?|bi-?)\b(?:annually|yearly|once a year)\b/iu, 1],
];

/** Every number in digits, as often as it stands there. */
export function numbersTold(question: string): ToldNumber[] {
  return Array.from(question.matchAll(NUMBER), ({ 0: label, groups }) => {
    const { sign, digits, unit = "" } = groups!;
    const scale = SCALES[unit.replace(/^[- ]/u, "").toLowerCase()] ?? 1;
    const value = Number(digits!.replaceAll(",", "")) * scale * (sign === undefined ? 1 : -1);
    return { label: label.replace(/[$€£]/u, ""), value };
  });
}

/** Words that say how often a year: `quarterly` is 4. */
export function timesTold(question: string): ToldNumber[] {
  return OFTEN.flatMap(([words, value]) => {
    const label = words.exec(question)?.[0];
    return label === undefined ? [] : { label, value };
  });
}

/** What two amounts make that the meaning of a name speaks of: a rest, a mean, a whole. */
export function numbersDerived(numbers: readonly ToldNumber[], meaning: string): ToldNumber[] {
  const amounts = numbers.filter(({ label }) => !/%|month/u.test(label));
  // What grew has to be paid for: a change may count the other way.
  const turned = /\bchanges?\b/iu.test(meaning) ? amounts.filter(({ value }) => value > 0) : [];
  const ways: ((one: ToldNumber, other: ToldNumber) => ToldNumber)[] = [];
  if (/\b(?:minus|less)\b/iu.test(meaning)) {
    ways.push((one, other) => made(`${one.label} - ${other.label}`, one.value - other.value));
  }
  if (/\b(?:average|mean)\b/iu.test(meaning)) {
    ways.push((one, other) => {
      return made(`(${one.label} + ${other.label}) / 2`, (one.value + other.value) / 2);
    });
  }
  if (/\b(?:total|sum)\b/iu.test(meaning)) {
    ways.push((one, other) => made(`${one.label} + ${other.label}`, one.value + other.value));
  }
  const less = turned.map(({ label, value }) => made(`-${label}`, -value));
  const both = ways.flatMap((way) =>
    amounts.flatMap((one, at) =>
      amounts
        .slice(at + 1)
        .map((other) => (one.value >= other.value ? way(one, other) : way(other, one))),
    ),
  );
  return [...less, ...both];
}

const made = (label: string, value: number): ToldNumber => ({ label, value, derived: true });
