// Request bodies on Node that are answered before they are read: the rest is read away for a
// moment, so that the caller gets to read its answer and may use its connection again.
import type { IncomingMessage, ServerResponse } from "node:http";
import { LIMITS } from "./limits.ts";

/** Set on a request whose body was given up. */
const DROPPED = Symbol("dropped");
type Droppable = IncomingMessage & { [DROPPED]?: true };

/**
 * Reads away what is still to come of a body that nobody reads any more. When the answer has been
 * out for a grace and there is still no end of it, the connection is cut.
 */
export function dropRest(incoming: IncomingMessage, response: ServerResponse): void {
  (incoming as Droppable)[DROPPED] = true;
  // A reader that stopped halfway would stop the flow again, or hold it.
  incoming.removeAllListeners("data").removeAllListeners("readable");
  incoming.on("error", () => undefined).resume();
  if (incoming.complete) return;
  const cutLater = () => {
    const timer = setTimeout(() => {
      if (!incoming.complete) incoming.destroy();
    }, LIMITS.stop_grace_ms).unref();
    incoming.once("close", () => clearTimeout(timer));
  };
  if (response.writableFinished) cutLater();
  else response.once("finish", cutLater);
}

/** Whether some of it was not read: such a body stops whatever comes after it. */
export function isLeft(incoming: IncomingMessage): boolean {
  return !incoming.complete || incoming.readableLength > 0;
}

/**
 * The request with a body that may be left before its end: the usual one takes the connection with
 * it then, and the answer that is still to be sent.
 */
export function withLeavableBody(request: Request, incoming: IncomingMessage): Request {
  if (request.method === "GET" || request.method === "HEAD") return request;
  let body: ReadableStream<Uint8Array> | undefined;
  return Object.defineProperty(request, "body", { get: () => (body ??= streamOf(incoming)) });
}

function streamOf(incoming: Droppable): ReadableStream<Uint8Array> {
  const pieces = incoming.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const step = await pieces.next();
        // Whoever still reads after the answer must not take what is missing for the end.
        if (incoming[DROPPED] === true) controller.error(new Error("the body was given up"));
        else if (step.done === true) controller.close();
        else controller.enqueue(step.value);
      },
      cancel() {
        // Not awaited: a sender that is silent would hold it.
        void Promise.resolve(pieces.return?.()).catch(() => undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
