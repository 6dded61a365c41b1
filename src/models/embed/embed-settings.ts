// Settings of embed.
import { z } from "zod";

export const embedSettings = z.strictObject({
  model: z
    .string()
    .default("")
    .describe("default embedder of new indexes, e.g. gte-small once pulled; empty: built in"),
  cache_bytes_max: z
    .int()
    .min(0)
    .default(256 * 1024 * 1024)
    .describe("memory for vectors that were asked before; 0: none"),
  request_texts_max: z.int().min(1).default(10_000).describe("texts of one request"),
  request_characters_max: z
    .int()
    .min(1)
    .default(16 * 1024 * 1024)
    .describe("characters of one request in all"),
  batch_texts_max: z.int().min(1).default(32).describe("texts handed to an embedder at once"),
  batch_characters_max: z
    .int()
    .min(1)
    .default(64 * 1024)
    .describe("a batch is full once it holds as many"),
  batches_in_flight_max: z.int().min(1).default(2).describe("of one model"),
  waiting_texts_max: z.int().min(1).default(200_000).describe("of one model, before it refuses"),
  urgent_texts_max: z
    .int()
    .min(0)
    .default(8)
    .describe("requests of at most so many texts go before larger ones"),
});
export type EmbedSettings = z.output<typeof embedSettings>;
