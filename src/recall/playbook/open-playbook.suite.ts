// The playbook service for tests: real log on disk, an embedder of words, a clock that stands.
import { embed } from "#contracts/embed.ts";
import { playbookContract } from "#contracts/playbook.ts";
import { fixedClock, type Clock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { createWordingReranker } from "#adapters/reranker/wording-reranker.ts";
import { createEmbed } from "#models/embed/embed-service.ts";
import { embedSettings } from "#models/embed/embed-settings.ts";
import type { AnswerPlaces } from "#ports/answer-places.ts";
import type { RequestReader, SlotVocabulary } from "#ports/domain-pack.ts";
import type { Embedder } from "#ports/embedder.ts";
import type { Connect } from "../../../test/support/each-transport.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import { createPlaybook } from "./playbook-service.ts";
import { playbookSettings } from "./playbook-settings.ts";
import { framedStems } from "./request-frames.ts";
import { wordingLikeness } from "./wording-likeness.ts";

export interface PlaybookOptions {
  readonly dir?: string;
  readonly connect?: Connect;
  readonly clock?: Clock;
  readonly slots?: readonly SlotVocabulary[];
  readonly readRequest?: RequestReader;
  readonly places?: () => AnswerPlaces | undefined;
  readonly settings?: Parameters<typeof playbookSettings.parse>[0];
}

const DIMENSION = 64;

/** A vector for each text: its words, hashed. Shared words are near, equal texts equal. */
export function wordEmbedder(): Embedder {
  const rowOf = (text: string) => {
    const row = new Float32Array(DIMENSION);
    for (const word of text.toLowerCase().match(/[\p{L}\d]+/gu) ?? ["?"]) {
      let hash = 2166136261;
      for (const sign of word) hash = Math.imul(hash ^ sign.codePointAt(0)!, 16777619);
      for (let at = 0; at < DIMENSION; at++) {
        hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) + at;
        row[at]! += ((hash >>> 9) & 0xffff) / 0x8000 - 1;
      }
    }
    const length = Math.hypot(...row) || 1;
    return row.map((value) => value / length);
  };
  return {
    model: "test/words",
    dimension: DIMENSION,
    async embed(texts) {
      const vectors = new Float32Array(texts.length * DIMENSION);
      for (const [at, text] of texts.entries()) vectors.set(rowOf(text), at * DIMENSION);
      return { vectors, dimension: DIMENSION, tokens: texts.length, pooled: [] };
    },
    close: async () => undefined,
  };
}

export async function openEmbed() {
  const embedder = wordEmbedder();
  const rerankers = [
    createWordingReranker({ embedder, stemsOf: framedStems, likenessOf: wordingLikeness }),
  ];
  const needs = { embedders: [embedder], rerankers, log: silentLog };
  const service = await createEmbed(needs, embedSettings.parse({}));
  return { service, client: connectLocal(embed, service.handlers, { strict: true }) };
}

export async function openPlaybook(t: HasAfter, options: PlaybookOptions = {}) {
  const clock = options.clock ?? fixedClock(1_800_000_000_000);
  const dir = options.dir ?? (await tempDir(t));
  const embedding = await openEmbed();
  const { slots = [], readRequest = () => undefined, places } = options;
  const service = await createPlaybook(
    { embed: embedding.client, dir, log: silentLog, clock, slots, readRequest, places },
    playbookSettings.parse(options.settings ?? {}),
  );
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= service.stop().then(() => embedding.service.stop()));
  t.after(stop);
  const connect: Connect =
    options.connect ?? (async (contract, h) => connectLocal(contract, h, { strict: true }));
  const client = await connect(playbookContract, service.handlers);
  return { client, clock, dir, embed: embedding.client, service: { ...service, stop } };
}
