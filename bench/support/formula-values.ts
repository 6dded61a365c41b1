// A formula that is given: what stands for what, and the calculation once each has its number.
import type { JsonSchema } from "../../src/pack.ts";

export interface GivenFormula {
  /** The right side with `{0}`, `{1}` … where the names stand, and every sign written out. */
  readonly expression: string;
  /** What each place stands for, as the question explains it. */
  readonly names: readonly string[];
  /** Numbers of the question as they stand there. */
  readonly numbers: readonly string[];
}

const GIVEN = /Formula: (?<formula>.+?),? Explanation: (?<terms>.+?)\. Question:(?<question>.+)/su;
const SCALES: Readonly<Record<string, number>> = { thousand: 1e3, million: 1e6, billion: 1e9 };
const NUMBER = /\d[\d,]*(?:\.\d+)?(?:%| ?(?:thousand|million|billion)\b)?/giu;

/** undefined: the formula has names that are not explained, or signs that are not read here. */
export function givenFormula(task: string): GivenFormula | undefined {
  const { formula = "", terms = "", question = "" } = GIVEN.exec(task)?.groups ?? {};
  const right = formula.slice(formula.lastIndexOf("=") + 1);
  if (formula === "" || right.trim() === "") return undefined;
  // "Name: what it is, Name: what it is"; a name stands before the colon.
  const explained = terms.split(/, (?=[^,:]{1,60}: )/u).map((term) => {
    const cut = term.indexOf(": ");
    return { symbol: term.slice(0, cut).trim(), meaning: term.slice(cut + 2).trim() };
  });
  const longest = explained
    .filter(({ symbol }) => symbol !== "" && right.includes(symbol))
    .toSorted((one, other) => other.symbol.length - one.symbol.length);
  let text = right.replaceAll("×", "*").replaceAll("−", "-").replaceAll("[", "(");
  text = text.replaceAll("]", ")");
  const names: string[] = [];
  for (const { symbol, meaning } of longest) {
    if (!text.includes(symbol)) continue;
    text = text.replaceAll(symbol, `{${names.length}}`);
    names.push(symbol.toLowerCase() === meaning.toLowerCase() ? symbol : `${symbol}: ${meaning}`);
  }
  // "P (1 + r)" and "nt" mean products.
  const expression = text
    .replaceAll(/(\}|\)|\d)\s*(?=\{|\()/gu, "$1 * ")
    .replaceAll(/\s+/gu, " ")
    .trim();
  if (names.length === 0 || !/^(?:\{\d\}|[\d.\s()+*/^-])+$/u.test(expression)) return undefined;
  const numbers = [...new Set(question.match(NUMBER) ?? [])];
  return numbers.length === 0 ? undefined : inFormulaOrder({ expression, names, numbers });
}

/** The names in the order in which the formula has them: so they are asked for. */
function inFormulaOrder({ expression, names, numbers }: GivenFormula): GivenFormula {
  const places = [...new Set(expression.match(/\{\d\}/gu))].map((place) => Number(place[1]));
  const at = new Map(places.map((place, index) => [place, index]));
  return {
    expression: expression.replaceAll(/\{(\d)\}/gu, (_all, place) => `{${at.get(Number(place))}}`),
    names: places.map((place) => names[place]!),
    numbers,
  };
}

/** More ways than these to give each name a number are not written out. */
const WAYS_MAX = 200;

/** Every way to give each name a number of its own; undefined: too many, or too few numbers. */
export function waysOf({ names, numbers }: GivenFormula): Record<string, string>[] | undefined {
  let ways: Record<string, string>[] = [{}];
  for (const name of names) {
    ways = ways.flatMap((way) => {
      const taken = new Set(Object.values(way));
      return numbers.filter((one) => !taken.has(one)).map((one) => ({ ...way, [name]: one }));
    });
    if (ways.length > WAYS_MAX) return undefined;
  }
  return ways.length === 0 ? undefined : ways;
}

/** One way is to be chosen: no number can be invented, and none is taken twice. */
export function valuesSchema(ways: readonly Record<string, string>[]): JsonSchema {
  const anyOf = ways.map((way) => ({
    type: "object",
    properties: Object.fromEntries(
      Object.entries(way).map(([name, one]) => [name, { const: one }]),
    ),
    required: Object.keys(way),
    additionalProperties: false,
  }));
  return {
    type: "object",
    properties: { values: { type: "array", minItems: 1, maxItems: 1, items: { anyOf } } },
    required: ["values"],
    additionalProperties: false,
  };
}

/** The calculation with the numbers in their places. */
export function calculationWith(
  { expression, names, numbers }: GivenFormula,
  values: Readonly<Record<string, string>>,
): string {
  const scales = new Set(numbers.filter((one) => !one.endsWith("%")).map(scaleOf));
  return expression.replaceAll(/\{(\d)\}/gu, (_all, place) => {
    const said = values[names[Number(place)]!] ?? "";
    const plain = said.replaceAll(/,|\s?(?:thousand|million|billion)/giu, "");
    // Where all are millions, so is the answer.
    return scales.size > 1 && scaleOf(said) > 1 ? `(${plain} * ${scaleOf(said)})` : plain;
  });
}

function scaleOf(number: string): number {
  const word = /[a-z]+$/iu.exec(number)?.[0].toLowerCase();
  return word === undefined ? 1 : (SCALES[word] ?? 1);
}
