// An item table as a file: a snapshot is written while the table goes on changing.
import { endianness } from "node:os";
import { setImmediate as nextTurn } from "node:timers/promises";
import { assert } from "#kernel/assert.ts";
import { createItemTable, type ItemTable, type TableOptions } from "./item-table.ts";
import type { MetadataValue } from "./metadata-columns.ts";
import { readSections, writeSections } from "./section-file.ts";

/** What a table held at one moment: how many slots there were, and which of them lived. */
export interface TableSnapshot {
  readonly slots: number;
  readonly alive: Uint8Array;
}

/** Ids of one line, slots whose words are indexed between two turns of the event loop. */
const STEP = 2048;
const WORDS_STEP = 256;

export function snapshotOf(table: ItemTable): TableSnapshot {
  return { slots: table.slots, alive: table.aliveMask() };
}

/** The sha256 of the file. */
export function writeTable(
  path: string,
  table: ItemTable,
  snapshot: TableSnapshot,
): Promise<string> {
  assert(endianness() === "LE", "table files are the machine's own numbers: little-endian only");
  const { slots, alive } = snapshot;
  const fields = [...table.columns.fields()];
  const sections: [string, Iterable<Uint8Array>][] = [
    ["ids", idLines(table, slots)],
    ["alive", [alive]],
    ["text_lengths", [bytesOf(table.texts.lengths(slots))]],
    ["text_bytes", table.texts.bytes(slots)],
    ["fields", [jsonBytes(fields.map(([name]) => name))]],
  ];
  for (const [at, [, column]] of fields.entries()) {
    // Values and codes only grow; those that came after the snapshot do no harm.
    sections.push([`values_${at}`, [jsonBytes(column.values.slice(1))]]);
    sections.push([`codes_${at}`, [bytesOf(column.codes.slice(0, slots))]]);
  }
  return writeSections(path, sections);
}

/** Reads what `writeTable` wrote; throws `unavailable` (`damaged_index`) for anything else. */
export async function readTable(
  path: string,
  sha256: string,
  options: TableOptions,
): Promise<ItemTable> {
  const table = createItemTable(options);
  await readSections(path, sha256, async (read, hold) => {
    const lines = (await read("ids")).toString("utf8").split("\n");
    const fields = JSON.parse((await read("fields")).toString("utf8")) as string[];
    const columns: [string, MetadataValue[], Int32Array][] = [];
    for (const [at, name] of fields.entries()) {
      const values = JSON.parse((await read(`values_${at}`)).toString("utf8")) as MetadataValue[];
      columns.push([name, values, numbersOf(await read(`codes_${at}`))]);
    }
    const text_lengths = numbersOf(await read("text_lengths"));
    const large = text_lengths.length >= options.texts_on_disk_min_items;
    table.restore({
      ids: lines.flatMap((line) => (line === "" ? [] : (JSON.parse(line) as string[]))),
      alive: new Uint8Array(await read("alive")),
      text_lengths,
      columns,
      text_bytes: large ? hold("text_bytes") : await read("text_bytes"),
    });
  });
  await indexAllWords(table);
  return table;
}

/** A table of the living items only, in new slots in the old order. */
export async function compactTable(
  table: ItemTable,
  living: Float64Array,
  options: TableOptions,
): Promise<ItemTable> {
  const compact = createItemTable(options);
  for (const [at, slot] of living.entries()) {
    compact.put(table.item(slot));
    if (at % WORDS_STEP === WORDS_STEP - 1) await nextTurn();
  }
  return compact;
}

async function indexAllWords(table: ItemTable): Promise<void> {
  if (table.lexical === undefined) return;
  for (let slot = 0; slot < table.slots; slot += WORDS_STEP) {
    table.indexWords(slot, slot + WORDS_STEP);
    await nextTurn();
  }
}

function* idLines(table: ItemTable, slots: number): Generator<Uint8Array> {
  for (let slot = 0; slot < slots; slot += STEP) {
    const ids = Array.from({ length: Math.min(STEP, slots - slot) }, (_, at) =>
      table.idOf(slot + at),
    );
    yield Buffer.from(`${JSON.stringify(ids)}\n`);
  }
}

const jsonBytes = (value: unknown) => Buffer.from(JSON.stringify(value));

const bytesOf = (numbers: Int32Array) =>
  new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);

const numbersOf = (bytes: Buffer) =>
  new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
