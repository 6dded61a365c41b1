// All items of an index but their vectors: slots, ids, texts, metadata and words, in memory.
import { assert } from "#kernel/assert.ts";
import type { Metadata } from "#contracts/nouns.ts";
import { createBm25Index, type Bm25Index, type Bm25Options } from "./bm25-index.ts";
import {
  createMetadataColumns,
  type MetadataColumns,
  type MetadataValue,
} from "./metadata-columns.ts";
import { createTextArena, type TextArena, type TextFile } from "./text-arena.ts";
import { createTokenizer } from "./word-tokens.ts";

export interface TableItem {
  readonly id: string;
  readonly text: string | null;
  readonly metadata: Metadata;
}

/**
 * Each put takes a new slot, and the former slot of the id dies. A slot never changes otherwise,
 * so whoever knows how many slots there were and which lived then has a snapshot.
 */
export interface ItemTable {
  /** Slots given out so far, dead ones included. */
  readonly slots: number;
  /** Items alive. */
  readonly size: number;
  readonly columns: MetadataColumns;
  readonly texts: TextArena;
  /** undefined when words are not indexed. */
  readonly lexical: Bm25Index | undefined;
  /** Puts an item into the next slot; the slot that died for it, or -1. */
  put(item: TableItem): number;
  /** The slot that died, or -1 when there was no such id. */
  remove(id: string): number;
  slotOf(id: string): number | undefined;
  idOf(slot: number): string;
  isAlive(slot: number): boolean;
  item(slot: number): TableItem;
  /** 1 for each slot that lives, 0 for the others. A copy. */
  aliveMask(): Uint8Array;
  /** Fills an empty table; the words of `indexWords` are still missing then. */
  restore(content: TableContent): void;
  /** Adds the words of slots from `from` to `to`, those that live. */
  indexWords(from: number, to: number): void;
  /** Lets go of the file that texts are read from. */
  close(): void;
}

export interface TableContent {
  readonly ids: readonly string[];
  readonly alive: Uint8Array;
  readonly text_lengths: Int32Array;
  readonly text_bytes: Buffer | TextFile;
  readonly columns: readonly (readonly [string, MetadataValue[], Int32Array])[];
}

export interface TableOptions extends Bm25Options {
  readonly lexical: boolean;
  /** The texts of so many items are read from the file of the table. */
  readonly texts_on_disk_min_items: number;
}

export function createItemTable(options: TableOptions): ItemTable {
  const ids: string[] = [];
  let alive = new Uint8Array(1024);
  const slot_of = new Map<string, number>();
  const texts = createTextArena();
  const columns = createMetadataColumns();
  const lexical = options.lexical ? createBm25Index(createTokenizer(), options) : undefined;

  function bury(slot: number): void {
    slot_of.delete(ids[slot]!);
    alive[slot] = 0;
    const text = lexical === undefined ? null : texts.get(slot);
    if (text !== null) lexical?.remove(slot, text);
  }

  function setAlive(slot: number): void {
    if (slot >= alive.length) {
      const wider = new Uint8Array(alive.length * 2);
      wider.set(alive);
      alive = wider;
    }
    alive[slot] = 1;
  }

  return {
    get slots() {
      return ids.length;
    },
    get size() {
      return slot_of.size;
    },
    columns,
    texts,
    lexical,
    put({ id, text, metadata }) {
      const slot = ids.length;
      const former = slot_of.get(id);
      if (former !== undefined) bury(former);
      ids.push(id);
      slot_of.set(id, slot);
      setAlive(slot);
      texts.push(text);
      columns.push(metadata);
      if (text !== null) lexical?.add(slot, text);
      assert(texts.count === ids.length && columns.count === ids.length, "slots out of step");
      return former ?? -1;
    },
    remove(id) {
      const slot = slot_of.get(id);
      if (slot === undefined) return -1;
      bury(slot);
      return slot;
    },
    slotOf: (id) => slot_of.get(id),
    idOf: (slot) => ids[slot]!,
    isAlive: (slot) => alive[slot] === 1,
    item: (slot) => ({ id: ids[slot]!, text: texts.get(slot), metadata: columns.get(slot) }),
    aliveMask: () => alive.slice(0, ids.length),
    restore(content) {
      assert(ids.length === 0, "only an empty table can be restored");
      for (const [slot, id] of content.ids.entries()) {
        ids.push(id);
        if (content.alive[slot] === 1) slot_of.set(id, slot);
      }
      alive = new Uint8Array(Math.max(1024, ids.length));
      alive.set(content.alive);
      texts.load(content.text_lengths, content.text_bytes);
      columns.load(ids.length, content.columns);
    },
    indexWords(from, to) {
      for (let slot = from; slot < Math.min(to, ids.length); slot++) {
        const text = alive[slot] === 1 ? texts.get(slot) : null;
        if (text !== null) lexical?.add(slot, text);
      }
    },
    close: texts.close,
  };
}
