// What a call cost, by the price table of the settings.
import type { TokenUsage } from "#contracts/nouns.ts";
import { namePattern } from "./name-pattern.ts";
import type { UsageSettings } from "./usage-settings.ts";

export interface PriceTable {
  /** Null when no price is known for `provider/model`. */
  costOf(full_name: string, usage: TokenUsage): number | null;
  /** What so many tokens cost at the most, whatever a cache reads or writes; 0 without a price. */
  costMost(full_name: string, prompt_tokens: number, completion_tokens: number): number;
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
      const { prompt_tokens, completion_tokens } = usage;
      const cached = Math.min(cachedTokens(usage), prompt_tokens);
      const written = Math.min(cacheWriteTokens(usage), prompt_tokens - cached);
      const millionths =
        (prompt_tokens - cached - written) * price.prompt_per_million +
        cached * (price.cached_per_million ?? price.prompt_per_million) +
        written * (price.cache_write_per_million ?? price.prompt_per_million) +
        completion_tokens * price.completion_per_million;
      return millionths / 1_000_000;
    },
    costMost(full_name, prompt_tokens, completion_tokens) {
      const price = priceOf(full_name);
      if (price === undefined) return 0;
      const { prompt_per_million, cached_per_million = 0, cache_write_per_million = 0 } = price;
      const dearest = Math.max(prompt_per_million, cached_per_million, cache_write_per_million);
      const millionths = prompt_tokens * dearest + completion_tokens * price.completion_per_million;
      return millionths / 1_000_000;
    },
  };
}

/** Prompt tokens that the provider had in its cache, where it says so. */
export function cachedTokens(usage: TokenUsage): number {
  return usage.prompt_tokens_details?.cached_tokens ?? 0;
}

/** Prompt tokens that the provider put into its cache, where it says so. */
export function cacheWriteTokens(usage: TokenUsage): number {
  const written = usage.prompt_tokens_details?.["cache_write_tokens"];
  return typeof written === "number" ? written : 0;
}
