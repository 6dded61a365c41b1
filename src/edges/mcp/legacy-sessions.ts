// Sessions of clients that speak a revision before 2026-07-28: begun by `initialize`, bounded.
import { randomUUID } from "node:crypto";
import {
  WebStandardStreamableHTTPServerTransport,
  type AuthInfo,
  type McpServerFactory,
} from "@modelcontextprotocol/server";
import { LIMITS } from "#kernel/limits.ts";

export interface SessionLimits {
  /** The one unused for longest makes room for another. */
  readonly sessions_max: number;
  readonly idle_ms: number;
}

export interface LegacySessions {
  /** Begins a session; the answer names it in `Mcp-Session-Id`. */
  begin(request: Request, auth: AuthInfo, body: unknown): Promise<Response>;
  /** 404 when there is no such session of this caller: its client begins a new one. */
  serve(id: string, request: Request, auth: AuthInfo, body: unknown): Promise<Response>;
  close(): Promise<void>;
}

interface Session {
  readonly owner: string;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  used_ms: number;
}

export function createLegacySessions(
  makeServer: McpServerFactory,
  limits: SessionLimits,
): LegacySessions {
  /** In order of use, the oldest first. */
  const sessions = new Map<string, Session>();

  async function makeRoom(): Promise<void> {
    for (const [id, session] of sessions) {
      const idle = Date.now() - session.used_ms > limits.idle_ms;
      if (!idle && sessions.size < limits.sessions_max) return;
      sessions.delete(id);
      await session.transport.close();
    }
  }

  return {
    async begin(request, auth, body) {
      await makeRoom();
      const transport = new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        maxRequestBodySize: LIMITS.json_body_bytes_max,
        onsessioninitialized: (id) => {
          sessions.set(id, { owner: auth.clientId, transport, used_ms: Date.now() });
        },
        onsessionclosed: (id) => void sessions.delete(id),
      });
      const server = await makeServer({ era: "legacy", authInfo: auth, requestInfo: request });
      await server.connect(transport);
      return transport.handleRequest(request, { authInfo: auth, parsedBody: body });
    },

    async serve(id, request, auth, body) {
      const session = sessions.get(id);
      if (session === undefined || session.owner !== auth.clientId) return noSuchSession();
      sessions.delete(id);
      sessions.set(id, session);
      session.used_ms = Date.now();
      const parsed = body === undefined ? {} : { parsedBody: body };
      return session.transport.handleRequest(request, { authInfo: auth, ...parsed });
    },

    async close() {
      const open = [...sessions.values()];
      sessions.clear();
      await Promise.all(open.map(({ transport }) => transport.close()));
    },
  };
}

function noSuchSession(): Response {
  const error = { code: -32001, message: "there is no such session; initialize again" };
  return Response.json({ jsonrpc: "2.0", error, id: null }, { status: 404 });
}
