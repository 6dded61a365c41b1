// vector: named indexes; each operation checks, asks the index, and answers in contract words.
import { join } from "node:path";
import { startCall, type Call } from "#kernel/call.ts";
import { isoTime, type Clock } from "#kernel/clock.ts";
import type { Client, Handlers, ParsedInputOf } from "#kernel/contract.ts";
import { canonicalJson } from "#kernel/ids.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { embed } from "#contracts/embed.ts";
import type { query } from "#contracts/query.ts";
import type { storage } from "#contracts/storage.ts";
import type { IndexInfo, vector } from "#contracts/vector.ts";
import type { VectorIndexEngine } from "#ports/vector-index.ts";
import { createAnswers } from "./answer-search.ts";
import { createGenerationStore } from "./generation-store.ts";
import type { IndexEntry } from "./index-entry.ts";
import type { TableItem } from "./item-table.ts";
import type { LiveIndex } from "./live-index.ts";
import { createRecallProbes } from "./recall-probe.ts";
import { chooseEmbedder } from "./text-vectors.ts";
import { prepareItems } from "./upsert-items.ts";
import type { VectorSettings } from "./vector-settings.ts";
import { openVectorStore } from "./vector-store.ts";

export interface VectorNeeds {
  readonly storage: Client<typeof storage>;
  readonly embed: Client<typeof embed>;
  readonly query: Client<typeof query>;
  readonly engine: VectorIndexEngine;
  /** Entries and logs of the indexes. */
  readonly dir: string;
  readonly log: Log;
  readonly clock: Clock;
}

type Input<N extends keyof typeof vector.operations> = ParsedInputOf<(typeof vector.operations)[N]>;

/** Deadline of work that nobody waits for, such as writing a generation. */
const BACKGROUND_TIMEOUT_MS = 3_600_000;

/** Answers as soon as the entries are read; each index answers when it is open. */
export async function createVector(
  needs: VectorNeeds,
  settings: VectorSettings,
): Promise<Service<typeof vector>> {
  const dir = join(needs.dir, "indexes");
  const { engine, log } = needs;
  const store = await openVectorStore(dir, {
    engine,
    generations: createGenerationStore(needs.storage, engine, join(needs.dir, "fetched")),
    settings,
    log,
    dirOf: (index) => join(dir, index),
    startCall: () => startCall({ timeout_ms: BACKGROUND_TIMEOUT_MS }),
  });
  const probes = createRecallProbes(needs.embed, settings, needs.clock);
  const answers = createAnswers({ ...needs, probes }, settings);
  const probed = (info: IndexInfo): IndexInfo => {
    const recall_probe = probes.last(info);
    return recall_probe === undefined ? info : { ...info, recall_probe };
  };

  const handlers: Handlers<typeof vector> = {
    create: (input, call) =>
      store.inTurn(input.index, async () => {
        const present = store.entryOf(input.index);
        if (present !== undefined) {
          checkSame(present, input);
          return store.info(input.index);
        }
        return store.create(await newEntry(needs, input, call));
      }),
    upsert: ({ index, items }, call) =>
      store.use(index, async (live) => {
        const batch_texts = settings.embed_batch_texts;
        const prepared = await prepareItems(needs.embed, live.entry, items, batch_texts, call);
        await live.upsert(prepared.items, prepared.vectors);
        return { upserted: items.length, items: live.figures.items };
      }),
    remove: ({ index, ids }) =>
      store.use(index, async (live) => {
        const removed = await live.remove(ids);
        return { removed, items: live.figures.items };
      }),
    search: (input, call) => store.use(input.index, (live) => answers.search(live, input, call)),
    hybrid: (input, call) => store.use(input.index, (live) => answers.hybrid(live, input, call)),
    fetch: ({ index, ids }) => store.use(index, async (live) => ({ items: itemsOf(live, ids) })),
    async rebuild({ index }) {
      await store.use(index, (live) => live.rebuild());
      return store.info(index);
    },
    probe: ({ index, queries, k, expansion }, call) =>
      store.use(index, (live) => probes.run(live, { queries, k, expansion }, call)),
    drop: ({ index }) =>
      store.inTurn(index, async () => {
        probes.forget(index);
        return { dropped: await store.drop(index) };
      }),
    list: async () => ({ indexes: (await store.list()).map(probed) }),
    stats: async ({ index }) => probed(await store.info(index)),
  };

  return {
    handlers,
    async health() {
      const figures = store.figures();
      if (figures.broken === 0) return { status: "ok", figures };
      const reason = `${figures.broken} of ${figures.indexes} indexes are broken`;
      return { status: "degraded", figures: { ...figures, reason } };
    },
    stop: () => store.close(),
  };
}

function itemsOf(live: LiveIndex, ids: readonly string[]): TableItem[] {
  const { table } = live;
  return ids.flatMap((id) => {
    const slot = table.slotOf(id);
    return slot === undefined ? [] : [table.item(slot)];
  });
}

async function newEntry(
  needs: VectorNeeds,
  input: Input<"create">,
  call: Call,
): Promise<IndexEntry> {
  const { metric, quantization } = input;
  if (quantization === "i8" && metric !== "cos") {
    throw new LakehouseError("invalid", `i8 keeps directions only, which ${metric} cannot use`, {
      hint: "take f16 or f32, or the metric cos",
    });
  }
  const { index, kind, lexical, source, properties, embedder, dimension } = input;
  return {
    format: 1,
    index,
    kind,
    metric,
    quantization,
    lexical,
    source,
    properties,
    ...(await chooseEmbedder(needs.embed, embedder, dimension, call)),
    created_at: isoTime(needs.clock),
    generation: null,
    log_from: 1,
    dropping: false,
  };
}

/** What the caller left to the default (embedder, dimension) is as it is in the index. */
function checkSame(entry: IndexEntry, input: Input<"create">): void {
  const wanted: Record<string, unknown> = { ...input };
  const present = entry as unknown as Record<string, unknown>;
  const differ = Object.keys(wanted).filter(
    (field) =>
      wanted[field] !== undefined && canonicalJson(wanted[field]) !== canonicalJson(present[field]),
  );
  if (differ.length === 0) return;
  throw new LakehouseError(
    "conflict",
    `the index ${input.index} is there already, with another ${differ.join(", ")}`,
    { reason: "index_differs", extra: { differ } },
  );
}
