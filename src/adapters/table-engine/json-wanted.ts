// How JSON is read for columns that are there already: as text where its own type is another one.
import { parseColumnType, printColumnType, type ColumnType } from "#ports/column-type.ts";
import type { PlannedColumn } from "./column-plan.ts";
import { engineType, toSourceType } from "./column-types.ts";
import type { FoundColumn } from "./typed-convert.ts";

/**
 * Engine types by name for those found columns that are planned as another type: numbers and times
 * come as the text that says them, so that none goes through a double. What has the wanted type
 * already keeps it, and what the reader takes for a day may be a timestamp.
 */
export function wantedReads(
  planned: readonly PlannedColumn[],
  found: readonly FoundColumn[],
): Map<string, string> {
  const reads = new Map<string, string>();
  for (const { source, type } of planned) {
    const column = found.find(({ name }) => name === source);
    if (column === undefined || type === undefined) continue;
    const [has, wanted] = [toSourceType(column.raw), parseColumnType(type)];
    if (printColumnType(has) === printColumnType(wanted)) continue;
    if (column.type === "date" && type === "timestamp") continue;
    reads.set(column.name, engineType(readAs(has, wanted)));
  }
  return reads;
}

const TEXT: ColumnType = { kind: "primitive", name: "string" };
const ANYTHING: ColumnType = { kind: "primitive", name: "json" };

/** Fields that the column lacks are read too, so that they are seen to be left over. */
function readAs(found: ColumnType, wanted: ColumnType): ColumnType {
  if (wanted.kind === "primitive") return TEXT;
  if (found.kind === "list" && wanted.kind === "list") {
    return { kind: "list", element: readAs(found.element, wanted.element) };
  }
  if (found.kind === "struct" && wanted.kind === "struct") {
    const fields = found.fields.map(({ name, type }) => {
      const field =
        wanted.fields.find((one) => one.name === name) ??
        wanted.fields.find((one) => one.name.toLowerCase() === name.toLowerCase());
      return { name, type: field === undefined ? ANYTHING : readAs(type, field.type) };
    });
    return { kind: "struct", fields };
  }
  if (found.kind === "struct" && wanted.kind === "map") {
    const [first, ...others] = found.fields.map(({ type }) => readAs(type, wanted.value));
    const alike = others.every((one) => printColumnType(one) === printColumnType(first!));
    return { kind: "map", key: TEXT, value: alike && first !== undefined ? first : ANYTHING };
  }
  return ANYTHING;
}
