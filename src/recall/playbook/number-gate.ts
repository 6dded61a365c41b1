// The gate on numbers: two queries that name different amounts, times or ids are not the same.
import type { QueryDifference } from "./query-difference.ts";
import { readNumbers, type QueryNumber } from "./read-numbers.ts";
import type { QueryWord } from "./query-words.ts";

/** Numbers that stand in one query and have no equal in the other. */
export function numberDifferences(
  query: readonly QueryWord[],
  recorded: readonly QueryWord[],
): QueryDifference[] {
  const left = readNumbers(query);
  const right = readNumbers(recorded);
  for (let index = left.length - 1; index >= 0; index--) {
    const partner = right.findIndex((number) => equal(left[index]!, number));
    if (partner < 0) continue;
    left.splice(index, 1);
    right.splice(partner, 1);
  }
  return pairUp(withoutVague(left, right), withoutVague(right, left));
}

function equal(a: QueryNumber, b: QueryNumber): boolean {
  if (a.kind === "clock" && b.kind === "amount") return clockMatches(a, b);
  if (a.kind === "amount" && b.kind === "clock") return clockMatches(b, a);
  if (a.value !== b.value) return a.vague && b.vague;
  if (a.kind !== b.kind) return a.kind !== "identifier" && b.kind !== "identifier";
  return a.quantity === b.quantity || a.quantity === undefined || b.quantity === undefined;
}

/** "at 3" may mean 3:00 as well as 15:00. */
function clockMatches(clock: QueryNumber, amount: QueryNumber): boolean {
  const [hour, minute] = clock.value.split(":").map(Number) as [number, number];
  const value = Number(amount.value);
  return amount.quantity === undefined && minute === 0 && value % 12 === hour % 12 && value <= 24;
}

/** "one" and "first" count only against another number of the other query. */
function withoutVague(own: QueryNumber[], other: QueryNumber[]): QueryNumber[] {
  return own.filter((number) => !number.vague || other.some((it) => it.kind === number.kind));
}

function pairUp(left: QueryNumber[], right: QueryNumber[]): QueryDifference[] {
  const length = Math.max(left.length, right.length);
  return Array.from({ length }, (_, index) => ({
    kind: "number",
    query: left[index]?.text ?? "",
    recorded: right[index]?.text ?? "",
  }));
}
