// Texts to vectors through embed, checked against what the index was made with.
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { embed } from "#contracts/embed.ts";
import type { IndexEntry } from "./index-entry.ts";

type EmbedClient = Client<typeof embed>;

export interface EmbedderChoice {
  readonly embedder: string | null;
  readonly dimension: number;
}

/** Characters of the texts of one request to embed. */
const BATCH_CHARACTERS_MAX = 1_000_000;

/** The model and dimension of a new index. `embedder` undefined: the default; null: own vectors. */
export async function chooseEmbedder(
  client: EmbedClient,
  embedder: string | null | undefined,
  dimension: number | undefined,
  call: Call,
): Promise<EmbedderChoice> {
  if (embedder === null) {
    if (dimension !== undefined) return { embedder, dimension };
    throw new LakehouseError("invalid", "an index of own vectors needs a dimension", {
      hint: "give dimension, or leave embedder out to embed the texts here",
    });
  }
  const { models } = await client.models({}, call);
  const found = embedder === undefined ? models[0] : models.find(({ model }) => model === embedder);
  if (found === undefined) {
    throw new LakehouseError("not_found", `no model ${embedder ?? ""} embeds here`, {
      reason: "no_such_model",
      extra: { models: models.map(({ model }) => model) },
    });
  }
  const own = found.dimension ?? (await probe(client, found.model, call));
  if (dimension !== undefined && dimension !== own) throw dimensionDiffers(own, dimension);
  return { embedder: found.model, dimension: own };
}

async function probe(client: EmbedClient, model: string, call: Call): Promise<number> {
  const { dimension } = await client.embed({ texts: ["dimension"], model }, call);
  return dimension;
}

/** The vector of a query. */
export async function embedQuery(
  client: EmbedClient,
  entry: IndexEntry,
  text: string,
  call: Call,
): Promise<Float32Array> {
  const model = embedderOf(entry);
  const answer = await client.embed({ texts: [text], model }, call).catch(modelGone(model));
  checkAnswer(entry, answer.model, answer.dimension);
  return Float32Array.from(answer.vectors[0]!);
}

/** Vectors of many texts, one row each. */
export async function embedTexts(
  client: EmbedClient,
  entry: IndexEntry,
  texts: readonly string[],
  batch_texts: number,
  call: Call,
): Promise<Float32Array> {
  const model = embedderOf(entry);
  const rows = new Float32Array(texts.length * entry.dimension);
  for (let at = 0; at < texts.length;) {
    const batch = nextBatch(texts, at, batch_texts);
    const answer = await client.pack({ texts: batch, model }, call).catch(modelGone(model));
    checkAnswer(entry, answer.model, answer.dimension);
    const bytes = new Uint8Array(
      rows.buffer,
      at * entry.dimension * 4,
      batch.length * entry.dimension * 4,
    );
    let filled = 0;
    for await (const piece of answer.body) {
      if (filled + piece.length <= bytes.length) bytes.set(piece, filled);
      filled += piece.length;
    }
    if (filled !== bytes.length) {
      throw new LakehouseError("unavailable", `embed gave ${filled} bytes, not ${bytes.length}`);
    }
    at += batch.length;
  }
  return rows;
}

function nextBatch(texts: readonly string[], from: number, count_max: number): string[] {
  let characters = 0;
  let end = from;
  while (end < texts.length && end - from < count_max) {
    characters += texts[end]!.length;
    if (end > from && characters > BATCH_CHARACTERS_MAX) break;
    end++;
  }
  return texts.slice(from, end);
}

function embedderOf(entry: IndexEntry): string {
  if (entry.embedder !== null) return entry.embedder;
  throw new LakehouseError("invalid", `${entry.index} holds the caller's own vectors: give one`, {
    reason: "no_query",
  });
}

function modelGone(model: string) {
  return (error: unknown): never => {
    if (!(error instanceof LakehouseError) || error.reason !== "no_such_model") throw error;
    throw new LakehouseError(
      "conflict",
      `the index was made with ${model}, which is not here now`,
      {
        reason: "embedder_differs",
        hint: "make the model available again, or build the index anew with another",
        cause: error,
      },
    );
  };
}

function checkAnswer(entry: IndexEntry, model: string, dimension: number): void {
  if (model === entry.embedder && dimension === entry.dimension) return;
  const had = `${entry.embedder} (${entry.dimension})`;
  throw new LakehouseError(
    "conflict",
    `the index was made with ${had}, not ${model} (${dimension})`,
    {
      reason: "embedder_differs",
      extra: { embedder: entry.embedder, dimension: entry.dimension },
    },
  );
}

/** The error for a vector of another length than the index has. */
export function dimensionDiffers(wanted: number, given: number): LakehouseError {
  return new LakehouseError("invalid", `the dimension is ${wanted}, not ${given}`, {
    reason: "dimension_differs",
    extra: { dimension: wanted },
  });
}
