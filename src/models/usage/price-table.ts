// What a call cost, by the price table of the settings.
import type { TokenUsage } from "#contracts/nouns.ts";
import { namePattern } from "./name-pattern.ts";
import type { UsageSettings } from "./usage-settings.ts";

export interface PriceTable {
  /** Null when no price is known for `provider/model`. */
  costOf(full_name: string, usage: TokenUsage): number | null;
}

/** Names that are kept with their price; callers may ask for any name. */
const NAMES_KEPT_MAX = 1_000;

export function createPriceTable(prices: UsageSettings["prices"]): PriceTable {
  const table = prices.map((price) => ({ ...price, fits: namePattern(price.model) }));
  const found = new Map<string, (typeof table)[number] | undefined>();

  function priceOf(full_name: string) {
    if (found.has(full_name)) return found.get(full_name);
    const price = table.find((one) => one.fits(full_name));
    if (found.size >= NAMES_KEPT_MAX) found.clear();
    found.set(full_name, price);
    return price;
  }

  return {
    costOf(full_name, usage) {
      const price = priceOf(full_name);
      if (price === undefined) return null;
      const cached = Math.min(cachedTokens(usage), usage.prompt_tokens);
      const cached_price = price.cached_per_million ?? price.prompt_per_million;
      const millionths =
        (usage.prompt_tokens - cached) * price.prompt_per_million +
        cached * cached_price +
        usage.completion_tokens * price.completion_per_million;
      return millionths / 1_000_000;
    },
  };
}

/** Prompt tokens that the provider had in its cache, where it says so. */
export function cachedTokens(usage: TokenUsage): number {
  return usage.prompt_tokens_details?.cached_tokens ?? 0;
}
