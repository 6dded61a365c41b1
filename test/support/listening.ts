// Servers on loopback that end with their test, whatever their connections do.
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import type { HasAfter } from "./temp-dir.ts";

const used = new Set<number>();

/**
 * The port it listens on, which no other server of this process had: to a client that lives as
 * long as the process, an address that has answered once is a server that it knows.
 */
export async function listening(t: HasAfter, server: Server): Promise<number> {
  const sockets = new Set<{ destroy(): unknown }>();
  server.on("connection", (socket) => void sockets.add(socket));
  const port = await onFreshPort(server);
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return port;
}

/** A port that was free a moment ago, and that no server of this process had. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await onFreshPort(server);
  server.close();
  await once(server, "close");
  return port;
}

async function onFreshPort(server: Server): Promise<number> {
  for (;;) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    if (!used.has(port)) {
      used.add(port);
      return port;
    }
    server.close();
    await once(server, "close");
  }
}
