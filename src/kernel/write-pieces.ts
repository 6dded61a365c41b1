// A body onto Node's response: pieces of one moment leave as one, a body of one moment with its
// length.
import type { ServerResponse } from "node:http";
import type { ByteStream } from "./contract.ts";

/** What is gathered at most before it leaves; the source waits while the line is full. */
const GATHERED_BYTES_MAX = 64 * 1024;

/** Resolves when all is handed over, or the reader has left; then the source is ended. */
export function writePieces(
  response: ServerResponse,
  status: number,
  headers: Record<string, string>,
  body: ByteStream,
): Promise<void> {
  const source = body[Symbol.asyncIterator]();
  let gathered: Uint8Array[] = [];
  let size = 0;
  let over = false;
  let pulling = false;
  let scheduled = false;
  let full = false;

  return new Promise((resolve) => {
    function pull(): void {
      if (pulling || over || full || size >= GATHERED_BYTES_MAX) return;
      pulling = true;
      source.next().then(take, fail);
    }

    function take(step: IteratorResult<Uint8Array>): void {
      pulling = false;
      if (step.done === true) {
        over = true;
      } else {
        gathered.push(step.value);
        size += step.value.length;
      }
      schedule();
      pull();
    }

    /** Ticks come after all that is settled at this moment has been taken. */
    function schedule(): void {
      if (scheduled) return;
      scheduled = true;
      process.nextTick(flush);
    }

    function flush(): void {
      scheduled = false;
      if (response.destroyed) return;
      const bytes = gathered.length === 1 ? gathered[0]! : Buffer.concat(gathered);
      gathered = [];
      size = 0;
      if (!response.headersSent) {
        if (over) headers["content-length"] ??= String(bytes.length);
        response.writeHead(status, headers);
      }
      if (over) {
        endWith(response, bytes);
        resolve();
      } else if (bytes.length === 0) {
        // Nothing yet: the reader learns that it comes.
        response.flushHeaders();
      } else {
        full = true;
        // A source that never waits must not keep the event loop from whoever else has a request,
        // nor from learning that its reader has left.
        if (response.write(bytes)) setImmediate(release);
        else response.once("drain", () => setImmediate(release));
      }
      pull();
    }

    function release(): void {
      full = false;
      pull();
    }

    /** The headers may be out: all that can still be said is that the answer is not whole. */
    function fail(): void {
      over = true;
      response.destroy();
      resolve();
    }

    response.once("close", () => {
      if (!over) {
        over = true;
        void Promise.resolve(source.return?.()).catch(() => undefined);
      }
      resolve();
    });
    pull();
    schedule();
  });
}

/** Small bytes join the headers in one write: as latin1 each is one character, whatever it is. */
function endWith(response: ServerResponse, bytes: Uint8Array): void {
  if (bytes.length > GATHERED_BYTES_MAX) {
    response.end(bytes);
    return;
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  response.end(text, "latin1");
}
