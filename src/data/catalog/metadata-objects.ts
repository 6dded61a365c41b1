// Reads and writes the catalog's immutable JSON objects; what was read is kept in memory.
import type { z } from "zod";
import type { storage } from "#contracts/storage.ts";
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import { newId } from "#kernel/ids.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { manifest, manifestList, type ListedManifest, type ManifestEntry } from "./manifests.ts";
import { snapshotArchive, tableMetadata, type TableMetadata } from "./table-metadata.ts";
import { createWeighedCache } from "./weighed-cache.ts";
import type { Snapshot } from "#contracts/catalog.ts";

/** An object of the catalog is missing or is not what it should be. */
export class BrokenMetadata extends Error {
  override name = "BrokenMetadata";
  readonly key: string;
  constructor(key: string, message: string) {
    super(`${key} ${message}`);
    this.key = key;
  }
}

export interface HeldManifest {
  readonly entries: readonly ManifestEntry[];
  readonly keys: ReadonlySet<string>;
}

export interface MetadataObjects {
  metadata(key: string, call: Call): Promise<TableMetadata>;
  manifests(key: string, call: Call): Promise<readonly ListedManifest[]>;
  manifest(key: string, call: Call): Promise<HeldManifest>;
  archive(key: string, call: Call): Promise<readonly Snapshot[]>;
  writeMetadata(version: number, value: TableMetadata, call: Call): Promise<string>;
  /** The key is chosen by the caller: the snapshot names it. */
  writeManifests(key: string, id: string, list: ListedManifest[], call: Call): Promise<void>;
  writeManifest(location: string, entries: ManifestEntry[], call: Call): Promise<string>;
  writeArchive(location: string, snapshots: Snapshot[], call: Call): Promise<string>;
  /** Removes objects that nothing refers to; what cannot be removed stays as an orphan. */
  remove(keys: readonly string[], call: Call): Promise<void>;
  /** Forgets what is held, so that a check sees what is really there. */
  forget(key: string): void;
}

export function createMetadataObjects(
  objects: Client<typeof storage>,
  cached_entries_max: number,
): MetadataObjects {
  const cache = createWeighedCache<unknown>(cached_entries_max);

  async function read<T>(
    key: string,
    call: Call,
    parse: (text: string) => [T, number],
  ): Promise<T> {
    const held = cache.get(key);
    if (held !== undefined) return held as T;
    const text = await readText(objects, key, call);
    const [value, weight] = parse(text);
    cache.set(key, value, weight);
    return value;
  }

  const write = (key: string, value: unknown, call: Call) => writeJson(objects, key, value, call);

  return {
    metadata: (key, call) =>
      read(key, call, (text) => weighed(parseAs(tableMetadata, key, text), weightOf)),
    manifests: (key, call) =>
      read(key, call, (text) => weighed(parseAs(manifestList, key, text).manifests, lengthOf)),
    manifest: (key, call) =>
      read(key, call, (text) => {
        const { entries } = parseAs(manifest, key, text);
        return weighed(holdEntries(entries), (held) => held.entries.length + 1);
      }),
    archive: (key, call) =>
      read(key, call, (text) => weighed(parseAs(snapshotArchive, key, text).snapshots, lengthOf)),
    async writeMetadata(version, value, call) {
      const number = String(version).padStart(5, "0");
      const key = `${value.location}metadata/${number}-${newId()}.metadata.json`;
      await write(key, value, call);
      cache.set(key, value, weightOf(value));
      return key;
    },
    async writeManifests(key, snapshot_id, manifests, call) {
      await write(key, { format_version: 1, snapshot_id, manifests }, call);
      cache.set(key, manifests, manifests.length + 1);
    },
    async writeManifest(location, entries, call) {
      const key = `${location}metadata/${newId()}-m0.json`;
      await write(key, { format_version: 1, entries }, call);
      cache.set(key, holdEntries(entries), entries.length + 1);
      return key;
    },
    writeArchive: (location, snapshots, call) =>
      write(
        `${location}metadata/${newId()}-snapshots.json`,
        { format_version: 1, snapshots },
        call,
      ),
    async remove(keys, call) {
      for (const key of keys) {
        cache.delete(key);
        await objects.remove({ key }, call);
      }
    },
    forget: (key) => cache.delete(key),
  };
}

const lengthOf = (list: readonly unknown[]) => list.length + 1;

function weighed<T>(value: T, weigh: (value: T) => number): [T, number] {
  return [value, weigh(value)];
}

/** Columns and snapshots weigh like manifest entries. */
function weightOf(value: TableMetadata): number {
  const fields = value.schemas.reduce((sum, schema) => sum + schema.fields.length, 0);
  return 1 + fields + 2 * value.snapshots.length + value.archives.length;
}

function holdEntries(entries: readonly ManifestEntry[]): HeldManifest {
  return { entries, keys: new Set(entries.map((entry) => entry.file.key)) };
}

async function writeJson(
  objects: Client<typeof storage>,
  key: string,
  value: unknown,
  call: Call,
): Promise<string> {
  const bytes = Buffer.from(JSON.stringify(value));
  const body = (async function* () {
    yield bytes;
  })();
  const content_type = "application/json";
  await objects.put({ key, content_type, content_length: bytes.length, body }, call);
  return key;
}

async function readText(objects: Client<typeof storage>, key: string, call: Call): Promise<string> {
  try {
    const { body } = await objects.get({ key }, call);
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    return Buffer.concat(chunks).toString("utf8");
  } catch (error) {
    if (error instanceof LakehouseError && error.reason === "no_such_object") {
      throw new BrokenMetadata(key, "is missing");
    }
    throw error;
  }
}

function parseAs<S extends z.ZodType>(schema: S, key: string, text: string): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BrokenMetadata(key, "is not JSON");
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new BrokenMetadata(key, `is not what it should be: ${parsed.error.issues[0]?.message}`);
}
