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
  for (const one of others) {
    sum = {
      prompt_tokens: sum!.prompt_tokens + one.prompt_tokens,
      completion_tokens: sum!.completion_tokens + one.completion_tokens,
      total_tokens: sum!.total_tokens + one.total_tokens,
    };
  }
  return sum;
}
