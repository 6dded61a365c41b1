// How a CSV file is laid out: its delimiter, and its first record, read from its beginning.
import { open } from "node:fs/promises";
import { LakehouseError } from "#kernel/problem.ts";

export interface CsvForm {
  readonly delimiter: string;
  /** Cells of the first record. */
  readonly first: readonly string[];
}

const HEAD_BYTES = 256 * 1024;
const DELIMITERS = [",", ";", "\t", "|"];

/** undefined for a file without any record. */
export async function readCsvForm(
  path: string,
  format: "csv" | "tsv",
): Promise<CsvForm | undefined> {
  const text = await readHead(path);
  const candidates = format === "tsv" ? ["\t"] : DELIMITERS;
  let best: CsvForm | undefined;
  let best_score = -1;
  for (const delimiter of candidates) {
    const records = readRecords(text, delimiter, 50);
    const first = records[0];
    if (first === undefined) continue;
    const score = scoreOf(records);
    if (score > best_score) {
      best = { delimiter, first };
      best_score = score;
    }
  }
  return best;
}

/** Many columns that the records agree on win; on a tie the earlier candidate does. */
function scoreOf(records: readonly (readonly string[])[]): number {
  const width = records[0]!.length;
  const agreeing = records.filter((record) => record.length === width).length;
  return width === 1 ? 0 : (agreeing / records.length) * width;
}

async function readHead(path: string): Promise<string> {
  const file = await open(path, "r");
  try {
    const buffer = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await file.read(buffer, 0, HEAD_BYTES, 0);
    const head = buffer.subarray(0, bytesRead);
    if (isUtf16(head)) {
      throw new LakehouseError("invalid", "the file is UTF-16: only UTF-8 is read", {
        reason: "unreadable_source",
        hint: "iconv -f UTF-16 -t UTF-8",
      });
    }
    return new TextDecoder().decode(head);
  } finally {
    await file.close();
  }
}

function isUtf16(head: Uint8Array): boolean {
  return (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
}

/**
 * Records by RFC 4180, at most `records_max`; one cut off by the end of the text is kept as it is.
 */
export function readRecords(text: string, delimiter: string, records_max: number): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let cell = "";
  let quoted = false;
  const endRecord = () => {
    record.push(cell);
    if (record.length > 1 || cell !== "") records.push(record);
    record = [];
    cell = "";
  };
  for (let at = 0; at < text.length && records.length < records_max; at++) {
    const char = text[at]!;
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text[at + 1] === '"') cell += text[++at]!;
      else quoted = false;
    } else if (char === '"' && cell === "") quoted = true;
    else if (char === delimiter) {
      record.push(cell);
      cell = "";
    } else if (char === "\n" || char === "\r") {
      if (char === "\r" && text[at + 1] === "\n") at++;
      endRecord();
    } else cell += char;
  }
  if (records.length < records_max && (cell !== "" || record.length > 0)) endRecord();
  return records;
}
