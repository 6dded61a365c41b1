// Reads and writes the metadata objects of tables, all immutable; what was read is kept in memory.
import type { storage } from "#contracts/storage.ts";
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { createAvroCodecs, type AvroCodecs } from "./iceberg/avro-types.ts";
import { decodeManifest } from "./iceberg/manifest-file.ts";
import { decodeManifestList } from "./iceberg/manifest-list.ts";
import { parseTableMetadata } from "./iceberg/table-metadata.ts";
import type { ManifestEntry, ManifestListEntry, TableMetadata } from "./iceberg/table-types.ts";
import { sameSpelling, type Buckets } from "./table-places.ts";
import { createWeighedCache } from "./weighed-cache.ts";

/** An object of a table is missing or is not what it should be. */
export class BrokenMetadata extends Error {
  override name = "BrokenMetadata";
  readonly location: string;
  /** Name of the dataset, where more than one is worked on. */
  readonly dataset: string | undefined;
  constructor(location: string, message: string, dataset?: string) {
    super(`${location} ${message}`);
    this.location = location;
    this.dataset = dataset;
  }
}

export interface HeldManifest {
  /** As they stand in the manifest: what they inherit is not filled in. */
  readonly entries: readonly ManifestEntry[];
  /** Paths of the files that are not deleted. */
  readonly live: ReadonlySet<string>;
}

export interface NewObject {
  readonly location: string;
  readonly bytes: Buffer;
}

export interface TableObjects {
  /** For encoding manifests: made once for each schema. */
  readonly codecs: AvroCodecs;
  metadata(location: string, call: Call): Promise<TableMetadata>;
  manifests(location: string, call: Call): Promise<readonly ManifestListEntry[]>;
  manifest(location: string, call: Call): Promise<HeldManifest>;
  /** Durable when it resolves. */
  put(object: NewObject, call: Call): Promise<void>;
  /** Size in bytes; undefined when it is not there. */
  sizeOf(location: string, call: Call): Promise<number | undefined>;
  holdMetadata(location: string, value: TableMetadata): void;
  holdManifests(location: string, value: readonly ManifestListEntry[]): void;
  holdManifest(location: string, entries: readonly ManifestEntry[]): void;
  /** Removes objects that nothing refers to. */
  remove(locations: readonly string[], call: Call): Promise<void>;
  /** Forgets what is held, so that a check sees what is really there. */
  forget(location: string): void;
}

export function createTableObjects(
  client: Client<typeof storage>,
  askBuckets: (call: Call) => Promise<Buckets>,
  cached_entries_max: number,
): TableObjects {
  const cache = createWeighedCache<unknown>(cached_entries_max);
  const codecs = createAvroCodecs();

  async function address(location: string, call: Call) {
    const found = (await askBuckets(call)).addressOf(location);
    if (found === undefined) throw new BrokenMetadata(location, "is in no bucket of this lake");
    return found;
  }

  async function read<T>(
    location: string,
    call: Call,
    parse: (bytes: Buffer) => T,
    weigh: (value: T) => number,
  ): Promise<T> {
    const held = cache.get(location);
    if (held !== undefined) return held as T;
    const bytes = await readAll(client, location, await address(location, call), call);
    const value = parseOrBroken(location, bytes, parse);
    cache.set(location, value, weigh(value));
    return value;
  }

  return {
    codecs,
    metadata: (location, call) =>
      read(location, call, (bytes) => parseTableMetadata(bytes.toString("utf8")), weightOf),
    manifests: (location, call) =>
      read(location, call, (bytes) => decodeManifestList(bytes, codecs), lengthOf),
    manifest: (location, call) =>
      read(
        location,
        call,
        (bytes) => toHeld(decodeManifest(bytes, undefined, codecs).entries),
        weightOfManifest,
      ),
    async put({ location, bytes }, call) {
      const body = (async function* () {
        yield bytes;
      })();
      const at = await address(location, call);
      const content_type = location.endsWith(".json") ? "application/json" : "application/avro";
      await client.put({ ...at, content_type, content_length: bytes.length, body }, call);
    },
    async sizeOf(location, call) {
      try {
        return (await client.head(await address(location, call), call)).size_bytes;
      } catch (error) {
        if (error instanceof LakehouseError && error.reason === "no_such_object") return undefined;
        throw error;
      }
    },
    holdMetadata: (location, value) => cache.set(location, value, weightOf(value)),
    holdManifests: (location, value) => cache.set(location, value, lengthOf(value)),
    holdManifest(location, entries) {
      const held = toHeld(entries);
      cache.set(location, held, weightOfManifest(held));
    },
    async remove(locations, call) {
      for (const location of locations) {
        cache.delete(location);
        await client.remove(await address(location, call), call);
      }
    },
    forget: (location) => cache.delete(location),
  };
}

const lengthOf = (list: readonly unknown[]) => list.length + 1;
const weightOfManifest = (held: HeldManifest) => held.entries.length + 1;

/** Columns and snapshots weigh like manifest entries. */
function weightOf(value: TableMetadata): number {
  const fields = value.schemas.reduce((sum, schema) => sum + schema.fields.length, 0);
  return 1 + fields + 2 * value.snapshots.length + value["metadata-log"].length;
}

function toHeld(entries: readonly ManifestEntry[]): HeldManifest {
  const live = new Set<string>();
  for (const { status, data_file } of entries) {
    if (status !== 2) live.add(sameSpelling(data_file.file_path));
  }
  return { entries, live };
}

/** All bytes of an object that must be there. */
export async function readAll(
  client: Client<typeof storage>,
  location: string,
  address: { readonly key: string; readonly bucket?: string },
  call: Call,
): Promise<Buffer> {
  try {
    const { body } = await client.get(address, call);
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof LakehouseError && error.reason === "no_such_object") {
      throw new BrokenMetadata(location, "is missing");
    }
    throw error;
  }
}

function parseOrBroken<T>(location: string, bytes: Buffer, parse: (bytes: Buffer) => T): T {
  try {
    return parse(bytes);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new BrokenMetadata(location, `is not what it should be: ${why}`);
  }
}
