// A stream operation on the wire: NDJSON, or server-sent events when the client asks for them.
import { NDJSON_TYPE, STREAM_PROBLEM_FIELD } from "./http-form.ts";
import { toReadableStream } from "./http-client.ts";
import { toLakehouseError, toProblem } from "./problem.ts";

/** How long the first item may take before the headers are sent without it. */
const FIRST_ITEM_WAIT_MS = 100;

/** The answer; an error before the first item is thrown, a later one ends the stream as an item. */
export async function streamAnswer(
  items: AsyncIterable<unknown>,
  accept: string,
  trace_id: string,
): Promise<Response> {
  const iterator = items[Symbol.asyncIterator]();
  const first = iterator.next();
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, FIRST_ITEM_WAIT_MS);
  });
  // An error that comes while the headers wait is an error of the request.
  await Promise.race([first.then(() => undefined), patience]);
  clearTimeout(timer);
  const as_events = accept.includes("text/event-stream");
  const body = encode(iterator, first, as_events, trace_id);
  const content_type = as_events ? "text/event-stream" : NDJSON_TYPE;
  const headers = { "content-type": content_type, "cache-control": "no-store" };
  return new Response(toReadableStream(body), { headers });
}

async function* encode(
  iterator: AsyncIterator<unknown>,
  first: Promise<IteratorResult<unknown>>,
  as_events: boolean,
  trace_id: string,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let ended = false;
  try {
    for (let next = await first; !next.done; next = await iterator.next()) {
      const text = JSON.stringify(next.value);
      yield encoder.encode(as_events ? `data: ${text}\n\n` : `${text}\n`);
    }
    ended = true;
  } catch (thrown) {
    ended = true;
    const problem = toProblem(toLakehouseError(thrown), trace_id);
    const text = JSON.stringify(as_events ? problem : { [STREAM_PROBLEM_FIELD]: problem });
    yield encoder.encode(as_events ? `event: error\ndata: ${text}\n\n` : `${text}\n`);
  } finally {
    if (!ended) await iterator.return?.();
  }
}
