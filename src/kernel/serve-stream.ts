// A stream operation on the wire: NDJSON, or server-sent events when the client asks for them.
import { endingIterator } from "./ending-iterator.ts";
import { NDJSON_TYPE, STREAM_PROBLEM_FIELD } from "./http-form.ts";
import type { AnswerOverHttp } from "./answer-call.ts";
import { toLakehouseError, toProblem, type LakehouseError } from "./problem.ts";
import { LIMITS } from "./limits.ts";
import { endedUnread } from "./unread-body.ts";
import { TRACE_HEADER } from "./trace-context.ts";

/** How long the first item may take before the headers are sent without it. */
const FIRST_ITEM_WAIT_MS = 100;

export interface StreamForm {
  readonly accept: string;
  readonly trace_id: string;
  /** Told of an error that ended the stream after its headers were sent. */
  onError(error: LakehouseError): void;
  /** The answer is out, or nobody reads it any more. */
  onEnd(): void;
}

/** The answer; an error before the first item is thrown, a later one ends the stream as an item. */
export async function streamAnswer(
  items: AsyncIterable<unknown>,
  form: StreamForm,
): Promise<AnswerOverHttp> {
  const iterator = items[Symbol.asyncIterator]();
  const first = iterator.next();
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, FIRST_ITEM_WAIT_MS);
  });
  // An error that comes while the headers wait is an error of the request.
  await Promise.race([first.then(() => undefined), patience]);
  clearTimeout(timer);
  const as_events = form.accept.includes("text/event-stream");
  // A response may be dropped before anything of it is read: the operation ends all the same.
  const body = endingIterator(encode(iterator, first, as_events, form), async () => {
    form.onEnd();
    await iterator.return?.();
  });
  const content_type = as_events ? "text/event-stream" : NDJSON_TYPE;
  const headers: Record<string, string> = {
    "content-type": content_type,
    "cache-control": "no-store",
    [TRACE_HEADER]: form.trace_id,
  };
  return { status: 200, headers, body: endedUnread(body, LIMITS.reader_stall_ms) };
}

async function* encode(
  iterator: AsyncIterator<unknown>,
  first: Promise<IteratorResult<unknown>>,
  as_events: boolean,
  form: StreamForm,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  try {
    for (let next = await first; !next.done; next = await iterator.next()) {
      const text = JSON.stringify(next.value);
      yield encoder.encode(as_events ? `data: ${text}\n\n` : `${text}\n`);
    }
  } catch (thrown) {
    const error = toLakehouseError(thrown);
    form.onError(error);
    const problem = toProblem(error, form.trace_id);
    const text = JSON.stringify(as_events ? problem : { [STREAM_PROBLEM_FIELD]: problem });
    yield encoder.encode(as_events ? `event: error\ndata: ${text}\n\n` : `${text}\n`);
  }
}
