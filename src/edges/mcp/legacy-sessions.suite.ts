// For tests: a server whose one tool is slow, and what a client of a session says to it.
import { Server, type McpServerFactory } from "@modelcontextprotocol/server";

/** A server whose one tool answers when it is told to, or never when it is cancelled. */
export function slowServer() {
  const waiting = new Set<() => void>();
  const cancelled: unknown[] = [];
  const makeServer: McpServerFactory = () => {
    const server = new Server({ name: "test", version: "1" }, { capabilities: { tools: {} } });
    server.setRequestHandler("tools/list", () => ({ tools: [] }));
    server.setRequestHandler("tools/call", async (_request, { mcpReq }) => {
      await new Promise<void>((resolve) => {
        waiting.add(resolve);
        mcpReq.signal.addEventListener("abort", () => {
          cancelled.push(mcpReq.id);
          resolve();
        });
      });
      return { content: [{ type: "text", text: "slowly done" }] };
    });
    return server;
  };
  return {
    makeServer,
    cancelled,
    running: () => waiting.size,
    release: () => waiting.forEach((resolve) => resolve()),
  };
}

export const initialize = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "test", version: "1" },
  },
};
export const list = { jsonrpc: "2.0", id: 2, method: "tools/list" };
export const slow = (id: number | string) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name: "slow", arguments: {} },
});
export const cancel = (requestId: number | string) => ({
  jsonrpc: "2.0",
  method: "notifications/cancelled",
  params: { requestId },
});
