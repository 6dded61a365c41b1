// Iceberg's partition transforms as SQL: table spec, "Partition Transforms" and appendix B.
import type { DuckDBConnection } from "@duckdb/node-api";
import { LakehouseError } from "#kernel/problem.ts";
import type { IdColumn, PartitionField } from "#ports/table-engine.ts";
import { murmur3, murmur3OfDecimal, murmur3OfLong, murmur3OfUuid } from "./murmur3.ts";
import type { DuckDb } from "./locked-instance.ts";
import { quoteName } from "./sql-text.ts";

export interface TransformSql {
  readonly name: string;
  /** SQL of the value over the column; undefined: always null (void). */
  readonly value: string | undefined;
  /** Iceberg type of the value. */
  readonly type: string;
}

/** A transform that its column cannot have: `invalid` (`bad_partitioning`). */
export function transformSql(field: PartitionField, columns: readonly IdColumn[]): TransformSql {
  const column = columns.find(({ name }) => name === field.column);
  if (column === undefined) {
    throw badPartitioning(`there is no column "${field.column}" to partition by`);
  }
  const { name } = field;
  const [kind, size] = field.transform.split(/[[\]]/) as [string, string | undefined];
  const ref = quoteName(column.name);
  if (kind === "void") return { name, value: undefined, type: "int" };
  const made =
    kind === "bucket"
      ? bucketOf(ref, column.type, Number(size))
      : kind === "truncate"
        ? truncated(ref, column.type, Number(size))
        : kind === "identity"
          ? identityOf(ref, column.type)
          : timePart(kind, ref, column.type);
  if (made === undefined) {
    throw badPartitioning(
      `${field.transform} cannot be taken of "${field.column}", which is ${column.type}`,
    );
  }
  return { name, ...made };
}

type Made = Pick<TransformSql, "type"> & { value: string };

function identityOf(ref: string, type: string): Made | undefined {
  return /^(list|map|struct)</.test(type) ? undefined : { value: ref, type };
}

const DAY_US = 86_400_000_000n;
const HOUR_US = 3_600_000_000n;

function timePart(kind: string, ref: string, type: string): Made | undefined {
  const stamped = type === "timestamp" || type === "timestamptz";
  if (type !== "date" && !stamped) return undefined;
  const year = `(year(${ref}) - 1970)`;
  if (kind === "year") return { value: `CAST(${year} AS INTEGER)`, type: "int" };
  if (kind === "month") {
    return { value: `CAST(${year} * 12 + month(${ref}) - 1 AS INTEGER)`, type: "int" };
  }
  if (kind === "day") {
    if (!stamped) return { value: ref, type: "date" };
    const days = floored(`epoch_us(${ref})`, DAY_US);
    return { value: `(DATE '1970-01-01' + CAST(${days} AS INTEGER))`, type: "date" };
  }
  if (kind !== "hour" || !stamped) return undefined;
  return { value: `CAST(${floored(`epoch_us(${ref})`, HOUR_US)} AS INTEGER)`, type: "int" };
}

/** Whole multiples of `unit` in a number, rounded down below zero too. */
function floored(number: string, unit: bigint): string {
  return `((${below(number, String(unit))}) // ${unit})`;
}

/** The next multiple of `width` at or below a number. */
function below(number: string, width: string): string {
  return `${number} - (((${number} % ${width}) + ${width}) % ${width})`;
}

function truncated(ref: string, type: string, width: number): Made | undefined {
  if (type === "int" || type === "long") {
    const engine = type === "int" ? "INTEGER" : "BIGINT";
    return { value: `CAST(${below(ref, String(width))} AS ${engine})`, type };
  }
  if (type === "string") return { value: `left(${ref}, ${width})`, type };
  if (type === "binary") return { value: `${ref}[1:${width}]`, type };
  if (!type.startsWith("decimal")) return undefined;
  const value = `lakehouse_truncate_decimal(CAST(${ref} AS VARCHAR), ${width})`;
  return { value: `CAST(${value} AS ${type})`, type };
}

function bucketOf(ref: string, type: string, count: number): Made | undefined {
  const hash = hashOf(ref, type);
  if (hash === undefined) return undefined;
  return { value: `CAST((${hash} & 2147483647) % ${count} AS INTEGER)`, type: "int" };
}

function hashOf(ref: string, type: string): string | undefined {
  const long = (value: string) => `lakehouse_murmur_long(CAST(${value} AS BIGINT))`;
  if (type === "int" || type === "long") return long(ref);
  if (type === "date") return long(`(${ref} - DATE '1970-01-01')`);
  if (type === "timestamp" || type === "timestamptz") return long(`epoch_us(${ref})`);
  if (type === "time") return long(`date_diff('microsecond', TIME '00:00:00', ${ref})`);
  if (type === "string") return `lakehouse_murmur(encode(${ref}))`;
  if (type === "binary" || type.startsWith("fixed")) return `lakehouse_murmur(${ref})`;
  if (type === "uuid") return `lakehouse_murmur_uuid(CAST(${ref} AS VARCHAR))`;
  if (type.startsWith("decimal")) return `lakehouse_murmur_decimal(CAST(${ref} AS VARCHAR))`;
  return undefined;
}

/** The functions that the expressions call, made known to all connections of an instance. */
export function registerTransforms(duckdb: DuckDb, connection: DuckDBConnection): void {
  const { BIGINT, BLOB, INTEGER, VARCHAR } = duckdb;
  const one = (
    name: string,
    from: typeof BIGINT | typeof BLOB | typeof VARCHAR,
    hash: (value: unknown) => number,
  ) => {
    connection.registerScalarFunction(
      duckdb.DuckDBScalarFunction.create({
        name,
        parameterTypes: [from],
        returnType: INTEGER,
        mainFunction: (_info, chunk, output) => {
          const given = chunk.getColumnVector(0);
          for (let row = 0; row < chunk.rowCount; row++) {
            const value: unknown = given.getItem(row);
            output.setItem(row, value === null ? null : hash(value));
          }
          output.flush();
        },
      }),
    );
  };
  one("lakehouse_murmur_long", BIGINT, (value) => murmur3OfLong(value as bigint));
  one("lakehouse_murmur", BLOB, (value) => murmur3((value as { bytes: Uint8Array }).bytes));
  one("lakehouse_murmur_uuid", VARCHAR, (value) => murmur3OfUuid(value as string));
  one("lakehouse_murmur_decimal", VARCHAR, (value) => murmur3OfDecimal(value as string));
  connection.registerScalarFunction(
    duckdb.DuckDBScalarFunction.create({
      name: "lakehouse_truncate_decimal",
      parameterTypes: [VARCHAR, BIGINT],
      returnType: VARCHAR,
      mainFunction: (_info, chunk, output) => {
        const texts = chunk.getColumnVector(0);
        const widths = chunk.getColumnVector(1);
        for (let row = 0; row < chunk.rowCount; row++) {
          const text = texts.getItem(row) as string | null;
          const width = widths.getItem(row) as bigint;
          output.setItem(row, text === null ? null : truncateDecimal(text, width));
        }
        output.flush();
      },
    }),
  );
}

/** The unscaled value rounded down to a multiple of `width`. */
export function truncateDecimal(text: string, width: bigint): string {
  const scale = text.includes(".") ? text.length - text.indexOf(".") - 1 : 0;
  const unscaled = BigInt(text.replace(".", ""));
  const cut = unscaled - (((unscaled % width) + width) % width);
  const digits = String(cut < 0n ? -cut : cut).padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const sign = cut < 0n ? "-" : "";
  return scale === 0 ? `${sign}${whole}` : `${sign}${whole}.${digits.slice(-scale)}`;
}

/** `invalid` with reason `bad_partitioning`. */
export function badPartitioning(message: string, hint?: string): LakehouseError {
  return new LakehouseError("invalid", message, {
    reason: "bad_partitioning",
    ...(hint === undefined ? {} : { hint }),
  });
}
