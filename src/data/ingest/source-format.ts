// What a source is: its format by name, its compression by its first bytes.
import { open } from "node:fs/promises";
import { LakehouseError } from "#kernel/problem.ts";
import type { ConvertRequest, SourceFormat } from "#ports/table-engine.ts";

const FORMAT_OF: Readonly<Record<string, SourceFormat>> = {
  csv: "csv",
  tsv: "tsv",
  tab: "tsv",
  json: "json",
  ndjson: "ndjson",
  jsonl: "ndjson",
  parquet: "parquet",
  pq: "parquet",
};

/** Formats that people have, with what they can do about it. */
const SAVE_AS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["xlsx", "xls", "xlsm", "xlsb", "ods"].map((ending) => [
      ending,
      "spreadsheets are not read here: save each sheet as CSV (UTF-8) and ingest that",
    ]),
  ),
  zip: "unpack it, and ingest the files in it",
};

/**
 * By the name's endings, with .gz and .zst passed over; `unknown_format` when they tell nothing.
 */
export function formatOf(given: SourceFormat | undefined, name: string): SourceFormat {
  if (given !== undefined) return given;
  const endings = name.toLowerCase().replace(/\.(gz|zst|zstd)$/, "");
  const ending = /\.([a-z\d]+)$/.exec(endings)?.[1] ?? "";
  const format = FORMAT_OF[ending];
  if (format !== undefined) return format;
  throw new LakehouseError("invalid", `the format of "${name}" is not known`, {
    reason: "unknown_format",
    hint: SAVE_AS[ending] ?? "say format: csv, tsv, json, ndjson or parquet (also .gz and .zst)",
  });
}

/** By magic number: names lie more often than bytes do. */
export async function compressionOf(path: string): Promise<ConvertRequest["compression"]> {
  const file = await open(path, "r");
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    if (buffer[0] === 0x1f && buffer[1] === 0x8b) return "gzip";
    if (buffer.readUInt32LE(0) === 0xfd2fb528) return "zstd";
    return "none";
  } finally {
    await file.close();
  }
}
