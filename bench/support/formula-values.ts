// A formula that is given: what stands for what, and its result once each symbol has a number.
import type { JsonSchema } from "../../src/pack.ts";
import { readExpression, type Expression, type Values, type Worked } from "./arithmetic.ts";
import { numbersDerived, numbersTold, timesTold, type ToldNumber } from "./formula-numbers.ts";

export interface GivenFormula {
  /** As the question has it: two with the same text are the same formula. */
  readonly text: string;
  /** What each symbol stands for, in the order of the formula. */
  readonly names: readonly string[];
  /** For each name the numbers that it may be. */
  readonly offered: readonly (readonly ToldNumber[])[];
  /** An equation: one of the names is what is asked for, and has no number. */
  readonly unknown: boolean;
  /** The result, where the numbers of the names are given in their order. */
  worked(values: readonly (number | undefined)[]): Worked;
}

/** What a name is said to be that has no number. */
const ASKED_FOR = "?";

const GIVEN = /Formula: (?<formula>.+?),? Explanation: (?<terms>.+?)\. Question:(?<question>.+)/su;
/** "Name: what it is" or "name = how it is worked out", one after the other. */
const NEXT_TERM = /, (?=[^,:]{1,60}: |\S+ = )/u;

/** undefined: the formula is not understood, or the question has no numbers. */
export function givenFormula(task: string): GivenFormula | undefined {
  const { formula = "", terms = "", question = "" } = GIVEN.exec(task)?.groups ?? {};
  const explained = termsOf(terms);
  const known = [...explained.meanings.keys(), ...explained.worked_out.keys()];
  const equals = formula.indexOf("=");
  // "EV/EBITDA" is a name, "S_1 / S_0" is a calculation.
  const left_text = formula.slice(0, equals).trim();
  const left = / [-+*/] /u.test(left_text) ? readExpression(left_text, known) : undefined;
  const right = readExpression(formula.slice(equals + 1), known);
  if (equals < 0 || right === undefined) return undefined;
  const worked_out = new Map<string, Expression>();
  for (const [symbol, text] of explained.worked_out) {
    const read = readExpression(text, known);
    if (read === undefined) return undefined;
    worked_out.set(symbol, read);
  }
  const unknown = left !== undefined && left.symbols.length > 0;
  const direct = unknown ? [...left!.symbols, ...right.symbols] : right.symbols;
  const open = direct.flatMap((one) => worked_out.get(one)?.symbols ?? one);
  const symbols = [...new Set(open.flatMap((one) => worked_out.get(one)?.symbols ?? one))].filter(
    (one) => !worked_out.has(one) && !explained.constants.has(one),
  );
  const meanings = symbols.map((symbol) => meaningOf(symbol, explained.meanings));
  const told = numbersTold(question);
  if (symbols.length === 0 || told.length === 0) return undefined;
  const valuesOf = (numbers: readonly (number | undefined)[]): Values => {
    const given = symbols.map((symbol, at) => [symbol, numbers[at] ?? Number.NaN] as const);
    let values: Values = Object.fromEntries([...explained.constants, ...given]);
    for (const [symbol, read] of worked_out) values = { ...values, [symbol]: read.value(values) };
    return values;
  };
  return {
    text: formula,
    names: symbols.map((symbol, at) =>
      meanings[at] === "" ? symbol : `${symbol}: ${meanings[at]}`,
    ),
    offered: meanings.map((meaning) => [
      ...told,
      ...(/\bcompound|\bper year\b/iu.test(meaning) ? timesTold(question) : []),
      ...numbersDerived(told, meaning),
    ]),
    unknown,
    worked(numbers) {
      const value = unknown
        ? rootOf((x) => {
            const values = valuesOf(numbers.map((one) => one ?? x));
            return left!.value(values) - right.value(values);
          })
        : right.value(valuesOf(numbers));
      return Number.isFinite(value) ? { value } : { fault: "it has no finite result" };
    },
  };
}

interface Explained {
  readonly meanings: ReadonlyMap<string, string>;
  /** Symbols that are worked out of others. */
  readonly worked_out: ReadonlyMap<string, string>;
  readonly constants: ReadonlyMap<string, number>;
}

function termsOf(terms: string): Explained {
  const meanings = new Map<string, string>();
  const worked_out = new Map<string, string>();
  const constants = new Map<string, number>();
  for (const term of terms.split(NEXT_TERM)) {
    const [, symbol = "", how, what = ""] = /^(.+?)(?:: | (=) )(.*)$/su.exec(term.trim()) ?? [];
    if (how !== undefined) worked_out.set(symbol, what);
    else if (/natural logarithm/iu.test(what)) constants.set(symbol, Math.E);
    else if (symbol !== "" && !/cumulative distribution/iu.test(what)) meanings.set(symbol, what);
  }
  for (const symbol of constants.keys()) meanings.set(symbol, "");
  return { meanings, worked_out, constants };
}

/** `S_1` means what `S` means. */
function meaningOf(symbol: string, meanings: ReadonlyMap<string, string>): string {
  const meaning = meanings.get(symbol) ?? meanings.get(symbol.replace(/_.*$/su, "")) ?? "";
  return meaning.toLowerCase() === symbol.toLowerCase() ? "" : meaning;
}

/** More ways than these to give each name a number are not written out. */
const WAYS_MAX = 800;

export type Way = Readonly<Record<string, string>>;

/** Every way to give each name a number of its own; undefined: too many, or too few numbers. */
export function waysOf(given: GivenFormula): Way[] | undefined {
  const { names, offered, unknown } = given;
  let ways: { way: Way; taken: readonly ToldNumber[]; asked: boolean }[] = [
    { way: {}, taken: [], asked: !unknown },
  ];
  for (const [at, name] of names.entries()) {
    ways = ways.flatMap(({ way, taken, asked }) => {
      const open = offered[at]!.filter((one) => one.derived === true || !taken.includes(one));
      const next = open.map((one) => {
        return { way: { ...way, [name]: one.label }, taken: [...taken, one], asked };
      });
      if (!asked) next.push({ way: { ...way, [name]: ASKED_FOR }, taken: [...taken], asked: true });
      return next;
    });
    if (ways.length > 20 * WAYS_MAX) return undefined;
  }
  const whole = ways.filter(({ asked }) => asked).map(({ way }) => way);
  const different = [...new Map(whole.map((way) => [JSON.stringify(way), way])).values()];
  return different.length === 0 || different.length > WAYS_MAX ? undefined : different;
}

/** One way is to be chosen: no number can be invented, and none is taken twice. */
export function valuesSchema(ways: readonly Way[]): JsonSchema {
  const anyOf = ways.map((way) => ({
    type: "object",
    properties: Object.fromEntries(
      Object.entries(way).map(([name, one]) => [symbolOf(name), { const: one }]),
    ),
    required: Object.keys(way).map(symbolOf),
    additionalProperties: false,
  }));
  return {
    type: "object",
    properties: { values: { type: "array", minItems: 1, maxItems: 1, items: { anyOf } } },
    required: ["values"],
    additionalProperties: false,
  };
}

/** A name without what it means. */
export const symbolOf = (name: string): string => name.split(": ")[0]!;

/** The result with the numbers in their places; `way` by symbol. */
export function workedWith({ names, offered, worked }: GivenFormula, way: Way): Worked {
  return worked(
    names.map((name, at) => {
      const said = way[symbolOf(name)] ?? way[name];
      return offered[at]!.find(({ label }) => label === said)?.value;
    }),
  );
}

const SAMPLES = Array.from({ length: 121 }, (_, at) => 10 ** (at / 10 - 4));
const HALVINGS = 200;

/** Where a function of one number is 0: the smallest such number above 0; NaN: not found. */
function rootOf(distance: (x: number) => number): number {
  let [low, last] = [Number.NaN, Number.NaN];
  for (const high of SAMPLES) {
    const now = distance(high);
    if (now === 0) return high;
    if (last * now < 0) return halved(distance, low, high);
    [low, last] = [high, now];
  }
  return Number.NaN;
}

function halved(distance: (x: number) => number, from: number, to: number): number {
  let [low, high] = [from, to];
  const below = Math.sign(distance(low));
  for (let step = 0; step < HALVINGS; step++) {
    const middle = (low + high) / 2;
    if (Math.sign(distance(middle)) === below) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
