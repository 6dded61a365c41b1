// The vector service on real storage below one folder, for the tests and the children they start.
import { join } from "node:path";
import { createDiskObjectStore } from "#adapters/object-store/disk-object-store.ts";
import { createUsearchEngine } from "#adapters/vector-index/usearch-vector-index.ts";
import { embed } from "#contracts/embed.ts";
import { query } from "#contracts/query.ts";
import { storage } from "#contracts/storage.ts";
import { vector } from "#contracts/vector.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import type { Client, Handlers } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { silentLog } from "#kernel/log.ts";
import type { VectorIndexEngine } from "#ports/vector-index.ts";
import { createStorage, oneBucket } from "#data/storage/storage-service.ts";
import { storageSettings } from "#data/storage/storage-settings.ts";
import type { Connect } from "../../../test/support/each-transport.ts";
import { createVector } from "./vector-service.ts";
import { vectorSettings } from "./vector-settings.ts";

export const FAKE_DIMENSION = 32;
export const FAKE_MODEL = "fake/words";

export interface OpenOptions {
  readonly connect?: Connect;
  readonly engine?: VectorIndexEngine;
  readonly embed?: Client<typeof embed>;
  readonly query?: Client<typeof query>;
  readonly settings?: Parameters<typeof vectorSettings.parse>[0];
}

export type OpenedVector = Awaited<ReturnType<typeof openVector>>;

/** Everything below `root`; opening the same folder again continues there. */
export async function openVector(root: string, options: OpenOptions = {}) {
  const objects = await createDiskObjectStore({ root: join(root, "objects") });
  const needs = { ...oneBucket(objects), log: silentLog, clock: systemClock };
  const storing = await createStorage(needs, storageSettings.parse({}));
  const engine = options.engine ?? createUsearchEngine({ threads: 2 });
  const service = await createVector(
    {
      storage: connectLocal(storage, storing.handlers, { strict: true }),
      embed: options.embed ?? connectLocal(embed, fakeEmbed(), { strict: true }),
      query: options.query ?? connectLocal(query, refusingQuery(), { strict: true }),
      engine,
      dir: join(root, "vector"),
      log: silentLog,
      clock: systemClock,
    },
    vectorSettings.parse(options.settings ?? {}),
  );
  const connect = options.connect;
  const client =
    connect === undefined
      ? connectLocal(vector, service.handlers, { strict: true })
      : await connect(vector, service.handlers);
  return {
    client,
    service,
    engine,
    async close() {
      await service.stop();
      await engine.close();
    },
  };
}

/** The sum of a fixed direction for each word: equal texts are equal, shared words are near. */
export function fakeVector(text: string, dimension = FAKE_DIMENSION): Float32Array {
  const sum = new Float32Array(dimension);
  for (const word of text.toLowerCase().match(/\w+/g) ?? []) {
    let hash = 2166136261;
    for (let at = 0; at < word.length; at++) {
      hash = Math.imul(hash ^ word.charCodeAt(at), 16777619);
    }
    for (let at = 0; at < dimension; at++) {
      hash = Math.imul(hash ^ (hash >>> 13), 1540483477) + at;
      sum[at]! += ((hash >>> 8) & 0xffff) / 0x8000 - 1;
    }
  }
  const length = Math.hypot(...sum) || 1;
  return sum.map((value) => value / length);
}

export function fakeEmbed(model = FAKE_MODEL, dimension = FAKE_DIMENSION): Handlers<typeof embed> {
  const check = (asked: string | undefined) => {
    if (asked === undefined || asked === model) return;
    throw new LakehouseError("not_found", `no ${asked}`, { reason: "no_such_model" });
  };
  return {
    async embed({ texts, model: asked }) {
      check(asked);
      const vectors = texts.map((text) => [...fakeVector(text, dimension)]);
      return { model, dimension, vectors, cached: 0, pooled: [], tokens: texts.length };
    },
    async pack({ texts, model: asked }) {
      check(asked);
      async function* body() {
        for (const text of texts) yield new Uint8Array(fakeVector(text, dimension).buffer);
      }
      const content_type = "application/octet-stream";
      return { content_type, model, dimension, rows: texts.length, body: body() };
    },
    rerank: () => Promise.reject(new LakehouseError("unimplemented", "not in this test")),
    openai: () => Promise.reject(new LakehouseError("unimplemented", "not in this test")),
    models: async () => ({
      models: [{ model, dimension, origin: "test" }],
      cache: { entries: 0, bytes: 0, hits: 0, misses: 0 },
    }),
  };
}

function refusingQuery(): Handlers<typeof query> {
  const refuse = () => Promise.reject(new LakehouseError("unimplemented", "not in this test"));
  return { sql: refuse, rows: refuse, explain: refuse, cancel: refuse, tables: refuse };
}
