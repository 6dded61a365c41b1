// Arithmetic as people and models write it: read, and worked out. Nothing else is understood.

export type Worked = { readonly value: number } | { readonly fault: string };

/** What a symbol stands for. */
export type Values = Readonly<Record<string, number>>;

/** A calculation with symbols in it. */
export interface Expression {
  /** The symbols in it, in the order in which they come. */
  readonly symbols: readonly string[];
  /** NaN where a symbol has no value. */
  value(values: Values): number;
}

type Node = (values: Values) => number;
type Token = { readonly number: number } | { readonly symbol: string } | { readonly sign: string };

const NUMBER = /(\d+(?:\.\d+)?(?:e[+-]?\d+)?|\.\d+)(%?)/iy;
const FUNCTION = /(?:ln|exp|sqrt)(?![\p{L}_])/iuy;
const SIGN = /[-+*/^()√∑]|N(?=\()/y;
/** A name that nobody explained: words, an index, or a function of which only the value counts. */
const WORDS = /\p{L}[\p{L}\d]*(?:_[\p{L}\d]+)?(?:\([^()]*\)|(?: \p{L}[\p{L}\d_]*)*)/uy;
const LENGTH_MAX = 400;

/** `+ - * / ^ ( )`, `ln exp sqrt`, percent signs, `×` and `÷`; money signs and thousands go. */
export function workOut(text: string): Worked {
  if (text.length > LENGTH_MAX) return { fault: `it is longer than ${LENGTH_MAX} characters` };
  const tokens = tokensOf(plain(text), []);
  if (typeof tokens === "string") return strange(tokens);
  const word = tokens.find((one) => "symbol" in one);
  if (word !== undefined) return strange(word.symbol);
  const node = nodeOf(tokens, false);
  if ("fault" in node) return node;
  const value = node.read({});
  return Number.isFinite(value) ? { value } : { fault: "it has no finite result" };
}

const strange = (said: string) => ({ fault: `"${said}" is no number and no operator` });

/**
 * A formula: `known` are its symbols, other words in it are symbols as well. Neighbours are
 * multiplied first (`a / bc` is a / (b c)); `N` is the cumulative normal distribution; `∑` adds up
 * as many terms as `t` says, from 0 on (numpy-financial's `npv`). undefined: it holds something
 * else.
 */
export function readExpression(text: string, known: readonly string[]): Expression | undefined {
  const tokens = text.length > LENGTH_MAX ? "" : tokensOf(plain(text), known);
  if (typeof tokens === "string") return undefined;
  const node = nodeOf(tokens, true);
  if ("fault" in node) return undefined;
  const symbols = tokens.flatMap((one) => ("symbol" in one ? one.symbol : []));
  return { symbols: [...new Set(symbols)], value: node.read };
}

function plain(text: string): string {
  return text
    .replaceAll(/[$€£]/g, "")
    .replaceAll(/(\d),(?=\d{3}(?!\d))/g, "$1")
    .replaceAll("×", "*")
    .replaceAll("÷", "/")
    .replaceAll("−", "-")
    .replaceAll("**", "^")
    .replaceAll(/[[{]/g, "(")
    .replaceAll(/[\]}]/g, ")");
}

/** The text from where on nothing is understood, or the tokens. */
function tokensOf(text: string, known: readonly string[]): Token[] | string {
  const longest = known.toSorted((one, other) => other.length - one.length);
  const tokens: Token[] = [];
  for (let at = 0; at < text.length;) {
    if (/\s/.test(text[at]!)) {
      at++;
      continue;
    }
    const [token, length] = tokenAt(text, at, longest);
    if (token === undefined) return text.slice(at, at + 20).trim();
    tokens.push(token);
    at += length;
  }
  return tokens;
}

function tokenAt(
  text: string,
  at: number,
  known: readonly string[],
): readonly [Token, number] | readonly [undefined] {
  const read = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  const number = read(NUMBER);
  if (number !== null) {
    const [all, digits, percent] = number;
    return [{ number: Number(digits) / (percent === "%" ? 100 : 1) }, all.length];
  }
  const called = read(FUNCTION)?.[0];
  if (called !== undefined) return [{ sign: called.toLowerCase() }, called.length];
  // "S" is not meant in "S_1".
  const symbol = known.find((one) => text.startsWith(one, at) && text[at + one.length] !== "_");
  if (symbol !== undefined) return [{ symbol }, symbol.length];
  const sign = read(SIGN)?.[0];
  if (sign !== undefined) return [{ sign }, sign.length];
  const words = read(WORDS)?.[0];
  return words === undefined ? [undefined] : [{ symbol: words }, words.length];
}

const FUNCTIONS: Readonly<Record<string, (value: number) => number>> = {
  ln: Math.log,
  exp: Math.exp,
  sqrt: Math.sqrt,
  "√": Math.sqrt,
  N: cumulativeNormal,
};
const SUM_INDEX = "t";
const SUM_MAX = 10_000;

/** Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.17: to 7.5e-8. */
function cumulativeNormal(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  const factors = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429];
  const tail = density * factors.reduceRight((sum, factor) => (sum + factor) * t, 0);
  return x >= 0 ? 1 - tail : tail;
}

/** Recursive descent; the depth is bounded by the length. */
function nodeOf(
  tokens: readonly Token[],
  neighbours: boolean,
): { readonly read: Node } | { readonly fault: string } {
  let at = 0;
  const signAt = (place: number) => {
    const token = tokens[place];
    return token !== undefined && "sign" in token ? token.sign : undefined;
  };
  const take = (...wanted: string[]) => {
    const sign = signAt(at);
    return sign !== undefined && wanted.includes(sign) ? tokens[at++] && sign : undefined;
  };

  function sum(): Node {
    let left = product();
    for (let sign = take("+", "-"); sign !== undefined; sign = take("+", "-")) {
      const [one, other, factor] = [left, product(), sign === "+" ? 1 : -1];
      left = (values) => one(values) + factor * other(values);
    }
    return left;
  }

  function product(): Node {
    let left = signed();
    for (let sign = take("*", "/"); sign !== undefined; sign = take("*", "/")) {
      const [one, other] = [left, signed()];
      left =
        sign === "*"
          ? (values) => one(values) * other(values)
          : (values) => one(values) / other(values);
    }
    return left;
  }

  function signed(): Node {
    if (take("-") !== undefined) {
      const one = signed();
      return (values) => -one(values);
    }
    let left = power();
    while (neighbours && goesOn()) {
      const [one, other] = [left, power()];
      left = (values) => one(values) * other(values);
    }
    return left;
  }

  /** Whether what comes next is multiplied without a sign. */
  function goesOn(): boolean {
    const token = tokens[at];
    if (token === undefined || "number" in token) return false;
    return "symbol" in token || token.sign === "(" || token.sign in FUNCTIONS;
  }

  function power(): Node {
    const base = atom();
    if (take("^") === undefined) return base;
    const exponent = take("-") === undefined ? power() : negated(power());
    return (values) => base(values) ** exponent(values);
  }

  function atom(): Node {
    const token = tokens[at++];
    if (token === undefined) throw new Error("no value");
    if ("number" in token) return () => token.number;
    if ("symbol" in token) return (values) => values[token.symbol] ?? Number.NaN;
    if (token.sign === "∑") return summed(product());
    const apply = FUNCTIONS[token.sign];
    if (apply !== undefined) {
      const inner = atom();
      return (values) => apply(inner(values));
    }
    if (token.sign !== "(") throw new Error("no value");
    const inner = sum();
    if (take(")") === undefined) throw new Error("no closing bracket");
    return inner;
  }

  try {
    const read = sum();
    return at === tokens.length ? { read } : { fault: "something is left over behind it" };
  } catch {
    return { fault: "it breaks off, or a bracket is missing" };
  }
}

const negated =
  (node: Node): Node =>
  (values) =>
    -node(values);

function summed(term: Node): Node {
  return (values) => {
    const terms = values[SUM_INDEX] ?? Number.NaN;
    if (!Number.isInteger(terms) || terms < 1 || terms > SUM_MAX) return Number.NaN;
    let sum = 0;
    for (let index = 0; index < terms; index++) sum += term({ ...values, [SUM_INDEX]: index });
    return sum;
  };
}
