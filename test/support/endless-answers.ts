// Answers of servers that go on and on: a huge body, and one that comes a byte at a time.
import type { ServerResponse } from "node:http";

const HUGE_BODY_BYTES = 100 * 1024 * 1024;
const HUGE_CHUNK = Buffer.alloc(256 * 1024, "x");

/** As fast as it is read. */
export async function sendHugeBody(response: ServerResponse, stream: boolean): Promise<void> {
  response.writeHead(200, { "content-type": stream ? "text/event-stream" : "application/json" });
  for (let sent = 0; sent < HUGE_BODY_BYTES && !response.destroyed; sent += HUGE_CHUNK.length) {
    if (response.write(HUGE_CHUNK)) continue;
    const { promise, resolve } = Promise.withResolvers<void>();
    response.once("drain", resolve).once("close", resolve);
    await promise;
    response.off("drain", resolve).off("close", resolve);
  }
  response.end();
}

const DRIP_MS = 20;

export function drip(response: ServerResponse, mode: "drip" | "drip_head"): void {
  if (mode === "drip") response.writeHead(200, { "content-type": "text/event-stream" });
  const { socket } = response;
  if (mode === "drip_head") socket?.write("HTTP/1.1 200 OK\r\nx-slow: ");
  const timer = setInterval(() => {
    if (mode === "drip") response.write("d");
    else socket?.write("s");
  }, DRIP_MS);
  response.on("close", () => clearInterval(timer));
}
