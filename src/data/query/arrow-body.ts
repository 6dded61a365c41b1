// A result as an Arrow IPC stream (Arrow columnar format, "IPC Streaming Format").
import type * as Arrow from "apache-arrow";
import type { RowStream } from "#ports/table-engine.ts";
import { arrowColumn, type ArrowColumn, type ArrowModule } from "./arrow-columns.ts";
import { distinctNames, type Row, type Sent } from "./result-formats.ts";

/** Rows of one record batch at least, if there are as many: an engine's chunk is mostly one. */
const BATCH_ROWS_MIN = 1_024;

/** Schema, record batches as their rows come, end of stream. Rows are asked for when wanted. */
export async function* arrowBody(stream: RowStream, sent: Sent): AsyncGenerator<Uint8Array> {
  const arrow = await import("apache-arrow");
  const columns = stream.columns.map(({ type }) => arrowColumn(arrow, type));
  const names = distinctNames(stream.columns);
  const fields = columns.map(({ type }, at) => new arrow.Field(names[at]!, type, true));
  const writer = openWriter(arrow, new arrow.Schema(fields));
  let waiting: readonly Row[] = [];
  for await (const chunk of stream.chunks) {
    waiting = waiting.length === 0 ? chunk : [...waiting, ...chunk];
    sent.row_count += chunk.length;
    // The first rows go out at once: their reader may need no more.
    if (waiting.length < BATCH_ROWS_MIN && sent.row_count !== waiting.length) continue;
    yield writer.batch(waiting, columns);
    waiting = [];
  }
  if (waiting.length > 0) yield writer.batch(waiting, columns);
  yield writer.end();
}

interface BatchWriter {
  batch(rows: readonly Row[], columns: readonly ArrowColumn[]): Uint8Array;
  end(): Uint8Array;
}

/** What the library's writer writes, handed over after each step instead of queued. */
function openWriter(arrow: ArrowModule, schema: Arrow.Schema): BatchWriter {
  let pieces: Uint8Array[] = [];
  const sink = new arrow.AsyncByteQueue();
  sink.write = (bytes) => {
    pieces.push(bytes as Uint8Array);
  };
  const writer = new arrow.RecordBatchStreamWriter();
  writer.reset(sink, schema);
  const take = () => {
    const bytes = Buffer.concat(pieces);
    pieces = [];
    return bytes;
  };
  return {
    batch(rows, columns) {
      const children = columns.map(({ toArray }, at) => toArray(valuesAt(rows, at)));
      const type = new arrow.Struct(schema.fields);
      const form = { type, length: rows.length, nullCount: 0, children };
      writer.write(new arrow.RecordBatch(schema, arrow.makeData(form)));
      return take();
    },
    end() {
      writer.close();
      return take();
    },
  };
}

function valuesAt(rows: readonly Row[], column: number): unknown[] {
  const values: unknown[] = Array.from({ length: rows.length });
  for (let at = 0; at < rows.length; at++) values[at] = rows[at]![column];
  return values;
}
