// catalog, second half: namespaces, and tables as the Iceberg REST catalog speaks of them.
import { z } from "zod";
import { read, write } from "#kernel/contract.ts";
import { count, datasetName as name, namespaceName, record } from "./nouns.ts";

const notThere = ["no_such_dataset", "tombstoned", "quarantined"] as const;

export const namespaceOperations = {
  namespaces: read({
    summary: "The namespaces; `default` is always there.",
    http: "GET /catalog/namespaces",
    input: z.strictObject({}),
    output: z.strictObject({
      namespaces: z.array(z.strictObject({ namespace: namespaceName, properties: record })),
    }),
  }),
  create_namespace: write({
    summary: "Makes a namespace for datasets named `<namespace>.<name>`.",
    http: "POST /catalog/namespaces",
    input: z.strictObject({ namespace: namespaceName, properties: record.default({}) }),
    output: z.strictObject({ namespace: namespaceName, properties: record }),
    reasons: ["namespace_exists"],
  }),
  alter_namespace: write({
    summary: "Sets and removes properties of a namespace.",
    http: "POST /catalog/namespaces/{namespace}",
    input: z.strictObject({
      namespace: namespaceName,
      set_properties: record.default({}),
      remove_properties: z.array(z.string()).default([]),
    }),
    output: z.strictObject({
      namespace: namespaceName,
      properties: record,
      missing: z.array(z.string()).describe("asked to be removed, but were not there"),
    }),
    reasons: ["no_such_namespace"],
  }),
  drop_namespace: write({
    summary: "Removes an empty namespace.",
    http: "DELETE /catalog/namespaces/{namespace}",
    input: z.strictObject({ namespace: namespaceName }),
    output: z.strictObject({ dropped: z.boolean() }),
    reasons: ["no_such_namespace", "namespace_not_empty"],
  }),
};

/** Shapes inside are Iceberg's own JSON; snapshot ids in it are text. */
export const icebergOperations = {
  load_table: read({
    summary: "The Iceberg table metadata of a dataset as it stands, with where it is stored.",
    http: "GET /catalog/tables/{name}",
    input: z.strictObject({ name }),
    output: z.strictObject({ metadata_location: z.string(), metadata: record }),
    reasons: [...notThere],
    witnessed: false,
  }),
  create_table: write({
    summary: "Makes a dataset from an Iceberg schema, partition spec and sort order.",
    http: "POST /catalog/tables",
    input: z.strictObject({
      name,
      schema: record.describe("Iceberg schema as JSON (table spec, appendix C)"),
      location: z.string().optional(),
      partition_spec: record.optional(),
      write_order: record.optional(),
      properties: z.record(z.string(), z.string()).default({}),
      staged: z.boolean().default(false).describe("only answer what would be made"),
    }),
    output: z.strictObject({ metadata_location: z.string().nullable(), metadata: record }),
    reasons: ["dataset_exists", "no_such_namespace", "bad_table"],
  }),
  commit_tables: write({
    summary: "Iceberg requirements and updates for one or more tables, all of them or none.",
    http: "POST /catalog/tables/commit",
    input: z.strictObject({
      changes: z
        .array(z.strictObject({ name, requirements: z.array(record), updates: z.array(record) }))
        .min(1)
        .max(1000),
    }),
    output: z.strictObject({
      tables: z.array(z.strictObject({ name, metadata_location: z.string(), metadata: record })),
    }),
    reasons: [...notThere, "requirement_failed", "bad_update", "missing_object", "dataset_exists"],
  }),
  register_table: write({
    summary: "Takes an Iceberg table that stands in storage already, by its metadata file.",
    http: "POST /catalog/tables/register",
    input: z.strictObject({
      name,
      metadata_location: z.string(),
      overwrite: z.boolean().default(false),
    }),
    output: z.strictObject({ metadata_location: z.string(), metadata: record }),
    reasons: ["dataset_exists", "no_such_namespace", "bad_table", "missing_object"],
  }),
  drop_table: write({
    summary: "Frees the name: the dataset is tombstoned aside, or with purge removed for good.",
    http: "POST /catalog/tables/drop",
    input: z.strictObject({
      name,
      purge: z.boolean().default(false),
      only_if_empty: z.boolean().default(false).describe("only while it has no snapshot"),
    }),
    output: z.strictObject({ dataset_id: z.string(), removed_keys: count }),
    reasons: ["no_such_dataset", "dataset_not_empty"],
    timeout_ms: 3_600_000,
  }),
};
