// The name mapping of a table some of whose files carry no field ids (table spec, appendix C).
import { currentSchema } from "./iceberg/table-metadata.ts";
import { nameMapping } from "./iceberg/table-schema.ts";
import type { TableMetadata } from "./iceberg/table-types.ts";

/** Table property that holds the mapping as JSON. */
export const NAME_MAPPING = "schema.name-mapping.default";

interface MappedField {
  readonly "field-id"?: number;
  readonly names: readonly string[];
  readonly fields?: readonly MappedField[];
}

/** The metadata with the present names of its fields in its mapping, if it has one at all. */
export function extendNameMapping(metadata: TableMetadata): TableMetadata {
  const text = metadata.properties[NAME_MAPPING];
  if (text === undefined) return metadata;
  const old = readMapping(text);
  if (old === undefined) return metadata;
  const now = readMapping(nameMapping(currentSchema(metadata))) ?? [];
  const mapping = JSON.stringify(joined(old, now));
  return { ...metadata, properties: { ...metadata.properties, [NAME_MAPPING]: mapping } };
}

/**
 * Names that files without ids may have stay with the field that had them first: a new field that
 * takes the name of an earlier one stands only in files that carry ids.
 */
function joined(old: readonly MappedField[], now: readonly MappedField[]): MappedField[] {
  const owners = new Map(old.flatMap((one) => one.names.map((name) => [name, one["field-id"]])));
  const left = new Map(old.map((one) => [one["field-id"], one]));
  const fields = now.map((one): MappedField => {
    const before = left.get(one["field-id"]);
    left.delete(one["field-id"]);
    const fresh = one.names.filter((name) => !owners.has(name));
    const fields_inside =
      one.fields === undefined ? {} : { fields: joined(before?.fields ?? [], one.fields) };
    return { ...one, names: [...(before?.names ?? []), ...fresh], ...fields_inside };
  });
  return [...fields, ...left.values()];
}

function readMapping(text: string): readonly MappedField[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? (value as MappedField[]) : undefined;
  } catch {
    return undefined;
  }
}
