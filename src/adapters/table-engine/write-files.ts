// Writes the rows of a SELECT as zstd Parquet files with field ids, one or more for a partition.
import { mkdir, rename, rm } from "node:fs/promises";
import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import type { Cell, IdColumn, WrittenFile, WriteTarget } from "#ports/table-engine.ts";
import { checkRequired } from "./convert-result.ts";
import { fieldIdsOption } from "./field-ids.ts";
import { ICEBERG_SCHEMA_KEY, icebergSchemaText } from "./iceberg-schema-text.ts";
import { badPartitioning, transformSql, type TransformSql } from "./partition-transforms.ts";
import { quoteName, quoteText } from "./sql-text.ts";
import { readCopied, readSplitOffsets, type CopiedFile } from "./written-stats.ts";
import { cellOfText } from "./written-values.ts";

export interface FileWriter {
  /**
   * The SELECT has exactly these columns, in this order. No rows: no files. What was written when
   * this fails is removed.
   */
  write(
    select: string,
    values: DuckDBValue[],
    columns: readonly IdColumn[],
  ): Promise<WrittenFile[]>;
}

/**
 * Level 1 came out no larger than the default on tables, at less time; so did giving up a
 * dictionary sooner, at this many values in a row group.
 */
const FORMAT =
  "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 8000, " +
  "RETURN_STATS, WRITE_EMPTY_FILE false";
/** Files of one write that partitions may make; each is a commit entry and an open file. */
const PARTITIONS_MAX = 1_000;

/** A writer may be tried again after it failed: paths it has got are then used up first. */
export function createFileWriter(connection: DuckDBConnection, target: WriteTarget): FileWriter {
  const unused: string[] = [];
  let made = 0;

  const nextPath = async () => unused.pop() ?? (await target.nextPath());

  async function copy(select: string, values: DuckDBValue[], columns: readonly IdColumn[]) {
    const size = target.file_bytes;
    const path = await nextPath();
    const place = size === undefined ? path : `${path}.parts`;
    const more = size === undefined ? "USE_TMP_FILE false" : `FILE_SIZE_BYTES ${size}`;
    const ids = `FIELD_IDS ${fieldIdsOption(columns)}`;
    const note = `KV_METADATA {'${ICEBERG_SCHEMA_KEY}': ${quoteText(icebergSchemaText(columns))}}`;
    const options = `${FORMAT}, ${ids}, ${note}, ${more}`;
    const sql = `COPY (\n${select}\n) TO ${quoteText(place)} (${options})`;
    try {
      if (size !== undefined) await mkdir(place, { recursive: true });
      const reader = await connection.runAndReadAll(sql, values);
      const copied = readCopied(reader.getRows(), columns).filter(({ rows }) => rows > 0);
      if (size === undefined && copied.length > 0) return copied;
      unused.push(path);
      return await intoPlace(copied);
    } catch (error) {
      unused.push(path);
      await rm(path, { force: true });
      throw error;
    } finally {
      if (size !== undefined) await rm(place, { recursive: true, force: true });
    }
  }

  async function intoPlace(copied: readonly CopiedFile[]): Promise<CopiedFile[]> {
    const placed: CopiedFile[] = [];
    for (const file of copied) {
      const path = await nextPath();
      await rename(file.path, path);
      placed.push({ ...file, path });
    }
    return placed;
  }

  async function writeAll(select: string, values: DuckDBValue[], columns: readonly IdColumn[]) {
    const copied: WrittenCopy[] = [];
    const add = async (from: string, bound: DuckDBValue[], partition: Partition) => {
      for (const file of await copy(from, bound, columns)) copied.push({ ...file, partition });
    };
    try {
      const transforms = target.partition_by.map((field) => transformSql(field, columns));
      if (transforms.every(({ value }) => value === undefined)) {
        await add(select, values, nulls(transforms));
      } else {
        const table = `lakehouse_rows_${++made}`;
        await writePartitions(connection, { table, select, values, columns, transforms }, add);
      }
      const offsets = await readSplitOffsets(
        connection,
        copied.map(({ path }) => path),
      );
      checkRequired(columns, copied);
      return copied.map((file) => ({ ...file, split_offsets: offsets.get(file.path) ?? [] }));
    } catch (error) {
      for (const { path } of copied) await rm(path, { force: true });
      unused.push(...copied.map(({ path }) => path));
      throw error;
    }
  }

  return { write: writeAll };
}

type Partition = Readonly<Record<string, Cell>>;
type WrittenCopy = CopiedFile & { readonly partition: Partition };

function nulls(transforms: readonly TransformSql[]): Partition {
  return Object.fromEntries(transforms.map(({ name }) => [name, null]));
}

interface PartitionedWrite {
  /** Begin of the names of the temporary tables, which spill to disk where memory is short. */
  readonly table: string;
  readonly select: string;
  readonly values: DuckDBValue[];
  readonly columns: readonly IdColumn[];
  readonly transforms: readonly TransformSql[];
}

/** Rows are sorted by partition first, so that each is one stretch and one file at a time open. */
async function writePartitions(
  connection: DuckDBConnection,
  job: PartitionedWrite,
  add: (select: string, values: DuckDBValue[], partition: Partition) => Promise<void>,
): Promise<void> {
  const [rows, parts, sorted] = ["", "_parts", "_sorted"].map((end) => `${job.table}${end}`);
  const taken = job.transforms.filter(({ value }) => value !== undefined);
  const keys = taken.map((_, at) => `lakehouse_key_${at}`);
  const key_list = keys.join(", ");
  const made = taken.map(({ value }, at) => `${value} AS ${keys[at]}`);
  // Under other names, since one of the table's own could hide what the engine adds: rowid.
  const held = job.columns.map((_, at) => `lakehouse_v${at}`);
  const taking = job.columns.map(({ name }, at) => `${quoteName(name)} AS ${held[at]}`);
  const giving = job.columns.map(({ name }, at) => `${held[at]} AS ${quoteName(name)}`).join(", ");
  try {
    await connection.run(
      `CREATE TEMP TABLE ${rows} AS SELECT ${[...taking, ...made].join(", ")}
       FROM (\n${job.select}\n)`,
      job.values,
    );
    await connection.run(
      `CREATE TEMP TABLE ${parts} AS SELECT *, row_number() OVER (ORDER BY ${key_list}) AS part
       FROM (SELECT DISTINCT ${key_list} FROM ${rows} LIMIT ${PARTITIONS_MAX + 1})`,
    );
    const partitions = await readPartitions(connection, parts!, job.transforms, keys);
    if (partitions.length > PARTITIONS_MAX) throw tooMany();
    if (partitions.length === 1) {
      return await add(`SELECT ${giving} FROM ${rows}`, [], partitions[0]!);
    }
    const same = keys.map((key) => `r.${key} IS NOT DISTINCT FROM p.${key}`).join(" AND ");
    const rest = held.map((name) => `r.${name}`).join(", ");
    await connection.run(
      `CREATE TEMP TABLE ${sorted} AS SELECT ${rest}, p.part AS lakehouse_part
       FROM ${rows} r JOIN ${parts} p ON ${same} ORDER BY p.part, r.rowid`,
    );
    await connection.run(`DROP TABLE ${rows}`);
    for (const [at, partition] of partitions.entries()) {
      const where = `lakehouse_part = ${at + 1}`;
      await add(`SELECT ${giving} FROM ${sorted} WHERE ${where}`, [], partition);
    }
  } finally {
    for (const table of [rows, parts, sorted])
      await connection.run(`DROP TABLE IF EXISTS ${table}`);
  }
}

/** Values of each partition, in the order of their numbers. */
async function readPartitions(
  connection: DuckDBConnection,
  parts: string,
  transforms: readonly TransformSql[],
  keys: readonly string[],
): Promise<Partition[]> {
  const taken = transforms.filter(({ value }) => value !== undefined);
  const texts = keys.map((key, at) => {
    const { type } = taken[at]!;
    return type === "binary" || type.startsWith("fixed") ? `hex(${key})` : `${key}::VARCHAR`;
  });
  const reader = await connection.runAndReadAll(
    `SELECT ${texts.join(", ")} FROM ${parts} ORDER BY part`,
  );
  return reader.getRows().map((row) => {
    const cells = taken.map(
      ({ name, type }, at) => [name, cellOf(name, type, row[at] as string | null)] as const,
    );
    return { ...nulls(transforms), ...Object.fromEntries(cells) };
  });
}

function cellOf(name: string, type: string, text: string | null): Cell {
  if (text === null) return null;
  const cell = cellOfText(type, text);
  if (cell !== undefined) return cell;
  throw badPartitioning(`the partition value ${text} of "${name}" cannot be written`);
}

function tooMany() {
  return badPartitioning(
    `these rows fall into more than ${PARTITIONS_MAX} partitions`,
    "partition by something coarser, such as month(…) or bucket[16](…), or send fewer rows",
  );
}
