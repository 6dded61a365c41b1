// The Avro schemas of manifests and manifest lists with the table spec's field ids.
import { avroName, type AvroSchema } from "./avro-types.ts";
import { primitiveOf } from "./raw-values.ts";
import type { SpecField } from "./table-types.ts";

interface AvroField {
  readonly name: string;
  readonly type: AvroSchema;
  readonly "field-id": number;
  readonly default?: null;
  readonly "iceberg-field-name"?: string;
}

function required(id: number, name: string, type: AvroSchema): AvroField {
  return { name, type, "field-id": id };
}

function optional(id: number, name: string, type: AvroSchema): AvroField {
  return { name, type: ["null", type], default: null, "field-id": id };
}

/** A map with int keys: Avro's own maps have text keys only. */
function intMap(key_id: number, value_id: number, value: AvroSchema): AvroSchema {
  return {
    type: "array",
    logicalType: "map",
    items: {
      type: "record",
      name: `k${key_id}_v${value_id}`,
      fields: [required(key_id, "key", "int"), required(value_id, "value", value)],
    },
  };
}

function list(element_id: number, items: AvroSchema): AvroSchema {
  return { type: "array", items, "element-id": element_id };
}

/** The Avro type of a primitive (table spec, appendix A); bytes for what is not known. */
export function avroType(type: string, name: string): AvroSchema {
  const primitive = primitiveOf(type);
  if (primitive === undefined) return "bytes";
  const { kind, precision, scale, length } = primitive;
  switch (kind) {
    case "date":
      return { type: "int", logicalType: "date" };
    case "time":
      return { type: "long", logicalType: "time-micros" };
    case "timestamp":
    case "timestamptz":
      return {
        type: "long",
        logicalType: "timestamp-micros",
        "adjust-to-utc": kind === "timestamptz",
      };
    case "uuid":
      return { type: "fixed", name, size: 16, logicalType: "uuid" };
    case "fixed":
      return { type: "fixed", name, size: length };
    case "decimal":
      return {
        type: "fixed",
        name,
        size: decimalBytes(precision),
        logicalType: "decimal",
        precision,
        scale,
      };
    case "binary":
      return "bytes";
    default:
      return kind;
  }
}

/** The primitive of an Avro type, the other way round; undefined: it is none of them. */
export function typeOfAvro(schema: AvroSchema): string | undefined {
  if (Array.isArray(schema)) {
    const branch = (schema as AvroSchema[]).find((one) => one !== "null");
    return branch === undefined ? undefined : typeOfAvro(branch);
  }
  if (typeof schema === "string") return schema === "bytes" ? "binary" : schema;
  const avro = schema as Readonly<Record<string, unknown>>;
  switch (avro["logicalType"]) {
    case "date":
    case "uuid":
      return avro["logicalType"];
    case "time-micros":
      return "time";
    case "timestamp-micros":
      return avro["adjust-to-utc"] === true ? "timestamptz" : "timestamp";
    case "decimal":
      return `decimal(${Number(avro["precision"])},${Number(avro["scale"] ?? 0)})`;
    default:
      return avro["type"] === "fixed" ? `fixed[${Number(avro["size"])}]` : undefined;
  }
}

/** The fewest bytes that hold every number of so many digits. */
export function decimalBytes(precision: number): number {
  let length = 1;
  while (2n ** BigInt(8 * length - 1) <= 10n ** BigInt(precision) - 1n) length++;
  return length;
}

/** Schema of `manifest_entry`; `types` are the result types of the spec's fields. */
export function manifestSchema(fields: readonly SpecField[], types: readonly string[]): AvroSchema {
  const partition = fields.map((field, at) => {
    const name = avroName(field.name);
    const type = avroType(types[at]!, `${name}_${field["field-id"]}`);
    const renamed = name === field.name ? {} : { "iceberg-field-name": field.name };
    return { ...optional(field["field-id"], name, type), ...renamed };
  });
  const data_file = {
    type: "record",
    name: "r2",
    fields: [
      required(134, "content", "int"),
      required(100, "file_path", "string"),
      required(101, "file_format", "string"),
      required(102, "partition", { type: "record", name: "r102", fields: partition }),
      required(103, "record_count", "long"),
      required(104, "file_size_in_bytes", "long"),
      optional(108, "column_sizes", intMap(117, 118, "long")),
      optional(109, "value_counts", intMap(119, 120, "long")),
      optional(110, "null_value_counts", intMap(121, 122, "long")),
      optional(137, "nan_value_counts", intMap(138, 139, "long")),
      optional(125, "lower_bounds", intMap(126, 127, "bytes")),
      optional(128, "upper_bounds", intMap(129, 130, "bytes")),
      optional(131, "key_metadata", "bytes"),
      optional(132, "split_offsets", list(133, "long")),
      optional(135, "equality_ids", list(136, "int")),
      optional(140, "sort_order_id", "int"),
      optional(143, "referenced_data_file", "string"),
    ],
  };
  return {
    type: "record",
    name: "manifest_entry",
    fields: [
      required(0, "status", "int"),
      optional(1, "snapshot_id", "long"),
      optional(3, "sequence_number", "long"),
      optional(4, "file_sequence_number", "long"),
      required(2, "data_file", data_file),
    ],
  };
}

/** Schema of `manifest_file`, the lines of a manifest list. */
export const MANIFEST_LIST_SCHEMA: AvroSchema = {
  type: "record",
  name: "manifest_file",
  fields: [
    required(500, "manifest_path", "string"),
    required(501, "manifest_length", "long"),
    required(502, "partition_spec_id", "int"),
    required(517, "content", "int"),
    required(515, "sequence_number", "long"),
    required(516, "min_sequence_number", "long"),
    required(503, "added_snapshot_id", "long"),
    required(504, "added_files_count", "int"),
    required(505, "existing_files_count", "int"),
    required(506, "deleted_files_count", "int"),
    required(512, "added_rows_count", "long"),
    required(513, "existing_rows_count", "long"),
    required(514, "deleted_rows_count", "long"),
    optional(
      507,
      "partitions",
      list(508, {
        type: "record",
        name: "r508",
        fields: [
          required(509, "contains_null", "boolean"),
          optional(518, "contains_nan", "boolean"),
          optional(510, "lower_bound", "bytes"),
          optional(511, "upper_bound", "bytes"),
        ],
      }),
    ),
    optional(519, "key_metadata", "bytes"),
  ],
};

/** The names under which a written record has fields, by their ids: writers name some otherwise. */
export function fieldNames(schema: AvroSchema): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const field of recordFields(schema)) names.set(field["field-id"], avroName(field.name));
  return names;
}

/** The schema of a field of a record, without the null of an optional one. */
export function fieldSchema(schema: AvroSchema, id: number): AvroSchema | undefined {
  const type = recordFields(schema).find((field) => field["field-id"] === id)?.type;
  if (!Array.isArray(type)) return type;
  return (type as AvroSchema[]).find((branch) => branch !== "null");
}

/** The fields of a record schema; none of another one. */
export function recordFields(schema: AvroSchema): readonly AvroField[] {
  if (typeof schema === "string" || Array.isArray(schema)) return [];
  const { fields } = schema as { fields?: readonly AvroField[] };
  return fields ?? [];
}
