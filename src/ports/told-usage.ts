// Tokens that an answer told it used before it failed: its error has them, for whoever settles it.
import type { TokenUsage } from "#contracts/nouns.ts";
import { retold, toLakehouseError, type LakehouseError } from "#kernel/problem.ts";

/** The error with `extra.usage`, if there is any and it is not of who left. */
export function withUsage<T>(thrown: T, usage: TokenUsage | undefined): T | LakehouseError {
  if (usage === undefined) return thrown;
  const error = toLakehouseError(thrown);
  if (error.code === "cancelled") return thrown;
  return retold(error, { extra: { ...error.extra, usage } });
}

/** Undefined: nobody told. */
export function toldUsage({ extra }: LakehouseError): TokenUsage | undefined {
  return extra["usage"] as TokenUsage | undefined;
}

/** Of tries of one model; undefined: none told. */
export function sumOfUsages(told: readonly TokenUsage[] | undefined): TokenUsage | undefined {
  if (told === undefined) return undefined;
  const [first, ...others] = told;
  let sum = first;
  for (const one of others) sum = sumOf(sum!, one);
  return sum;
}

function sumOf(one: TokenUsage, other: TokenUsage): TokenUsage {
  const sum: TokenUsage = {
    prompt_tokens: one.prompt_tokens + other.prompt_tokens,
    completion_tokens: one.completion_tokens + other.completion_tokens,
    total_tokens: one.total_tokens + other.total_tokens,
  };
  for (const name of DETAILS) {
    const details = [one[name], other[name]].filter((told) => told !== undefined);
    if (details.length > 0) sum[name] = sumOfCounts(details);
  }
  return sum;
}

const DETAILS = ["prompt_tokens_details", "completion_tokens_details"] as const;

/** What else a provider tells among them cannot be added up. */
function sumOfCounts(details: readonly Readonly<Record<string, unknown>>[]) {
  const sums = new Map<string, number>();
  for (const [field, count] of details.flatMap((told) => Object.entries(told))) {
    if (typeof count === "number") sums.set(field, (sums.get(field) ?? 0) + count);
  }
  return Object.fromEntries(sums);
}
