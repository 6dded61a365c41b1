// Answers of work that may take long: after a while the headers go out and white space keeps the
// connection alive; an error then stands in the body of a 200, as with S3 itself.
import { toReadableStream } from "#kernel/http-client.ts";
import type { S3Context } from "./s3-context.ts";
import { xmlResponse } from "./s3-context.ts";
import { errorElement, toS3Error } from "./s3-error.ts";
import { XML_DECLARATION } from "./xml-writer.ts";

const PATIENCE_MS = 10_000;
const BEAT_MS = 5_000;

/** `write` makes the document of what the work yields. */
export async function slowAnswer<T>(
  context: Pick<S3Context, "resource" | "request_id">,
  work: Promise<T>,
  write: (done: T) => string,
  patience_ms = PATIENCE_MS,
): Promise<Response> {
  const text = work.then(write);
  const quick = await within(text, patience_ms);
  if (quick !== undefined) return xmlResponse(quick);
  return new Response(toReadableStream(beats(context, text)), {
    headers: { "content-type": "application/xml" },
  });
}

async function* beats(
  { resource, request_id }: Pick<S3Context, "resource" | "request_id">,
  text: Promise<string>,
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(XML_DECLARATION);
  try {
    for (;;) {
      const done = await within(text, BEAT_MS);
      if (done !== undefined) {
        yield Buffer.from(done.slice(XML_DECLARATION.length));
        return;
      }
      yield Buffer.from(" ");
    }
  } catch (error) {
    yield Buffer.from(errorElement(toS3Error(error), resource, request_id));
  }
}

/** Undefined when it takes longer. */
async function within<T>(work: Promise<T>, wait_ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), wait_ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
