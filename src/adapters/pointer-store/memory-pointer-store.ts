// Pointers in memory, for tests of other services; passes the same suite as the SQLite store.
import type { Pointer, PointerStore } from "#ports/pointer-store.ts";
import { checkChanges } from "./pointer-changes.ts";

export async function createMemoryPointerStore(): Promise<PointerStore> {
  const spaces = new Map<string, Map<string, { version: number; text: string }>>();

  function spaceOf(space: string) {
    let found = spaces.get(space);
    if (found === undefined) spaces.set(space, (found = new Map()));
    return found;
  }

  function toPointer(name: string, row: { version: number; text: string }): Pointer {
    return { name, version: row.version, value: JSON.parse(row.text) as unknown };
  }

  return {
    async get(space, name) {
      const row = spaceOf(space).get(name);
      return row === undefined ? undefined : toPointer(name, row);
    },
    async list(space) {
      const rows = [...spaceOf(space)].toSorted(([a], [b]) =>
        Buffer.from(a).compare(Buffer.from(b)),
      );
      return rows.map(([name, row]) => toPointer(name, row));
    },
    async swap(space, name, expected_version, value) {
      const rows = spaceOf(space);
      if ((rows.get(name)?.version ?? 0) !== expected_version) return undefined;
      const row = { version: expected_version + 1, text: JSON.stringify(value) };
      rows.set(name, row);
      return toPointer(name, row);
    },
    async swapAll(changes) {
      checkChanges(changes);
      const texts = changes.map(({ value }) => JSON.stringify(value) as string | undefined);
      const stand = changes.every(
        (one) => (spaceOf(one.space).get(one.name)?.version ?? 0) === one.expected_version,
      );
      if (!stand) return false;
      for (const [at, { space, name, expected_version }] of changes.entries()) {
        const text = texts[at];
        if (text === undefined) spaceOf(space).delete(name);
        else spaceOf(space).set(name, { version: expected_version + 1, text });
      }
      return true;
    },
    async remove(space, name, expected_version) {
      const rows = spaceOf(space);
      return rows.get(name)?.version === expected_version && rows.delete(name);
    },
    close: async () => undefined,
  };
}
