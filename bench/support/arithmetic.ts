// Arithmetic as people and models write it: read, and worked out. Nothing else is understood.

export type Worked = { readonly value: number } | { readonly fault: string };

const TOKEN = /\s*(?:(\d+(?:\.\d+)?(?:e[+-]?\d+)?|\.\d+)(%?)|([-+*/^()])|(ln|exp|sqrt))/iy;
const LENGTH_MAX = 400;

/** `+ - * / ^ ( )`, `ln exp sqrt`, percent signs, `×` and `÷`; money signs and thousands go. */
export function workOut(text: string): Worked {
  if (text.length > LENGTH_MAX) return { fault: `it is longer than ${LENGTH_MAX} characters` };
  const plain = text
    .replaceAll(/[$€£]/g, "")
    .replaceAll(/(\d),(?=\d{3}(?!\d))/g, "$1")
    .replaceAll("×", "*")
    .replaceAll("÷", "/")
    .replaceAll("−", "-")
    .replaceAll("**", "^")
    .replaceAll("[", "(")
    .replaceAll("]", ")");
  const tokens = tokensOf(plain);
  if (typeof tokens === "string") return { fault: `"${tokens}" is no number and no operator` };
  const reader = createReader(tokens);
  try {
    const value = reader.sum();
    if (!reader.atEnd()) return { fault: "something is left over behind it" };
    return Number.isFinite(value) ? { value } : { fault: "it has no finite result" };
  } catch {
    return { fault: "it breaks off, or a bracket is missing" };
  }
}

function tokensOf(text: string): (number | string)[] | string {
  const tokens: (number | string)[] = [];
  for (let at = 0; at < text.trimEnd().length;) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) return text.slice(at, at + 20).trim();
    const [, number, percent, operator, name] = match;
    if (number === undefined) tokens.push((operator ?? name!).toLowerCase());
    else tokens.push(Number(number) / (percent === "%" ? 100 : 1));
    at = TOKEN.lastIndex;
  }
  return tokens;
}

const FUNCTIONS: Readonly<Record<string, (value: number) => number>> = {
  ln: Math.log,
  exp: Math.exp,
  sqrt: Math.sqrt,
};

/** Recursive descent; throws where the text breaks off. Depth is bounded by the length. */
function createReader(tokens: readonly (number | string)[]) {
  let at = 0;
  const take = (...wanted: string[]) => {
    const token = tokens[at];
    if (typeof token !== "string" || !wanted.includes(token)) return undefined;
    at++;
    return token;
  };

  function sum(): number {
    let value = product();
    for (let sign = take("+", "-"); sign !== undefined; sign = take("+", "-")) {
      const next = product();
      value = sign === "+" ? value + next : value - next;
    }
    return value;
  }

  function product(): number {
    let value = signed();
    for (let sign = take("*", "/"); sign !== undefined; sign = take("*", "/")) {
      const next = signed();
      value = sign === "*" ? value * next : value / next;
    }
    return value;
  }

  function signed(): number {
    if (take("-") !== undefined) return -signed();
    const base = atom();
    return take("^") === undefined ? base : base ** signed();
  }

  function atom(): number {
    const token = tokens[at++];
    if (typeof token === "number") return token;
    const apply = FUNCTIONS[token ?? ""];
    if (apply !== undefined) return apply(atom());
    if (token !== "(") throw new Error("no value");
    const value = sum();
    if (take(")") === undefined) throw new Error("no closing bracket");
    return value;
  }

  return { sum, atEnd: () => at === tokens.length };
}
