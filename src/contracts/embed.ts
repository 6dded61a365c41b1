// embed: texts to vectors, with a built-in local model that needs no server and no download.
import { z } from "zod";
import { bytes, defineContract, read } from "#kernel/contract.ts";
import { count, ledger_reasons } from "./nouns.ts";

const document = z.union([
  z.string().max(1_000_000),
  z.strictObject({ text: z.string().max(1_000_000) }),
]);
const documents = z.array(document).min(1).max(1_000);

const texts = z.array(z.string().max(1_000_000)).min(1).max(10_000);

/** LangChain's Python client sends them unless it is told not to. */
const NO_TOKEN_IDS =
  "expected a text; token ids are not read here, send the texts themselves " +
  "(LangChain for Python: check_embedding_ctx_length=False)";

export const embed = defineContract("embed", "Texts to vectors.", {
  embed: read({
    summary: "One vector of length 1 for each text.",
    http: "POST /embed",
    input: z.strictObject({ texts, model: z.string().optional() }),
    output: z.strictObject({
      model: z.string(),
      dimension: count,
      vectors: z.array(z.array(z.number())),
      cached: count.describe("vectors that came from the cache"),
      pooled: z.array(count).describe("positions of texts that were split and pooled"),
      tokens: count,
    }),
    reasons: ["no_such_model", "dimension_differs", "queue_full", ...ledger_reasons],
  }),
  pack: bytes({
    summary: "The same as embed, as little-endian float32 rows.",
    http: "POST /embed/packed",
    scope: "read",
    input: z.strictObject({ texts, model: z.string().optional() }),
    output: z.strictObject({
      content_type: z.literal("application/octet-stream"),
      model: z.string(),
      dimension: z.coerce.number(),
      rows: z.coerce.number(),
    }),
    request_body: "json",
    response_body: "raw",
    response_headers: {
      content_type: "content-type",
      model: "x-lakehouse-model",
      dimension: "x-lakehouse-dimension",
      rows: "x-lakehouse-rows",
    },
    reasons: ["no_such_model", "dimension_differs", "queue_full", ...ledger_reasons],
    witnessed: false,
  }),
  rerank: read({
    summary: "The documents that answer a query best, best first.",
    http: "POST /rerank",
    input: z.strictObject({
      query: z.string().min(1).max(100_000),
      documents: documents.optional().describe("what is ordered; this or texts"),
      texts: documents.optional().describe("the same under its other name"),
      model: z.string().optional().describe("absent: built in, by wording and meaning"),
      top_n: z.int().min(1).optional().describe("absent: all"),
      return_documents: z.boolean().default(false),
    }),
    output: z.strictObject({
      model: z.string(),
      results: z.array(
        z.strictObject({
          index: count.describe("place in what was sent"),
          relevance_score: z.number().describe("larger is closer; of this model only"),
          document: z.strictObject({ text: z.string() }).optional(),
        }),
      ),
    }),
    reasons: [
      "no_such_model",
      "no_documents",
      ...ledger_reasons,
      "provider_unreachable",
      "provider_failed",
      "provider_rate_limited",
      "bad_provider_answer",
    ],
  }),
  openai: read({
    summary: "Embeddings as OpenAI's API has them.",
    http: "POST /v1/embeddings",
    input: z.strictObject({
      input: z.union([z.string(), z.array(z.string(NO_TOKEN_IDS)).min(1)]),
      // OpenAI's own clients may send null for what is not wanted.
      model: z.string().nullish(),
      encoding_format: z.enum(["float", "base64"]).nullable().default("float"),
      dimensions: z.int().min(1).nullish(),
      user: z.string().nullish(),
    }),
    output: z.strictObject({
      object: z.literal("list"),
      model: z.string(),
      data: z.array(
        z.strictObject({
          object: z.literal("embedding"),
          index: count,
          embedding: z.union([z.array(z.number()), z.string()]),
        }),
      ),
      usage: z.strictObject({ prompt_tokens: count, total_tokens: count }),
    }),
    reasons: ["no_such_model", "dimension_differs", "queue_full", ...ledger_reasons],
  }),
  models: read({
    summary: "Models that can embed here, the default first, and how the cache fares.",
    http: "GET /embed/models",
    input: z.strictObject({}),
    output: z.strictObject({
      models: z.array(
        z.strictObject({ model: z.string(), dimension: count.nullable(), origin: z.string() }),
      ),
      cache: z.strictObject({ entries: count, bytes: count, hits: count, misses: count }),
    }),
  }),
});
