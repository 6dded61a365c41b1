// The engines behind the ports, each opened when the first part asks for it and closed at the end.
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Log } from "#kernel/log.ts";
import type { ChatProvider } from "#ports/chat-model.ts";
import type { Embedder } from "#ports/embedder.ts";
import type { Reranker } from "#ports/reranker.ts";
import type { PointerStore } from "#ports/pointer-store.ts";
import type { TableEngine } from "#ports/table-engine.ts";
import type { VectorIndexEngine } from "#ports/vector-index.ts";
import type { Buckets } from "#data/storage/storage-buckets.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { openBuckets } from "./open-buckets.ts";
import { openRerankers } from "./open-rerankers.ts";
import { openProviders, weightsFolder } from "./open-providers.ts";
import { chooseQueryEngine, type ChosenEngine } from "./query-engine.ts";
import { resolveSecret, type HouseSettings } from "./settings.ts";

export interface Engines {
  buckets(): Promise<Buckets>;
  pointers(): Promise<PointerStore>;
  tables(): Promise<TableEngine>;
  /** Who answers queries; the engine of tables unless the settings name another. */
  queries(): Promise<ChosenEngine>;
  vectors(): Promise<VectorIndexEngine>;
  embedders(): Promise<readonly Embedder[]>;
  rerankers(): Promise<readonly Reranker[]>;
  chatProviders(): Promise<readonly ChatProvider[]>;
  stop(): Promise<void>;
}

export interface EngineNeeds {
  readonly settings: HouseSettings;
  readonly data_dir: string;
  readonly log: Log;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

export function createEngines(needs: EngineNeeds): Engines {
  const { data_dir } = needs;
  const { engines } = needs.settings;
  const closers: (() => Promise<void>)[] = [];

  /** Opens once, however often it is asked for; remembers how to close. */
  function once<T>(open: () => Promise<T>, close?: (engine: T) => Promise<void>): () => Promise<T> {
    let opened: Promise<T> | undefined;
    return () => {
      if (opened !== undefined) return opened;
      const opening = open();
      opened = opening;
      if (close !== undefined) closers.push(async () => close(await opening));
      return opening;
    };
  }

  const tables = once(
    async () => {
      const { createDuckDbEngine } = await import("#adapters/table-engine/duckdb-table-engine.ts");
      return createDuckDbEngine({
        memory_mb: engines.duckdb_memory_mb,
        threads: engines.duckdb_threads,
        temp_dir: join(data_dir, "tmp", "duckdb"),
        data_dir,
        // Every query that may run has a connection, and one is left for listings.
        connections_max: needs.settings.query.running_max + 1,
      });
    },
    (engine) => engine.close(),
  );

  const embedders = once(
    () => openEmbedders(needs),
    async (all) => {
      for (const embedder of all) await embedder.close();
    },
  );

  return {
    buckets: once(() => openBuckets(needs.settings.storage, data_dir, needs.variables)),
    pointers: once(
      () => openPointers(needs),
      (store) => store.close(),
    ),
    tables,
    queries: once(async () =>
      chooseQueryEngine(needs.settings.query, await tables(), needs.variables),
    ),
    vectors: once(
      async () => {
        const { createUsearchEngine } =
          await import("#adapters/vector-index/usearch-vector-index.ts");
        return createUsearchEngine({ threads: engines.vector_threads });
      },
      (engine) => engine.close(),
    ),
    embedders,
    rerankers: once(
      async () => openRerankers(needs.settings.providers, needs.variables, await embedders()),
      async (all) => {
        for (const reranker of all) await reranker.close();
      },
    ),
    chatProviders: once(
      () => openProviders({ ...needs, settings: needs.settings.providers }),
      async (all) => {
        for (const provider of all) await provider.close?.();
      },
    ),
    async stop() {
      const failures: unknown[] = [];
      for (const close of closers.toReversed()) {
        await close().catch((error: unknown) => failures.push(error));
      }
      if (failures.length > 0) throw failures[0];
    },
  };
}

async function openPointers({ settings, data_dir, variables }: EngineNeeds): Promise<PointerStore> {
  const { store, url: reference, schema } = settings.pointers;
  if (store === "sqlite") {
    const { createSqlitePointerStore } =
      await import("#adapters/pointer-store/sqlite-pointer-store.ts");
    return createSqlitePointerStore({ path: join(data_dir, "catalog", "pointers.sqlite") });
  }
  const url = await resolveSecret(reference, variables);
  if (url === "") {
    throw new LakehouseError("invalid", `pointers.url: ${reference} gives no address`, {
      reason: "bad_settings",
    });
  }
  const { createPostgresPointerStore } =
    await import("#adapters/pointer-store/postgres-pointer-store.ts");
  return createPostgresPointerStore({ url, schema });
}

async function openEmbedders(needs: EngineNeeds): Promise<Embedder[]> {
  const { createMiniLmEmbedder, createMiniLmWholeEmbedder } =
    await import("#adapters/embedder/minilm-embedder.ts");
  const { createOpenAiEmbedder } = await import("#adapters/embedder/openai-embedder.ts");
  const { createGteSmallEmbedder, hasGteSmall } =
    await import("#adapters/embedder/gte-small-embedder.ts");
  const options = {
    threads: needs.settings.engines.embed_threads,
    workers: needs.settings.engines.embed_workers || availableParallelism(),
  };
  // The first is the default. The second is what older indexes were made with: its workers start
  // when one of them is asked.
  const embedders = [createMiniLmWholeEmbedder(options), createMiniLmEmbedder(options)];
  const weights_dir = weightsFolder(needs.settings.providers, needs.data_dir);
  if (await hasGteSmall(weights_dir)) {
    embedders.push(createGteSmallEmbedder(weights_dir, options));
  }
  for (const endpoint of needs.settings.providers.endpoints) {
    if (endpoint.embedding_model === "") continue;
    const api_key = await resolveSecret(endpoint.api_key, needs.variables);
    embedders.push(
      createOpenAiEmbedder({
        name: endpoint.name,
        base_url: endpoint.base_url,
        model: endpoint.embedding_model,
        dimension: endpoint.embedding_dimension,
        ...(api_key === "" ? {} : { api_key }),
      }),
    );
  }
  return embedders;
}
