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

/** The planned columns with their ids: the wanted ones keep theirs, others get fresh ones. */
export function withIds(
  planned: readonly { readonly name: string; readonly type: string }[],
  wanted: WantedColumns,
): IdColumn[] {
  const known = wanted.columns ?? [];
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
    ...difference.changed.map(({ name, from, to }) => `"${name}" is ${to}, not ${from}`),
  ];
  return new LakehouseError("conflict", `the file has other columns: ${parts.join(", ")}`, {
    reason: "schema_differs",
    hint: "say evolve to add columns, or use another dataset name",
    extra: { difference },
  });
}

const WIDER: Readonly<Record<string, readonly string[]>> = {
  int: ["long", "double"],
  long: ["double"],
  float: ["double"],
  date: ["timestamp"],
};

/** Whether values of `from` become values of `to` without loss of meaning. */
export function canReadAs(from: string, to: string): boolean {
  if (from === to || (WIDER[from] ?? []).includes(to)) return true;
  const nested = from.startsWith("list<") || from.startsWith("struct<") || from.startsWith("map<");
  if (to === "string") return !nested && from !== "binary";
  const narrow = /^decimal\((\d+),(\d+)\)$/.exec(from);
  const wide = /^decimal\((\d+),(\d+)\)$/.exec(to);
  if (narrow === null || wide === null) return false;
  const whole = (match: RegExpExecArray) => Number(match[1]) - Number(match[2]);
  return Number(wide[2]) >= Number(narrow[2]) && whole(wide) >= whole(narrow);
}
