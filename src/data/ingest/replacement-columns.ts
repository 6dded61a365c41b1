// The columns of a replacement that may evolve: the file's own, with the ids they will have.
import type { Dataset } from "#contracts/catalog.ts";
import { canonicalJson } from "#kernel/ids.ts";
import { numberColumns } from "#ports/column-type.ts";
import type { IdColumn } from "#ports/table-engine.ts";

/**
 * As the catalog evolves a schema: a column of the same name keeps its id, its type too unless the
 * file's is a wider one; new columns are numbered in the file's order.
 */
export function replacementColumns(present: Dataset, found: readonly IdColumn[]): IdColumn[] {
  const old = new Map(present.fields.map((field) => [field.name, field]));
  const added = found
    .filter(({ name }) => !old.has(name))
    .map(({ name, type, nullable }) => ({ name, type, nullable }));
  const fresh = numberColumns(added, present.last_field_id).columns;
  const numbered = new Map<string, IdColumn>(fresh.map((one) => [one.name, one]));
  return found.map(({ name, type }) => {
    const was = old.get(name);
    if (was === undefined) return numbered.get(name)!;
    return isWider(was.type, type) ? { ...was, type } : was;
  });
}

/** Names, types and ids are those that the file was written with. */
export function sameColumns(a: readonly IdColumn[], b: readonly IdColumn[]): boolean {
  return shapeOf(a) === shapeOf(b);
}

function shapeOf(columns: readonly IdColumn[]): string {
  return canonicalJson(
    columns.map(({ name, type, field_id, nested_ids = {} }) => ({
      name,
      type: type.replaceAll(/\s/g, ""),
      field_id,
      nested_ids,
    })),
  );
}

/** Iceberg's type promotions: table spec, "Schema Evolution". */
function isWider(from: string, to: string): boolean {
  if (from === "int" && to === "long") return true;
  if (from === "float" && to === "double") return true;
  const [old, wide] = [from, to].map((type) => /^decimal\((\d+),\s*(\d+)\)$/.exec(type));
  if (!old || !wide) return false;
  return old[2] === wide[2] && Number(wide[1]) > Number(old[1]);
}
