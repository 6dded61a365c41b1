// Sessions of clients that speak a revision before 2026-07-28: begun by `initialize`, bounded.
import { randomUUID } from "node:crypto";
import {
  isJSONRPCRequest,
  WebStandardStreamableHTTPServerTransport,
  type AuthInfo,
  type McpServerFactory,
  type RequestId,
} from "@modelcontextprotocol/server";
import { LIMITS } from "#kernel/limits.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { watchRequests, type SessionRequests } from "./session-requests.ts";
import { tellEnd } from "./told-end.ts";

export interface SessionLimits {
  /** One that nothing runs in makes room for another. */
  readonly sessions_max: number;
  readonly idle_ms: number;
}

export interface LegacySessions {
  /**
   * Begins a session; the answer names it in `Mcp-Session-Id`. Throws `unavailable`
   * (sessions_in_use) when there is no room.
   */
  begin(request: Request, auth: AuthInfo, body: unknown): Promise<Response>;
  /** 404 when there is no such session of this caller: its client begins a new one. */
  serve(id: string, request: Request, auth: AuthInfo, body: unknown): Promise<Response>;
  close(): Promise<void>;
}

interface Session {
  readonly owner: string;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly requests: SessionRequests;
  /** Open streams of messages that no request asked for (GET). */
  streams: number;
  used_ms: number;
}

const INVALID_REQUEST = -32600;
/** How often idle sessions are looked for. */
const SWEEP_MS = 60_000;
/** When to try again: calls and streams end all the time. */
const RETRY_AFTER_S = 5;

export function createLegacySessions(
  makeServer: McpServerFactory,
  limits: SessionLimits,
): LegacySessions {
  /** In order of use, the oldest first. */
  const sessions = new Map<string, Session>();
  /** That will be sessions in a moment. */
  let beginning = 0;
  let sweep: NodeJS.Timeout | undefined;

  async function end(id: string, why: string): Promise<void> {
    const session = sessions.get(id);
    if (!sessions.delete(id)) return;
    await session?.requests.endAll(why);
    await session?.transport.close();
  }

  function endIdle(): void {
    for (const [id, session] of sessions) {
      const idle = Date.now() - session.used_ms > limits.idle_ms;
      if (idle && isFree(session)) void end(id, "the session was idle for too long");
    }
  }

  async function makeRoom(owner: string): Promise<void> {
    endIdle();
    if (sessions.size + beginning < limits.sessions_max) return;
    const id = whoseRoom(sessions, owner, Date.now() - limits.idle_ms);
    if (id === undefined) throw allInUse(limits.sessions_max);
    await end(id, "the session made room for another");
  }

  async function open(request: Request, auth: AuthInfo, body: unknown): Promise<Response> {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      maxRequestBodySize: LIMITS.json_body_bytes_max,
      onsessioninitialized: (id) => void sessions.set(id, session),
      // Its transport is closed by itself after this.
      onsessionclosed: async (id) => {
        sessions.delete(id);
        await session.requests.endAll("the session was ended by its client");
      },
    });
    const server = await makeServer({ era: "legacy", authInfo: auth, requestInfo: request });
    await server.connect(transport);
    const touch = () => void (session.used_ms = Date.now());
    const requests = watchRequests(transport, touch);
    const owner = auth.clientId;
    const session: Session = { owner, transport, requests, streams: 0, used_ms: Date.now() };
    return transport.handleRequest(request, { authInfo: auth, parsedBody: body });
  }

  return {
    async begin(request, auth, body) {
      // Counted at once: those that begin at the same time have no room together either.
      const room = makeRoom(auth.clientId);
      beginning++;
      sweep ??= setInterval(endIdle, Math.min(limits.idle_ms, SWEEP_MS)).unref();
      try {
        await room;
        return await open(request, auth, body);
      } finally {
        beginning--;
      }
    },

    async serve(id, request, auth, body) {
      const session = sessions.get(id);
      if (session === undefined || session.owner !== auth.clientId) return noSuchSession();
      sessions.delete(id);
      sessions.set(id, session);
      session.used_ms = Date.now();
      const again = idInUse(body, session.requests);
      if (again !== undefined) return refusedId(again);
      const parsed = body === undefined ? {} : { parsedBody: body };
      const { transport } = session;
      const answer = await transport.handleRequest(request, { authInfo: auth, ...parsed });
      return request.method === "GET" ? countStream(answer, session) : answer;
    },

    async close() {
      clearInterval(sweep);
      sweep = undefined;
      await Promise.all([...sessions.keys()].map((id) => end(id, "the house is stopping")));
    },
  };
}

function isFree({ requests, streams }: Session): boolean {
  return requests.count() === 0 && streams === 0;
}

/**
 * Which session ends for a new one of this owner: one that nothing runs in, its own before those of
 * others who hold no less. When all are in use, one that only listens, of an owner who holds more,
 * or its own that has asked nothing since `idle_since`: its client may be gone without a word. None
 * in which a request runs. So nobody is crowded out by one who begins many.
 */
function whoseRoom(
  sessions: ReadonlyMap<string, Session>,
  owner: string,
  idle_since: number,
): string | undefined {
  const held = new Map<string, number>();
  for (const one of sessions.values()) held.set(one.owner, (held.get(one.owner) ?? 0) + 1);
  const own = held.get(owner) ?? 0;
  const resting = [...sessions].filter(([, one]) => one.requests.count() === 0);
  const free = resting.filter(([, one]) => isFree(one));
  const found =
    free.find(([, one]) => one.owner === owner) ??
    free.find(([, one]) => held.get(one.owner)! >= own) ??
    resting.find(([, one]) => held.get(one.owner)! > own + 1) ??
    resting.find(([, one]) => one.owner === owner && one.used_ms < idle_since);
  return found?.[0];
}

/** A request whose id another one still has: the answers of both would go to one of them. */
function idInUse(body: unknown, requests: SessionRequests): RequestId | undefined {
  const seen = new Set<RequestId>();
  for (const message of Array.isArray(body) ? body : [body]) {
    if (!isJSONRPCRequest(message)) continue;
    if (seen.has(message.id) || requests.isRunning(message.id)) return message.id;
    seen.add(message.id);
  }
  return undefined;
}

/** The same answer; its stream counts until it ends or its reader leaves. */
function countStream(answer: Response, session: Session): Response {
  if (!answer.ok || answer.body === null) return answer;
  session.streams++;
  return tellEnd(answer, () => {
    session.streams--;
    session.used_ms = Date.now();
  });
}

function allInUse(sessions_max: number): LakehouseError {
  return new LakehouseError("unavailable", `all of ${sessions_max} sessions are in use`, {
    reason: "sessions_in_use",
    hint: "end one, or speak revision 2026-07-28, which needs none",
    extra: { retry_after_s: RETRY_AFTER_S },
  });
}

function noSuchSession(): Response {
  const error = { code: -32001, message: "there is no such session; initialize again" };
  return Response.json({ jsonrpc: "2.0", error, id: null }, { status: 404 });
}

function refusedId(id: RequestId): Response {
  const error = { code: INVALID_REQUEST, message: "a request with this id is still running" };
  return Response.json({ jsonrpc: "2.0", error, id }, { status: 400 });
}
