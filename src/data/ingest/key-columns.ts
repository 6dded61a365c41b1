// The columns that name a row: they must be there, of a plain type, and never be NULL.
import type { Predicate } from "#contracts/table-nouns.ts";
import type { Call } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { parseColumnType } from "#ports/column-type.ts";
import type {
  Cell,
  ConvertResult,
  IdColumn,
  TableEngine,
  WrittenFile,
} from "#ports/table-engine.ts";

/** `invalid` (`bad_key_columns`) when a mode and its key do not go together. */
export function keyOf(mode: string, key: readonly string[] | undefined): readonly string[] {
  if (mode !== "upsert") {
    if (key === undefined) return [];
    throw badKey("key is for the mode upsert only", "say mode: upsert, or leave key out");
  }
  if (key === undefined) throw badKey("an upsert needs key, the columns that name a row");
  if (new Set(key).size < key.length) throw badKey(`a column is twice in ${key.join(", ")}`);
  return key;
}

/** `invalid` (`bad_key_columns`) with the columns that are missing or the number of NULL rows. */
export async function checkKey(
  engine: TableEngine,
  key: readonly string[],
  converted: ConvertResult,
  call: Call,
): Promise<void> {
  const columns = new Map(converted.columns.map((column) => [column.name, column]));
  const missing = key.filter((name) => !columns.has(name));
  if (missing.length > 0) {
    const known = [...columns.keys()].join(", ");
    throw badKey(`there is no key column ${missing.join(", ")}`, `columns: ${known}`, { missing });
  }
  const odd = key.find((name) => parseColumnType(columns.get(name)!.type).kind !== "primitive");
  if (odd !== undefined) {
    throw badKey(`"${odd}" cannot be a key column: it is ${columns.get(odd)!.type}`);
  }
  const null_rows = await countNulls(engine, key, converted, call);
  if (null_rows === 0) return;
  const message = `${null_rows} rows have no value in ${key.join(" or ")}`;
  throw badKey(message, "each row needs a key; nothing was taken", { null_rows });
}

const COUNT_TIMEOUT_MS = 3_600_000;

async function countNulls(
  engine: TableEngine,
  key: readonly string[],
  { columns, files }: ConvertResult,
  call: Call,
): Promise<number> {
  const any = key.map((name) => `"${name.replaceAll('"', '""')}" IS NULL`).join(" OR ");
  const place = { schema: "main", name: "incoming" };
  const uris = files.map(({ path }) => path);
  const plain = columns.map(({ name, type, nullable }) => ({ name, type, nullable }));
  const { chunks } = await engine.rows({
    sql: `SELECT count(*) FROM incoming WHERE ${any}`,
    params: [],
    relations: [{ kind: "parquet", ...place, columns: plain, uris }],
    limits: { rows_max: 1, timeout_ms: COUNT_TIMEOUT_MS },
    signal: call.signal,
  });
  let counted: unknown;
  for await (const rows of chunks) counted = rows[0]?.[0] ?? counted;
  return Number(counted);
}

/** Conditions that every row with one of the incoming keys meets; undefined: nothing is known. */
export function keyBounds(
  key: readonly string[],
  columns: readonly IdColumn[],
  files: readonly WrittenFile[],
): Predicate[] | undefined {
  const bounds = key.flatMap((name): Predicate[] => {
    const { field_id: id, type } = columns.find((column) => column.name === name)!;
    // NaN is a key like any other, and stands outside of all bounds.
    if (type === "float" || type === "double") return [];
    const stats = files.map((file) => file.stats.find((one) => one.field_id === id));
    const [only] = stats;
    // The order of values is the engine's business: bounds of several files are not compared here.
    if (stats.length !== 1 || only?.lower === undefined || only.upper === undefined) return [];
    const bound = (op: "gte" | "lte", value: Cell): Predicate => ({ op, column: name, value });
    return [bound("gte", only.lower), bound("lte", only.upper)];
  });
  return bounds.length === 0 ? undefined : bounds;
}

function badKey(message: string, hint?: string, extra?: Record<string, unknown>): LakehouseError {
  return new LakehouseError("invalid", message, {
    reason: "bad_key_columns",
    ...(hint === undefined ? {} : { hint }),
    ...(extra === undefined ? {} : { extra }),
  });
}
