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
      const { prompt_tokens } = usage;
      const cached = Math.min(cachedTokens(usage), prompt_tokens);
      const written = Math.min(cacheWriteTokens(usage), prompt_tokens - cached);
      const for_an_hour = Math.min(writtenForAnHour(usage), written);
      const write_per_million = price.cache_write_per_million ?? price.prompt_per_million;
      const millionths =
        (prompt_tokens - cached - written) * price.prompt_per_million +
        cached * (price.cached_per_million ?? price.prompt_per_million) +
        (written - for_an_hour) * write_per_million +
        for_an_hour * (price.cache_write_1h_per_million ?? write_per_million) +
        answerTokens(usage) * price.completion_per_million;
      return millionths / 1_000_000;
    },
    costMost(full_name, prompt_tokens, completion_tokens) {
      const price = priceOf(full_name);
      if (price === undefined) return 0;
      const dearest = Math.max(
        price.prompt_per_million,
        price.cached_per_million ?? 0,
        price.cache_write_per_million ?? 0,
        price.cache_write_1h_per_million ?? 0,
      );
      const millionths = prompt_tokens * dearest + completion_tokens * price.completion_per_million;
      return millionths / 1_000_000;
    },
  };
}

/** All that the model made. Some providers count its thoughts in nothing but the total. */
export function answerTokens(usage: TokenUsage): number {
  const { prompt_tokens, completion_tokens, total_tokens } = usage;
  const uncounted = Math.max(0, total_tokens - prompt_tokens - completion_tokens);
  const thoughts = usage.completion_tokens_details?.reasoning_tokens ?? uncounted;
  return completion_tokens + Math.min(uncounted, thoughts);
}

/** Prompt tokens that the provider had in its cache, where it says so. */
export function cachedTokens(usage: TokenUsage): number {
  return usage.prompt_tokens_details?.cached_tokens ?? 0;
}

/** Prompt tokens that the provider put into its cache, where it says so. */
export function cacheWriteTokens(usage: TokenUsage): number {
  return told(usage, "cache_write_tokens");
}

/** Of those, the ones that stay for an hour. */
function writtenForAnHour(usage: TokenUsage): number {
  return told(usage, "cache_write_1h_tokens");
}

function told(usage: TokenUsage, field: string): number {
  const tokens = usage.prompt_tokens_details?.[field];
  return typeof tokens === "number" ? tokens : 0;
}
