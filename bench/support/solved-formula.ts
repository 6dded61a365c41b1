// The calculation behind a solved question: of the numbers in it, the shape that gives the target.
import { workOut } from "./arithmetic.ts";
import { isRight, numbersIn } from "./formula-pack.ts";

/** `a b c`: numbers of the question. Plain shapes first: the first that fits is taken. */
const SHAPES = [
  "a / b",
  "a - b",
  "a * b",
  "a + b",
  "a / b * 100",
  "(a - b) / b",
  "(a - b) / b * 100",
  "(a - b) / c",
  "(a - b) / c * 100",
  "a + b - c",
  "a + b + c",
  "a / (b - c)",
  "a * b * c",
  "a / b * c",
  "a + b * (c - a)",
  "a / b + c",
  "a * (1 + b) ^ c",
  "a / (1 + b) ^ c",
];
const NUMBERS_MAX = 7;

/** undefined: more steps than these, or none that is right. */
export function calculationOf(question: string, target: number): string | undefined {
  const numbers = [...new Set(numbersIn(question))].slice(0, NUMBERS_MAX);
  for (const shape of SHAPES) {
    for (const [a, b, c] of triplesOf(numbers, /c/.test(shape) ? 3 : 2)) {
      const filled = { a, b, c } as Readonly<Record<string, string>>;
      const calculation = shape.replaceAll(/[abc]/g, (letter) => filled[letter]!);
      const worked = workOut(calculation);
      if ("value" in worked && isRight(worked.value, target)) return calculation;
    }
  }
  return undefined;
}

function triplesOf(numbers: readonly string[], size: 2 | 3): string[][] {
  return numbers.flatMap((a) =>
    numbers.flatMap((b) => {
      if (a === b) return [];
      if (size === 2) return [[a, b]];
      return numbers.flatMap((c) => (c === a || c === b ? [] : [[a, b, c]]));
    }),
  );
}
