// Streamable HTTP: revision 2026-07-28 request by request, 2025-11-25 and before in sessions.
import {
  createMcpHandler,
  isInitializeRequest,
  isLegacyRequest,
  type AuthInfo,
  type McpServerFactory,
} from "@modelcontextprotocol/server";
import { LIMITS } from "#kernel/limits.ts";
import type { Log } from "#kernel/log.ts";
import { createLegacySessions } from "./legacy-sessions.ts";

const SESSIONS = { sessions_max: 256, idle_ms: 30 * 60_000 };
/** Streams of `subscriptions/listen`; each holds a socket. */
const SUBSCRIPTIONS_MAX = 256;

export interface McpHandler {
  /** `body`: as parsed; undefined where there is none or it is not JSON. */
  fetch(request: Request, auth: AuthInfo, body: unknown): Promise<Response>;
  close(): Promise<void>;
}

/** Serves the servers of one factory to every revision. Specification: modelcontextprotocol.io. */
export function createHandler(makeServer: McpServerFactory, log?: Log): McpHandler {
  const handler = createMcpHandler(makeServer, {
    maxRequestBodySize: LIMITS.json_body_bytes_max,
    maxSubscriptions: SUBSCRIPTIONS_MAX,
    onerror: (err) => log?.debug({ err }, "an MCP request was refused"),
  });
  const sessions = createLegacySessions(makeServer, SESSIONS);
  return {
    async fetch(request, auth, body) {
      const parsed = body === undefined ? {} : { parsedBody: body };
      const id = request.headers.get("mcp-session-id");
      const begins = isInitializeRequest(body);
      const legacy = (id !== null || begins) && (await isLegacyRequest(request, body));
      // What brings no session is answered from the one request, in either revision.
      if (!legacy) return handler.fetch(request, { authInfo: auth, ...parsed });
      if (id !== null) return sessions.serve(id, request, auth, body);
      return sessions.begin(request, auth, body);
    },
    async close() {
      await Promise.all([handler.close(), sessions.close()]);
    },
  };
}
