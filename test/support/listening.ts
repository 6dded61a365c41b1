// Servers on loopback that end with their test, whatever their connections do.
import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import type { HasAfter } from "./temp-dir.ts";

/** The port it listens on. */
export async function listening(t: HasAfter, server: Server): Promise<number> {
  const sockets = new Set<{ destroy(): unknown }>();
  server.on("connection", (socket) => void sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
