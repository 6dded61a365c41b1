// Commits as another engine makes them: manifests of its own, then updates of the table.
import type { storage } from "#contracts/storage.ts";
import type { Client } from "#kernel/contract.ts";
import { newId } from "#kernel/ids.ts";
import { encodeManifest } from "./iceberg/manifest-file.ts";
import {
  decodeManifestList,
  encodeManifestList,
  manifestListEntry,
} from "./iceberg/manifest-list.ts";
import { currentSchema, currentSnapshot, defaultSpec } from "./iceberg/table-metadata.ts";
import type { IcebergDataFile, ManifestEntry, TableMetadata } from "./iceberg/table-types.ts";
import type { OpenedCatalog } from "./open-catalog.suite.ts";
import { splitLocation } from "./table-places.ts";

export interface ForeignFile {
  readonly key: string;
  readonly content?: IcebergDataFile["content"];
  readonly rows?: number;
  /** The one data file that position deletes are about. */
  readonly about?: string;
}

type Storage = Client<typeof storage>;

export async function putBytes(client: Storage, location: string, bytes: Uint8Array) {
  const body = (async function* () {
    yield bytes;
  })();
  await client.put({ key: splitLocation(location)!.key, body });
}

export async function getBytes(client: Storage, location: string): Promise<Buffer> {
  const { body } = await client.get({ key: splitLocation(location)!.key });
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Writes what a snapshot needs; the updates and requirements that would commit it. */
export async function writeForeign(
  { storage: client, catalog }: Pick<OpenedCatalog, "storage" | "catalog">,
  name: string,
  files: readonly ForeignFile[],
) {
  const metadata = (await catalog.load_table({ name })).metadata as unknown as TableMetadata;
  const current = currentSnapshot(metadata);
  const snapshot_id = String(2_000_000_000_000_000_000n + BigInt(Math.floor(Math.random() * 1e15)));
  const sequence_number = metadata["last-sequence-number"] + 1;
  const id = { snapshot_id, sequence_number };
  const bucket = splitLocation(metadata.location)!.bucket;
  const old = current === undefined ? [] : await readList(client, current["manifest-list"]);
  const added = [];
  for (const content of [0, 1] as const) {
    const some = files.filter((file) => Math.min(file.content ?? 0, 1) === content);
    if (some.length === 0) continue;
    const entries: ManifestEntry[] = some.map((file) => ({
      status: 1,
      snapshot_id,
      sequence_number: null,
      file_sequence_number: null,
      data_file: {
        content: file.content ?? 0,
        file_path: `s3://${bucket}/${file.key}`,
        file_format: "PARQUET",
        partition: {},
        record_count: file.rows ?? 1,
        file_size_in_bytes: `rows of ${file.key}`.length,
        stats: [],
        ...(file.about === undefined
          ? {}
          : { referenced_data_file: `s3://${bucket}/${file.about}` }),
      },
    }));
    const schema = currentSchema(metadata);
    const spec = defaultSpec(metadata);
    const path = `${metadata.location}/metadata/${newId()}-m0.avro`;
    const bytes = encodeManifest({ schema, spec, content, entries });
    await putBytes(client, path, bytes);
    const length = bytes.length;
    added.push(manifestListEntry({ path, length, spec, schema, content, entries, ...id }));
  }
  const list = `${metadata.location}/metadata/snap-${snapshot_id}.avro`;
  const parent_snapshot_id = current?.["snapshot-id"] ?? null;
  const of = { ...id, parent_snapshot_id };
  await putBytes(client, list, encodeManifestList([...old, ...added], of));
  const snapshot = {
    "snapshot-id": snapshot_id,
    ...(current === undefined ? {} : { "parent-snapshot-id": current["snapshot-id"] }),
    "sequence-number": sequence_number,
    "timestamp-ms": Math.max(Date.now(), metadata["last-updated-ms"]),
    "manifest-list": list,
    summary: { operation: "append" },
    "schema-id": metadata["current-schema-id"],
  };
  return {
    name,
    snapshot_id,
    requirements: [
      { type: "assert-table-uuid", uuid: metadata["table-uuid"] },
      { type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": parent_snapshot_id },
    ],
    updates: [
      { action: "add-snapshot", snapshot },
      {
        action: "set-snapshot-ref",
        "ref-name": "main",
        type: "branch",
        "snapshot-id": snapshot_id,
      },
    ],
  };
}

async function readList(client: Storage, location: string) {
  return decodeManifestList(await getBytes(client, location));
}

/** Commits files as another engine does. */
export async function commitForeign(
  house: Pick<OpenedCatalog, "storage" | "catalog">,
  name: string,
  files: readonly ForeignFile[],
): Promise<string> {
  const { snapshot_id, ...change } = await writeForeign(house, name, files);
  await house.catalog.commit_tables({ changes: [change] });
  return snapshot_id;
}
