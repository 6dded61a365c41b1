// Access tokens with limits: the settings name them, the ledger holds them as it holds keys.
import type { KeyLimits } from "./key-account.ts";
import { namePatterns } from "./name-pattern.ts";
import type { LiveKey } from "./virtual-keys.ts";

/** What the settings say that an access token may ask. */
export interface TokenLimits extends Omit<KeyLimits, "kind"> {
  readonly models: readonly string[];
}

/** A caller whose calls are counted: a virtual key, or an access token with limits. */
export type HeldCaller = KeyLimits & Pick<LiveKey, "key_id" | "models" | "allows">;

/** Tokens by their name, without those that may ask anything at any rate. */
export function heldTokens(tokens: readonly TokenLimits[]): ReadonlyMap<string, HeldCaller> {
  const held = tokens.filter(isLimited).map(({ name, models, ...limits }): HeldCaller => {
    // No virtual key has such an id: those are hex digits.
    const key_id = `token:${name}`;
    return { kind: "token", key_id, name, models, allows: namePatterns(models), ...limits };
  });
  return new Map(held.map((one) => [one.name, one]));
}

/** Whether a token may not ask everything at any rate. */
export function isLimited(token: Omit<TokenLimits, "name">): boolean {
  const { models, requests_per_minute, tokens_per_minute, budget } = token;
  const amounts = [requests_per_minute, tokens_per_minute, ...Object.values(budget)];
  return !models.includes("*") || amounts.some((amount) => amount !== null);
}
