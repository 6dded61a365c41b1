// The indexes there are: opened one after the other at the start, made and dropped while it runs.
import { rm } from "node:fs/promises";
import { createKeyedLock } from "#kernel/keyed-lock.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import type { IndexInfo } from "#contracts/vector.ts";
import {
  infoOf,
  readEntries,
  writeEntry,
  type FoundEntry,
  type IndexEntry,
} from "./index-entry.ts";
import type { IndexNeeds } from "./index-needs.ts";
import { openLiveIndex, type LiveIndex } from "./live-index.ts";

export interface VectorStore {
  /**
   * Hands the open index to `work` as soon as it is open; throws `not_found`, or `unavailable` when
   * it is broken. When the vector engine died under it, the index is opened anew for the next.
   */
  use<T>(index: string, work: (live: LiveIndex) => Promise<T>): Promise<T>;
  /** The entry, also of an index that is broken or not yet open. */
  entryOf(index: string): IndexEntry | undefined;
  create(entry: IndexEntry): Promise<IndexInfo>;
  /** false: there was none. */
  drop(index: string): Promise<boolean>;
  info(index: string): Promise<IndexInfo>;
  list(): Promise<IndexInfo[]>;
  /** Runs `work` when no other creation or deletion of that index is under way. */
  inTurn<T>(index: string, work: () => Promise<T>): Promise<T>;
  figures(): { indexes: number; opening: number; broken: number; items: number; log_items: number };
  close(): Promise<void>;
}

/** One index of the store: being opened, open or broken. */
interface Place {
  readonly entry: IndexEntry | undefined;
  live: LiveIndex | undefined;
  /** Why it cannot be used; undefined: it can, or is still being opened. */
  broken: string | undefined;
  readonly opened: Promise<void>;
}

export async function openVectorStore(dir: string, needs: IndexNeeds): Promise<VectorStore> {
  const places = new Map<string, Place>();
  const lock = createKeyedLock();
  let closing = false;
  let before = Promise.resolve();
  for (const found of await readEntries(dir)) {
    if (found.entry?.dropping === true) await removeIndex(needs, found.index);
    else before = addPlace(found, before).opened;
  }

  function addPlace(found: FoundEntry, after: Promise<void>): Place {
    const place: Place = {
      entry: found.entry,
      live: undefined,
      broken: found.entry === undefined ? found.reason : undefined,
      opened: after.then(() => (closing ? undefined : openPlace(place, needs))),
    };
    places.set(found.index, place);
    return place;
  }

  async function get(index: string): Promise<LiveIndex> {
    const place = places.get(index);
    if (place === undefined) throw noSuchIndex(index);
    await place.opened;
    if (place.live !== undefined) return place.live;
    throw new LakehouseError("unavailable", `the index ${index} is broken: ${place.broken}`, {
      reason: "index_broken",
      hint: "drop it and build it anew from its source",
      extra: { index },
    });
  }

  async function info(index: string): Promise<IndexInfo> {
    const place = places.get(index);
    if (place === undefined) throw noSuchIndex(index);
    await place.opened;
    if (place.live !== undefined) return liveInfo(place.live);
    const items = place.entry?.generation?.items ?? 0;
    return infoOf(place.entry ?? unknownEntry(index), { items, log_items: 0 }, place.broken);
  }

  async function use<T>(index: string, work: (live: LiveIndex) => Promise<T>): Promise<T> {
    const live = await get(index);
    try {
      return await work(live);
    } catch (error) {
      if (error instanceof LakehouseError && error.reason === "vector_engine_stopped") {
        openAnew(index, live);
      }
      throw error;
    }
  }

  function openAnew(index: string, dead: LiveIndex): void {
    if (closing || places.get(index)?.live !== dead) return;
    needs.log.warn({ index }, "the vector engine has stopped; the index is opened anew");
    const closed = dead.close().catch((error: unknown) => {
      needs.log.error({ index, err: error }, "could not close an index cleanly");
    });
    addPlace({ index, entry: dead.entry, reason: "" }, closed);
  }

  return {
    use,
    info,
    entryOf: (index) => places.get(index)?.live?.entry ?? places.get(index)?.entry,
    async create(entry) {
      const { index } = entry;
      await writeEntry(needs.dirOf(index), entry);
      addPlace({ index, entry, reason: "" }, Promise.resolve());
      return use(index, async (live) => liveInfo(live));
    },
    async drop(index) {
      const place = places.get(index);
      if (place === undefined) return false;
      await place.opened;
      const entry = place.live?.entry ?? place.entry ?? unknownEntry(index);
      await writeEntry(needs.dirOf(index), { ...entry, dropping: true });
      places.delete(index);
      await place.live?.close();
      await removeIndex(needs, index);
      return true;
    },
    async list() {
      const names = [...places.keys()].toSorted();
      const all = await Promise.all(names.map((index) => info(index).catch(unlessGone)));
      return all.filter((one) => one !== undefined);
    },
    inTurn: (index, work) => lock.run(index, work),
    figures() {
      const all = [...places.values()];
      const sum = (of: (live: LiveIndex) => number) =>
        all.reduce((total, { live }) => total + (live === undefined ? 0 : of(live)), 0);
      const broken = all.filter((place) => place.broken !== undefined).length;
      return {
        indexes: all.length,
        opening: all.filter(({ live, broken: why }) => live === undefined && !why).length,
        broken,
        items: sum((live) => live.figures.items),
        log_items: sum((live) => live.figures.log_items),
      };
    },
    async close() {
      closing = true;
      for (const place of places.values()) {
        await place.opened;
        await place.live?.close();
      }
    },
  };
}

function liveInfo({ entry, figures, table }: LiveIndex): IndexInfo {
  const fields = Array.from(table.columns.fields(), ([field]) => field);
  return infoOf(entry, { ...figures, fields });
}

/** Never throws: an index that cannot be opened must not keep the others from it. */
async function openPlace(place: Place, needs: IndexNeeds): Promise<void> {
  if (place.entry === undefined) return;
  const { index, generation } = place.entry;
  try {
    place.live = await openLiveIndex(needs, place.entry);
    await needs.generations.removeOthers(index, generation?.prefix, needs.startCall());
  } catch (error) {
    if (place.live !== undefined) {
      needs.log.warn({ index, err: error }, "could not remove old generations");
      return;
    }
    place.broken = toLakehouseError(error).message;
    needs.log.error({ index, err: error }, "an index is broken");
  }
}

async function removeIndex(needs: IndexNeeds, index: string): Promise<void> {
  await needs.generations.removeOthers(index, undefined, needs.startCall());
  await rm(needs.dirOf(index), { recursive: true, force: true });
}

function unlessGone(error: unknown): undefined {
  if (!(error instanceof LakehouseError) || error.reason !== "no_such_index") throw error;
}

function noSuchIndex(index: string): LakehouseError {
  return new LakehouseError("not_found", `there is no index ${index}`, {
    reason: "no_such_index",
    extra: { index },
  });
}

/** Stands for an entry that cannot be read, so that the index can be listed and dropped. */
function unknownEntry(index: string): IndexEntry {
  return {
    format: 1,
    index,
    kind: "unknown",
    dimension: 0,
    embedder: null,
    metric: "cos",
    quantization: "f32",
    lexical: false,
    source: null,
    properties: {},
    created_at: "",
    generation: null,
    log_from: 1,
    dropping: false,
  };
}
