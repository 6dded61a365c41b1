// Records of a CSV file that are no rows: those the reader cannot take, and those that do not fit.
import type { DuckDBConnection } from "@duckdb/node-api";
import type { ConvertResult, RejectedRow } from "#ports/table-engine.ts";
import { misfitReason, type Rejecting } from "./fitting-rows.ts";
import { csvRecords } from "./row-lines.ts";

const REJECTS_LISTED_MAX = 10_000;
const REJECT_TEXT_MAX = 10_000;

export interface CsvRecords {
  readonly path: string;
  readonly delimiter: string;
  readonly header: boolean;
  /** SQL of each text of a row. */
  readonly row_texts: readonly string[];
}

/** Rows with values that do not fit, as the records that they are. */
export function rejectingRecords(connection: DuckDBConnection, records: CsvRecords): Rejecting {
  const { path, delimiter, header, row_texts } = records;
  return {
    row_texts,
    async toRejects(misfits) {
      const lines = await csvRecords(
        path,
        misfits.map(({ row }) => row),
        {
          delimiter,
          header,
          one_column: row_texts.length === 1,
          rejected: rejectedLines(connection),
        },
      );
      return misfits.map((misfit, at) => ({
        line: lines[at] ?? misfit.row + Number(header),
        column: misfit.part.name,
        reason: misfitReason(misfit),
        text: recordText(misfit.texts, delimiter).slice(0, REJECT_TEXT_MAX),
      }));
    },
  };
}

function recordText(texts: readonly (string | null)[], delimiter: string): string {
  const cell = (text: string | null) => {
    if (text === null) return "";
    const plain = text !== "" && !/["\r\n]|^\s|\s$/.test(text) && !text.includes(delimiter);
    return plain ? text : `"${text.replaceAll('"', '""')}"`;
  };
  return texts.map(cell).join(delimiter);
}

/** Ascending, in pages: there may be any number of them. */
async function* rejectedLines(connection: DuckDBConnection): AsyncGenerator<number> {
  let last = -1;
  for (;;) {
    const page = await connection.runAndReadAll(
      `SELECT DISTINCT line FROM reject_errors WHERE line > ${last}
       ORDER BY line LIMIT ${REJECTS_LISTED_MAX}`,
    );
    const lines = page.getRows().map(([line]) => Number(line));
    yield* lines;
    if (lines.length < REJECTS_LISTED_MAX) return;
    last = lines.at(-1)!;
  }
}

/** The result with the records that the reader of the last pass could not take. */
export async function withRejects(
  connection: DuckDBConnection,
  made: ConvertResult,
): Promise<ConvertResult> {
  const counted = await connection.runAndReadAll("SELECT count(DISTINCT line) FROM reject_errors");
  const broken = Number(counted.getRows()[0]![0]);
  if (broken === 0) return made;
  const listed = await connection.runAndReadAll(
    `SELECT line, any_value(column_name), any_value(error_type || ': ' || error_message),
            any_value(left(csv_line, ${REJECT_TEXT_MAX}))
     FROM reject_errors GROUP BY line ORDER BY line LIMIT ${REJECTS_LISTED_MAX}`,
  );
  const rejects = listed.getRows().map((row): RejectedRow => ({
    line: Number(row[0]),
    column: row[1] === null ? undefined : String(row[1]),
    reason: String(row[2]),
    text: String(row[3] ?? ""),
  }));
  return {
    ...made,
    rejects: [...rejects, ...made.rejects]
      .toSorted((a, b) => a.line - b.line)
      .slice(0, REJECTS_LISTED_MAX),
    rejected_rows: broken + made.rejected_rows,
  };
}
