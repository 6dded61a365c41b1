// The fields of a dataset: fingerprint, difference, and which evolution is safe for old files.
import type { Column } from "#contracts/nouns.ts";
import type { Field } from "#contracts/catalog.ts";
import { canonicalJson, sha256Hex } from "#kernel/ids.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { numberColumns, parseColumnType, printColumnType } from "#ports/column-type.ts";

export interface FieldDifference {
  added: Column[];
  removed: Column[];
  changed: { name: string; from: Omit<Column, "name">; to: Omit<Column, "name"> }[];
}

export interface EvolvedFields {
  readonly fields: Field[];
  readonly last_field_id: number;
}

/** sha256 over names, types and nullability; the order of the fields does not matter. */
export function fingerprintOf(fields: readonly Column[]): string {
  const plain = fields.map(({ name, type, nullable }) => ({ name, type: spelt(type), nullable }));
  return sha256Hex(canonicalJson(plain.toSorted((a, b) => (a.name < b.name ? -1 : 1))));
}

/** Throws `invalid` when two fields have one name; SQL does not tell upper from lower case. */
export function checkNames(fields: readonly Column[]): void {
  const seen = new Set<string>();
  for (const { name } of fields) {
    const folded = name.toLowerCase();
    if (seen.has(folded)) {
      throw new LakehouseError("invalid", `there are two fields named "${name}"`, {
        reason: "duplicate_field",
        hint: "names that differ in upper and lower case only count as the same",
      });
    }
    seen.add(folded);
  }
}

export function differenceOf(from: readonly Column[], to: readonly Column[]): FieldDifference {
  const old = new Map(from.map((column) => [column.name, column]));
  const wanted = new Set(to.map((column) => column.name));
  const bare = ({ name, type, nullable }: Column) => ({ name, type, nullable });
  const changed: FieldDifference["changed"] = [];
  for (const { name, type, nullable } of to) {
    const was = old.get(name);
    if (was === undefined || (was.type === type && was.nullable === nullable)) continue;
    const before = { type: was.type, nullable: was.nullable };
    changed.push({ name, from: before, to: { type, nullable } });
  }
  return {
    added: to.filter((column) => !old.has(column.name)).map(bare),
    removed: from.filter((column) => !wanted.has(column.name)).map(bare),
    changed,
  };
}

/**
 * The fields of the next schema: kept ones keep their ids by name, new ones get fresh ones
 * after the last (`numberColumns` over all new ones, so that a writer can work them out too). The
 * rules are Iceberg's: add, drop, widen int→long, float→double, decimal of more digits, make
 * nullable. Throws `conflict` (`schema_differs`) for anything else, and for a required field that
 * old rows lack.
 */
export function evolveFields(
  name: string,
  present: readonly Field[],
  wanted: readonly Column[],
  state: { readonly last_field_id: number; readonly has_rows: boolean },
): EvolvedFields {
  const old = new Map(present.map((one) => [one.name, one]));
  const added = wanted.filter((column) => !old.has(column.name));
  const numbered = numberColumns(added, state.last_field_id);
  const fresh = new Map(numbered.columns.map((one): [string, Field] => [one.name, one]));
  const fields = wanted.map((column): Field => {
    const was = old.get(column.name);
    const why = was === undefined ? newFault(column, state.has_rows) : keptFault(was, column);
    if (why !== undefined) {
      throw schemaDiffers(name, present, wanted, `${column.name}: ${why}`);
    }
    return was === undefined ? fresh.get(column.name)! : { ...was, ...column };
  });
  return { fields, last_field_id: numbered.last_field_id };
}

/**
 * The fields a commit leads to. What is committed on top of present rows never drops a field, even
 * one that its writer did not know yet: present fields come first, then the new ones. Throws as
 * `evolveFields` does, and `invalid` (`duplicate_field`) for a name taken in another letter case.
 */
export function fieldsAfterCommit(
  name: string,
  present: readonly Field[],
  wanted: readonly Column[],
  state: {
    readonly last_field_id: number;
    readonly has_rows: boolean;
    readonly replaces: boolean;
  },
): EvolvedFields {
  if (state.replaces) return evolveFields(name, present, wanted, state);
  const left = new Map(wanted.map((column) => [column.name, column]));
  const union: Column[] = present.map(({ name: kept, type, nullable }) => {
    const column = left.get(kept) ?? { name: kept, type, nullable };
    left.delete(kept);
    return column;
  });
  union.push(...left.values());
  checkNames(union);
  return evolveFields(name, present, union, state);
}

export function schemaDiffers(
  name: string,
  present: readonly Column[],
  wanted: readonly Column[],
  why?: string,
): LakehouseError {
  const detail = why === undefined ? "" : ` in a way that old files cannot follow (${why})`;
  return new LakehouseError("conflict", `the schema of "${name}" differs${detail}`, {
    reason: "schema_differs",
    hint:
      why === undefined ? "say evolve to take it as the new schema" : "use another dataset name",
    extra: { difference: differenceOf(present, wanted) },
  });
}

function newFault(column: Column, has_rows: boolean): string | undefined {
  return !column.nullable && has_rows ? "a new required field, which present rows lack" : undefined;
}

function keptFault(was: Column, column: Column): string | undefined {
  if (was.nullable && !column.nullable) return "nullable cannot become required";
  if (sameType(was.type, column.type) || isWider(was.type, column.type)) return undefined;
  return `${was.type} cannot become ${column.type}`;
}

function sameType(a: string, b: string): boolean {
  return a === b || spelt(a) === spelt(b);
}

/** One text for one type, however its brackets and commas are spaced. */
function spelt(type: string): string {
  return printColumnType(parseColumnType(type));
}

function isWider(from: string, to: string): boolean {
  if (from === "int" && to === "long") return true;
  if (from === "float" && to === "double") return true;
  const old = /^decimal\((\d+),\s*(\d+)\)$/.exec(from);
  const wide = /^decimal\((\d+),\s*(\d+)\)$/.exec(to);
  return old !== null && wide !== null && old[2] === wide[2] && Number(wide[1]) > Number(old[1]);
}
