// Values of one type as values of another that say the same, inside nested types too; as SQL.
import type { ColumnType } from "#ports/column-type.ts";
import { acceptedText } from "./accepted-text.ts";
import { engineType } from "./column-types.ts";
import { quoteName, quoteText } from "./sql-text.ts";

/**
 * Types of a source: those of tables, and the primitives `json` (a text that may hold anything) and
 * `timestamp_ns`.
 */
export type SourceType = ColumnType;

export interface Conversion {
  /** The value; only to be taken where it fits. */
  readonly value: (ref: string) => string;
  /** true where the value says what the source does, or both are NULL; false elsewhere. */
  readonly fits: (ref: string) => string;
}

/** undefined where values of these types never say the same. */
export function exactConversion(
  from: SourceType,
  to: ColumnType,
  depth = 0,
): Conversion | undefined {
  if (to.kind === "primitive") {
    return from.kind === "primitive" ? ofPrimitive(from.name, to.name) : undefined;
  }
  if (from.kind === "primitive") return from.name === "json" ? ofJson(to, depth) : undefined;
  if (from.kind === "list" && to.kind === "list") return ofList(from.element, to.element, depth);
  if (from.kind === "struct" && to.kind === "struct") return ofStruct(from, to, depth);
  if (from.kind === "map" && to.kind === "map") return ofMap(from, to, depth);
  return undefined;
}

const PLAIN_TEXT: ReadonlySet<string> = new Set(["string", "json"]);
const NUMBER = /^(int|long|float|double|decimal\(.*)$/;
const DAYS: ReadonlySet<string> = new Set(["date", "timestamp", "timestamp_ns"]);

function ofPrimitive(from: string, to: string): Conversion | undefined {
  const name = engineOf(to);
  if (from === to) return { value: (ref) => `CAST(${ref} AS ${name})`, fits: () => "true" };
  const bytes = /^(binary|fixed)/;
  if (bytes.test(from) || bytes.test(to)) return undefined;
  if (to === "string") return { value: (ref) => `CAST(${ref} AS VARCHAR)`, fits: () => "true" };
  if (PLAIN_TEXT.has(from)) return ofText(from, to);
  if (!(NUMBER.test(from) && NUMBER.test(to)) && !(DAYS.has(from) && DAYS.has(to)))
    return undefined;
  // A double is a decimal as it is written, not with the digits that no double has.
  const written = to.startsWith("decimal") && (from === "double" || from === "float");
  const value = (ref: string) => `TRY_CAST(${written ? `${ref}::VARCHAR` : ref} AS ${name})`;
  const back = (ref: string) => {
    const made = written ? `${value(ref)}::VARCHAR` : value(ref);
    return `TRY_CAST(${made} AS ${engineOf(from)}) = ${ref}`;
  };
  return { value, fits: (ref) => `(${ref} IS NULL OR coalesce(${back(ref)}, false))` };
}

function engineOf(name: string): string {
  return engineType({ kind: "primitive", name });
}

function ofText(from: string, to: string): Conversion | undefined {
  const rule = acceptedText(to);
  if (rule === undefined) return undefined;
  const text = (ref: string) => (from === "json" ? `(${ref} ->> '$')` : `CAST(${ref} AS VARCHAR)`);
  return {
    value: (ref) => rule.value(text(ref)),
    fits: (ref) => {
      const own = text(ref);
      return `(${own} IS NULL OR coalesce(${rule.fits(own, rule.value(own))}, false))`;
    },
  };
}

function ofList(from: SourceType, to: ColumnType, depth: number): Conversion | undefined {
  const inner = exactConversion(from, to, depth + 1);
  if (inner === undefined) return undefined;
  const each = `lakehouse_x${depth}`;
  const over = (ref: string, made: string) => `list_transform(${ref}, lambda ${each}: ${made})`;
  return {
    value: (ref) => over(ref, inner.value(each)),
    fits: (ref) => `coalesce(list_bool_and(${over(ref, inner.fits(each))}), true)`,
  };
}

type Struct = Extract<ColumnType, { kind: "struct" }>;

/** Fields are matched by name: one that the column lacks would be lost, a missing one is NULL. */
function ofStruct(from: Struct, to: Struct, depth: number): Conversion | undefined {
  const left = new Set(from.fields);
  const taken: { name: string; own: string; inner: Conversion | undefined; type: ColumnType }[] =
    [];
  for (const { name, type } of to.fields) {
    const field =
      from.fields.find((one) => one.name === name) ??
      from.fields.find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (field !== undefined) left.delete(field);
    const inner = field && exactConversion(field.type, type, depth + 1);
    if (field !== undefined && inner === undefined) return undefined;
    taken.push({ name, own: field?.name ?? "", inner, type });
  }
  if (left.size > 0) return undefined;
  const part = (ref: string, own: string) => `struct_extract(${ref}, ${quoteText(own)})`;
  return {
    value: (ref) => {
      const fields = taken.map(({ name, own, inner, type }) => {
        const value = inner?.value(part(ref, own)) ?? `NULL::${engineType(type)}`;
        return `${quoteName(name)} := ${value}`;
      });
      return `CASE WHEN ${ref} IS NULL THEN NULL ELSE struct_pack(${fields.join(", ")}) END`;
    },
    fits: (ref) => {
      const each = taken.flatMap(({ own, inner }) => inner?.fits(part(ref, own)) ?? []);
      return `(${each.join(" AND ") || "true"})`;
    },
  };
}

type MapType = Extract<ColumnType, { kind: "map" }>;

function ofMap(from: MapType, to: MapType, depth: number): Conversion | undefined {
  const key = exactConversion(from.key, to.key, depth + 1);
  const value = exactConversion(from.value, to.value, depth + 1);
  if (key === undefined || value === undefined) return undefined;
  const each = `lakehouse_x${depth}`;
  const over = (ref: string, made: string) =>
    `list_transform(map_entries(${ref}), lambda ${each}: ${made})`;
  return {
    value: (ref) => {
      const [own, held] = [key.value(`${each}.key`), value.value(`${each}.value`)];
      const entry = `{'key': ${own}, 'value': ${held}}`;
      return `CASE WHEN ${ref} IS NULL THEN NULL ELSE map_from_entries(${over(ref, entry)}) END`;
    },
    fits: (ref) => {
      const both = `${key.fits(`${each}.key`)} AND ${value.fits(`${each}.value`)}`;
      return `coalesce(list_bool_and(${over(ref, both)}), true)`;
    },
  };
}

/** JSON that is of this kind in some rows only. Keys of objects could be lost: only NULL fits. */
function ofJson(to: ColumnType, depth: number): Conversion {
  const none = (ref: string) => `${ref} ->> '$' IS NULL`;
  const read = textType(to);
  const inner = read && exactConversion(read, to, depth);
  if (read === undefined || inner === undefined) {
    return { value: () => `NULL::${engineType(to)}`, fits: (ref) => `(${none(ref)})` };
  }
  const base = (ref: string) => `TRY_CAST(${ref} AS ${engineType(read)})`;
  return {
    value: (ref) => inner.value(base(ref)),
    fits: (ref) => {
      const held = `${base(ref)} IS NOT NULL AND ${inner.fits(base(ref))}`;
      return `(${none(ref)} OR (${held}))`;
    },
  };
}

/** The type with texts as its leaves; undefined where there are objects in it. */
function textType(type: ColumnType): ColumnType | undefined {
  if (type.kind === "primitive") return { kind: "primitive", name: "string" };
  const element = type.kind === "list" ? textType(type.element) : undefined;
  return element && { kind: "list", element };
}
