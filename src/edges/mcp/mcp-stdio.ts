// The Model Context Protocol over the standard streams of this process, for local clients.
import { serveStdio, StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import { houseServers, type HouseMcpNeeds } from "./house-mcp.ts";

/** Serves until the client closes stdin; running calls are cancelled then. */
export async function serveMcpStdio(needs: HouseMcpNeeds): Promise<void> {
  const transport = new StdioServerTransport();
  const ended = new Promise<void>((resolve) => {
    process.stdin.once("end", resolve);
    process.stdin.once("close", resolve);
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  const handle = serveStdio(houseServers(needs), {
    transport,
    onerror: (err) => needs.log?.debug({ err }, "an MCP message was refused"),
  });
  await ended;
  await handle.close();
}
