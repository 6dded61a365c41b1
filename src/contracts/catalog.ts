// catalog: datasets as Iceberg tables: schema, snapshots, compare-and-swap commits, upkeep.
import { z } from "zod";
import { defineContract, read, write } from "#kernel/contract.ts";
import {
  dataFile,
  dataset,
  fieldChange,
  partitionField,
  predicate,
  scanFile,
  snapshot,
  sourceOfRows,
} from "./table-nouns.ts";
import { icebergOperations, namespaceOperations } from "./iceberg-operations.ts";
import { column, count, datasetName as name, namespaceName, record, time } from "./nouns.ts";

const at = z
  .string()
  .optional()
  .describe("snapshot id, ISO time, or the name of a tag or branch; absent: the current snapshot");

const notThere = ["no_such_dataset", "tombstoned", "quarantined"] as const;

export const catalog = defineContract("catalog", "Datasets, their schemas and snapshots.", {
  register: write({
    summary: "Makes a dataset, or refreshes the one of that name with the same schema.",
    http: "POST /catalog/datasets",
    input: z.strictObject({
      name,
      fields: z.array(column).min(1),
      evolve: z.boolean().default(false).describe("take a different schema as the new one"),
      partition_by: z
        .array(partitionField)
        .optional()
        .describe("how rows are divided over files; of a present dataset it must be the same"),
      properties: record.default({}),
    }),
    output: z.strictObject({ dataset, created: z.boolean(), evolved: z.boolean() }),
    reasons: [
      "schema_differs",
      "partitioning_differs",
      "bad_partitioning",
      "duplicate_field",
      "tombstoned",
      "quarantined",
      "no_such_namespace",
    ],
  }),
  list: read({
    summary: "All datasets with status; broken ones are listed with the reason.",
    http: "GET /catalog/datasets",
    input: z.strictObject({
      include_tombstoned: z.stringbool().or(z.boolean()).default(false),
      namespace: namespaceName.optional().describe("only those of this namespace"),
      name: name
        .optional()
        .describe("only the one that has this name now, if any: dropped ones gave it up"),
    }),
    output: z.strictObject({ datasets: z.array(dataset) }),
  }),
  get: read({
    summary: "One dataset.",
    http: "GET /catalog/datasets/{name}",
    input: z.strictObject({ name }),
    output: dataset,
    reasons: ["no_such_dataset"],
  }),
  commit: write({
    summary: "Adds and removes data files in one new snapshot, if nobody else was first.",
    http: "POST /catalog/datasets/{name}/commits",
    input: z.strictObject({
      name,
      operation: z
        .enum(["append", "overwrite", "delete", "replace"])
        .describe("replace: other files, the same rows (compaction)"),
      expected_snapshot_id: z
        .string()
        .nullable()
        .optional()
        .describe("compare-and-swap; absent: rebased on whatever is current, where that is safe"),
      based_on_snapshot_id: z
        .string()
        .nullable()
        .optional()
        .describe(
          "what a rewrite has read: rebased if its files are all still there and nobody has since added rows that `conflict_where` may match",
        ),
      conflict_where: z.array(predicate).optional().describe("absent: any added row conflicts"),
      added: z.array(dataFile).default([]),
      removed_keys: z.array(z.string()).default([]),
      replace_all: z.boolean().default(false).describe("remove every present file (overwrite)"),
      fields: z
        .array(column)
        .min(1)
        .optional()
        .describe("evolves the schema in the same swap; only replace_all drops fields"),
      schema_id: count
        .optional()
        .describe("schema the added files were written for; conflict when field ids moved"),
      partition_spec_id: count
        .optional()
        .describe("partitioning the added files were written for; conflict when it is another"),
      dataset_id: z
        .string()
        .optional()
        .describe("dataset the files were made for; conflict when the name is another's now"),
      sources: z
        .array(sourceOfRows)
        .default([])
        .describe("which ingests made the rows, of which bytes; the same bytes commit once"),
      properties: record.default({}),
    }),
    output: z.strictObject({ dataset, snapshot }),
    reasons: [
      "schema_differs",
      "duplicate_field",
      "no_such_dataset",
      "tombstoned",
      "quarantined",
      "bad_commit",
      "snapshot_moved",
      "no_such_file",
      "file_exists",
      "missing_object",
      "source_exists",
    ],
  }),
  alter: write({
    summary: "Changes schema, partitioning or properties without touching any file.",
    http: "POST /catalog/datasets/{name}/alter",
    input: z.strictObject({
      name,
      fields: z.array(fieldChange).default([]).describe("applied in order"),
      partition_by: z.array(partitionField).optional().describe("for files written from now on"),
      set_properties: record.default({}),
      remove_properties: z.array(z.string()).default([]),
    }),
    output: dataset,
    reasons: [
      ...notThere,
      "no_such_field",
      "duplicate_field",
      "schema_differs",
      "bad_partitioning",
    ],
  }),
  snapshots: read({
    summary: "The snapshots of a dataset, newest first.",
    http: "GET /catalog/datasets/{name}/snapshots",
    input: z.strictObject({ name, limit: z.coerce.number().int().min(1).max(1000).default(100) }),
    output: z.strictObject({ snapshots: z.array(snapshot) }),
    reasons: ["no_such_dataset", "quarantined"],
  }),
  files: read({
    summary: "The data files of a snapshot that may hold wanted rows, with where each can be read.",
    // Conditions are objects, which a query string does not carry.
    http: "POST /catalog/datasets/{name}/files",
    aliases: ["GET /catalog/datasets/{name}/files"],
    input: z.strictObject({
      name,
      at,
      where: z
        .array(predicate)
        .optional()
        .describe("conditions that all hold; files that cannot match are left out"),
      locate: z
        .stringbool()
        .or(z.boolean())
        .default(true)
        .describe("false: uri stays empty and nothing is fetched"),
    }),
    output: z.strictObject({
      dataset,
      snapshot: snapshot.nullable(),
      files: z.array(scanFile),
      files_total: count.describe("before leaving any out"),
    }),
    reasons: [
      ...notThere,
      "no_such_snapshot",
      "bad_point_in_time",
      "unreadable_deletes",
      "unreadable_files",
    ],
    witnessed: false,
  }),
  sources: read({
    summary: "Which ingests made the rows of a dataset, newest first; or those of given bytes.",
    http: "GET /catalog/datasets/{name}/sources",
    input: z.strictObject({
      name,
      content_sha256: z.string().optional(),
      limit: z.coerce.number().int().min(1).max(10_000).default(1000),
    }),
    output: z.strictObject({
      sources: z.array(
        sourceOfRows.extend({
          snapshot_id: z.string(),
          committed_at: time,
          current: z.boolean().describe("its rows stand in the present snapshot's history"),
        }),
      ),
    }),
    reasons: ["no_such_dataset"],
  }),
  statistics: read({
    summary:
      "Rows, bytes, and for each column nulls, least and greatest value, from metadata only.",
    http: "GET /catalog/datasets/{name}/statistics",
    input: z.strictObject({ name, at }),
    output: z.strictObject({
      dataset: z.string(),
      snapshot_id: z.string().nullable(),
      rows: count,
      files: count,
      delete_files: count,
      size_bytes: count,
      snapshots: count,
      manifests: count,
      small_files: count.describe("files under half the target size"),
      columns: z.array(
        z.strictObject({
          name: z.string(),
          type: z.string(),
          field_id: count,
          nulls: count.nullable(),
          size_bytes: count.nullable(),
          lower: z.unknown().describe("null: not known"),
          upper: z.unknown(),
        }),
      ),
      partitions: z.array(z.strictObject({ partition: record, files: count, rows: count })),
    }),
    reasons: [...notThere, "no_such_snapshot", "bad_point_in_time"],
  }),
  tag: write({
    summary: "Names a snapshot, so that it can be read by that name and does not expire.",
    http: "PUT /catalog/datasets/{name}/tags/{tag}",
    input: z.strictObject({
      name,
      tag: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
      snapshot_id: z.string().optional().describe("absent: the current one"),
    }),
    output: dataset,
    reasons: [...notThere, "no_such_snapshot", "tag_exists"],
  }),
  untag: write({
    summary: "Removes a tag; the snapshot stays until it expires.",
    http: "DELETE /catalog/datasets/{name}/tags/{tag}",
    input: z.strictObject({ name, tag: z.string() }),
    output: dataset,
    reasons: [...notThere, "no_such_tag"],
  }),
  rollback: write({
    summary: "Makes an earlier snapshot the current one; later ones stay until they expire.",
    http: "POST /catalog/datasets/{name}/rollback",
    input: z.strictObject({ name, to: z.string().describe("snapshot id, time or tag") }),
    output: dataset,
    reasons: [...notThere, "no_such_snapshot", "bad_point_in_time"],
  }),
  expire_snapshots: write({
    summary: "Forgets old snapshots and removes the files that only they had.",
    http: "POST /catalog/datasets/{name}/expire",
    input: z.strictObject({
      name,
      older_than: time.optional().describe("ISO time; absent: catalog.snapshot_age_max_ms ago"),
      retain_last: z.int().min(1).default(1).describe("newest snapshots that are kept anyway"),
      snapshot_ids: z.array(z.string()).optional().describe("exactly these instead"),
      dry_run: z.boolean().default(false),
    }),
    output: z.strictObject({
      expired_snapshot_ids: z.array(z.string()),
      removed_keys: count,
      removed_bytes: count,
      dry_run: z.boolean(),
    }),
    reasons: [...notThere, "no_such_snapshot", "snapshot_referenced"],
    timeout_ms: 3_600_000,
  }),
  remove_orphans: write({
    summary: "Removes objects below a dataset's location that no snapshot refers to.",
    http: "POST /catalog/datasets/{name}/remove-orphans",
    input: z.strictObject({
      name,
      older_than_ms: z
        .int()
        .min(0)
        .optional()
        .describe("grace period, for writers at work; absent: catalog.orphan_age_min_ms"),
      dry_run: z.boolean().default(false),
    }),
    output: z.strictObject({
      orphan_keys: z.array(z.string()).describe("the first 1000"),
      orphans: count,
      removed_bytes: count,
      dry_run: z.boolean(),
    }),
    reasons: [...notThere, "location_shared"],
    timeout_ms: 3_600_000,
  }),
  verify: read({
    summary: "Checks that every object of a dataset is there; quarantines it or heals it.",
    http: "POST /catalog/datasets/{name}/verify",
    scope: "write",
    input: z.strictObject({ name }),
    output: z.strictObject({ dataset, missing_keys: z.array(z.string()) }),
    reasons: ["no_such_dataset"],
  }),
  quarantine: write({
    summary: "Marks a dataset broken, with the reason; queries on others go on.",
    http: "POST /catalog/datasets/{name}/quarantine",
    scope: "admin",
    input: z.strictObject({ name, reason: z.string().min(1) }),
    output: dataset,
    reasons: ["no_such_dataset", "tombstoned", "quarantined"],
  }),
  tombstone: write({
    summary: "Soft-deletes a dataset; nothing is removed and it can be restored.",
    http: "DELETE /catalog/datasets/{name}",
    input: z.strictObject({ name }),
    output: dataset,
    reasons: ["no_such_dataset", "quarantined"],
  }),
  restore: write({
    summary: "Brings a tombstoned or dropped dataset back as it was.",
    http: "POST /catalog/datasets/{name}/restore",
    input: z.strictObject({
      name,
      dataset_id: z.string().optional().describe("of several dropped ones of this name: which"),
    }),
    output: dataset,
    reasons: [
      "no_such_dataset",
      "not_tombstoned",
      "quarantined",
      "dataset_exists",
      "no_such_namespace",
    ],
  }),
  rename: write({
    summary: "Gives a dataset another name; its files stay where they are.",
    http: "POST /catalog/datasets/{name}/rename",
    input: z.strictObject({ name, to: name }),
    output: dataset,
    reasons: [...notThere, "dataset_exists", "no_such_namespace"],
  }),
  ...namespaceOperations,
  ...icebergOperations,
});

export {
  dataFile,
  dataset,
  field,
  snapshot,
  type DataFile,
  type Dataset,
  type Field,
  type ScanFile,
  type Snapshot,
} from "./table-nouns.ts";
