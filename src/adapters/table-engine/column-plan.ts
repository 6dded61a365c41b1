// Which column of a source becomes which column of the result, and whether they fit at all.
import { LakehouseError } from "#kernel/problem.ts";
import { numberColumns } from "#ports/column-type.ts";
import type { IdColumn } from "#ports/table-engine.ts";

/** One column of the result. No source: NULL in each row. No type: as inferred from the source. */
export interface PlannedColumn {
  readonly name: string;
  readonly source: string | undefined;
  readonly type: string | undefined;
}

export interface WantedColumns {
  /** The result has these, in this order; absent: whatever the source has. */
  readonly columns?: readonly IdColumn[] | undefined;
  /** Also take columns that are not wanted, and give NULL for nullable ones that are missing. */
  readonly extend?: boolean | undefined;
  /** Ids of columns that are not wanted begin here; absent: after the wanted ones' ids. */
  readonly next_field_id?: number | undefined;
}

/** Matches by name, letter by letter and else regardless of case. `conflict`: `schema_differs`. */
export function planColumns(
  source_names: readonly string[],
  wanted: WantedColumns,
): PlannedColumn[] {
  if (wanted.columns === undefined) {
    return source_names.map((name) => ({ name, source: name, type: undefined }));
  }
  const left = new Set(source_names);
  const planned: PlannedColumn[] = [];
  const missing: string[] = [];
  for (const column of wanted.columns) {
    const source = left.has(column.name)
      ? column.name
      : [...left].find((name) => name.toLowerCase() === column.name.toLowerCase());
    if (source !== undefined) left.delete(source);
    else if (!(wanted.extend && column.nullable)) missing.push(column.name);
    planned.push({ name: column.name, source, type: column.type });
  }
  if (missing.length > 0 || (left.size > 0 && !wanted.extend)) {
    throw schemaDiffers({ added: [...left], removed: missing, changed: [] });
  }
  return [...planned, ...[...left].map((name) => ({ name, source: name, type: undefined }))];
}

/**
 * The planned columns with their ids: the wanted ones keep theirs, in the type that is planned now;
 * others get fresh ones.
 */
export function withIds(
  planned: readonly { readonly name: string; readonly type: string }[],
  wanted: WantedColumns,
): IdColumn[] {
  const known = (wanted.columns ?? []).map((one, at) => ({ ...one, type: planned[at]!.type }));
  const fresh = planned.slice(known.length);
  const numbered = numberColumns(
    fresh.map(({ name, type }) => ({ name, type, nullable: true })),
    (wanted.next_field_id ?? lastId(known) + 1) - 1,
  );
  return [...known, ...numbered.columns];
}

function lastId(columns: readonly IdColumn[]): number {
  const ids = columns.flatMap(({ field_id, nested_ids }) => [
    field_id,
    ...Object.values(nested_ids ?? {}),
  ]);
  return Math.max(0, ...ids);
}

export interface TypeChange {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** A value that does not fit, and the number of its row (from 1). */
  readonly example?: { readonly value: string; readonly row: number };
}

/** The error that says how a source differs from the columns it should have. */
export function schemaDiffers(difference: {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly TypeChange[];
}): LakehouseError {
  const parts = [
    ...difference.added.map((name) => `"${name}" is new`),
    ...difference.removed.map((name) => `"${name}" is missing`),
    ...difference.changed.map(changeText),
  ];
  return new LakehouseError("conflict", `the file has other columns: ${parts.join(", ")}`, {
    reason: "schema_differs",
    hint: "say evolve to add columns, or use another dataset name",
    extra: { difference },
  });
}

function changeText({ name, from, to, example }: TypeChange): string {
  if (example === undefined) return `"${name}" is ${to}, not ${from}`;
  const { value, row } = example;
  return `"${name}" is ${from}, and ${JSON.stringify(value)} (${to}) in row ${row} does not fit`;
}

/** Whether a column of one type may become one of the other: table spec, "Schema Evolution". */
export function isPromotion(from: string, to: string): boolean {
  if (from === "int" && to === "long") return true;
  if (from === "float" && to === "double") return true;
  const [old, wide] = [from, to].map((type) => /^decimal\((\d+),\s*(\d+)\)$/.exec(type));
  return !!old && !!wide && old[2] === wide[2] && Number(wide[1]) > Number(old[1]);
}
