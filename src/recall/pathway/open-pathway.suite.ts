// The pathway service for tests: real log on disk, an embedder of words, a clock that stands.
import { embed } from "#contracts/embed.ts";
import { pathwayContract } from "#contracts/pathway.ts";
import { fixedClock, type Clock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { createEmbed } from "#models/embed/embed-service.ts";
import { embedSettings } from "#models/embed/embed-settings.ts";
import type { Embedder } from "#ports/embedder.ts";
import type { Connect } from "../../../test/support/each-transport.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import { hash32 } from "./index-words.ts";
import { createPathway } from "./pathway-service.ts";
import { pathwaySettings } from "./pathway-settings.ts";

export interface PathwayOptions {
  readonly dir?: string;
  readonly connect?: Connect;
  readonly clock?: Clock;
  readonly settings?: Parameters<typeof pathwaySettings.parse>[0];
  readonly embedder?: Embedder;
}

export const SCOPE = { tenant: "acme", agent: "bot", task_class: "ops" };

const DIMENSION = 64;

/** A vector for each text: its words, hashed. `same` says which words mean the same. */
export function wordEmbedder(same: Readonly<Record<string, string>> = {}): Embedder {
  return {
    model: "test/words",
    dimension: DIMENSION,
    async embed(texts) {
      const vectors = new Float32Array(texts.length * DIMENSION);
      for (const [at, text] of texts.entries()) {
        const row = vectors.subarray(at * DIMENSION, (at + 1) * DIMENSION);
        for (const word of text.toLowerCase().match(/[\p{L}\d]+/gu) ?? ["?"]) {
          for (let place = 0; place < DIMENSION; place++) {
            row[place]! += hash32(same[word] ?? word, place) / 2 ** 31 - 1;
          }
        }
        const length = Math.hypot(...row) || 1;
        for (let place = 0; place < DIMENSION; place++) row[place]! /= length;
      }
      return { vectors, dimension: DIMENSION, tokens: texts.length, pooled: [] };
    },
    close: async () => undefined,
  };
}

export async function openPathway(t: HasAfter, options: PathwayOptions = {}) {
  const clock = options.clock ?? fixedClock(1_800_000_000_000);
  const dir = options.dir ?? (await tempDir(t));
  const embedding = await createEmbed(
    { embedders: [options.embedder ?? wordEmbedder()], log: silentLog },
    embedSettings.parse({}),
  );
  const embed_client = connectLocal(embed, embedding.handlers, { strict: true });
  const service = await createPathway(
    { embed: embed_client, dir, log: silentLog, clock },
    pathwaySettings.parse(options.settings ?? {}),
  );
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= service.stop().then(() => embedding.stop()));
  t.after(stop);
  const connect: Connect =
    options.connect ?? (async (contract, h) => connectLocal(contract, h, { strict: true }));
  const client = await connect(pathwayContract, service.handlers);
  return { client, clock, dir, service: { ...service, stop } };
}
