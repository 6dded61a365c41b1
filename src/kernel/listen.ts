// Opens a port for a web-standard app: node:http on Node, Bun.serve on Bun; drains when stopped.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Hono } from "hono";
import { problemAnswer } from "./answer-call.ts";
import { HOST_UNSAID, isHost, noHost } from "./host-header.ts";
import { onBun } from "./http-client.ts";
import { newId } from "./ids.ts";
import { LIMITS } from "./limits.ts";
import { LakehouseError } from "./problem.ts";
import { answerBroken, traceIdOf, type DirectHandler } from "./serve-direct.ts";
import { toWebResponse, type DirectWebHandler } from "./serve-direct-web.ts";
import { webOnNode } from "./web-on-node.ts";

/** A web-standard app, and what may be answered without it on Node. */
export type Listener = Pick<Hono, "fetch"> & {
  readonly direct?: DirectHandler;
  /** The same on Bun. */
  readonly directWeb?: DirectWebHandler;
  /** Told what a guard or a handler threw, with the trace id that its caller reads. */
  readonly broke?: (thrown: unknown, trace_id: string) => void;
};

export interface ListenOptions {
  /** 0 = any free port. */
  readonly port: number;
  readonly host?: string;
  /** When stopped: time for the calls in flight; a little later their connections are cut. */
  readonly stop_grace_ms?: number | undefined;
  /** Asked first, with the address a request came from: what is refused goes no further. */
  readonly refuse?: RefusePeer | undefined;
}

/** `path`: as it was sent, with its query. undefined: the request may go on. */
export type RefusePeer = (peer: string, path: string) => PeerRefusal | undefined;

export interface PeerRefusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Listening {
  readonly url: string;
  readonly port: number;
  /**
   * Takes no new connections, waits for calls in flight (bounded), then closes. Connections on
   * which no whole request has come after a grace are cut.
   */
  stop(): Promise<void>;
}

export async function listen(app: Listener, options: ListenOptions): Promise<Listening> {
  const host = options.host ?? "127.0.0.1";
  return onBun() ? listenOnBun(app, options, host) : listenOnNode(app, options, host);
}

const PROBE_AFTER_MS = 60_000;

async function listenOnNode(
  app: Listener,
  { port, refuse, stop_grace_ms = LIMITS.stop_grace_ms }: ListenOptions,
  host: string,
): Promise<Listening> {
  const { createServer } = await import("node:http");
  const throughWeb = webOnNode(app);
  // A request without a Host is refused with a problem document, as one with a wrong one.
  const server = createServer({ requireHostHeader: false }, (request, response) => {
    try {
      const refused = refuse?.(request.socket.remoteAddress ?? "", request.url ?? "/");
      if (refused !== undefined) {
        // What it still sends is not waited for.
        response.writeHead(refused.status, { ...refused.headers, connection: "close" });
        response.end(refused.body);
        return;
      }
      if (app.direct?.(request, response) !== true) throughWeb(request, response);
    } catch (thrown) {
      // Whatever one request does, the house goes on for all others.
      app.broke?.(thrown, answerBroken(request, response, thrown));
    }
  });
  // A client that vanished is noticed by probes, also where nothing is said for long.
  server.on("connection", (socket) => socket.setNoDelay(true).setKeepAlive(true, PROBE_AFTER_MS));
  // Large uploads take longer than node's default of five minutes for a whole request.
  server.requestTimeout = 0;
  const drain = prepareDrain(server, stop_grace_ms);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(cannotListen(host, port, error)));
    server.listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    url: urlOf(host, bound),
    port: bound,
    stop: drain,
  };
}

/** The newest answer of a connection, on the socket itself; over or not. */
const ANSWER = Symbol("answer");
type BusySocket = Socket & { [ANSWER]?: ServerResponse | undefined };

/** Its request has come whole, and its answer is not out yet. */
function isAnswering(response: ServerResponse | undefined): boolean {
  return response !== undefined && !response.closed && response.req.complete;
}

/** Watches the server's connections from its start; the answer closes it as `stop` promises. */
function prepareDrain(server: Server, grace_ms: number): () => Promise<void> {
  const sockets = new Set<BusySocket>();
  let draining = false;
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    (socket as BusySocket)[ANSWER] = response;
    if (draining) closeIdleAfter(response);
  });

  /** Kept-alive connections would otherwise stay until their own timeout. */
  function closeIdleAfter(response: ServerResponse): void {
    response.once("close", () => setImmediate(() => server.closeIdleConnections()));
  }

  function cutUnfinished(): void {
    for (const socket of sockets) {
      if (!isAnswering(socket[ANSWER])) socket.destroy();
    }
  }

  return () =>
    new Promise<void>((resolve) => {
      draining = true;
      for (const { [ANSWER]: response } of sockets) {
        if (response?.closed === false) closeIdleAfter(response);
      }
      const grace = setTimeout(cutUnfinished, grace_ms);
      const force = setTimeout(() => server.closeAllConnections(), cutAfter(grace_ms));
      server.close(() => {
        clearTimeout(grace);
        clearTimeout(force);
        resolve();
      });
      server.closeIdleConnections();
    });
}

const cutAfter = (grace_ms: number) => grace_ms + LIMITS.cut_after_grace_ms;

interface BunServer {
  readonly port: number;
  requestIP(request: Request): { readonly address: string } | null;
  stop(force: boolean): Promise<void>;
}

interface BunRuntime {
  serve(options: object): BunServer;
}

async function listenOnBun(
  app: Listener,
  { port, refuse, stop_grace_ms = LIMITS.stop_grace_ms }: ListenOptions,
  host: string,
): Promise<Listening> {
  const bun = (globalThis as unknown as { Bun: BunRuntime }).Bun;
  let server: BunServer;
  try {
    server = bun.serve({
      port,
      hostname: host,
      idleTimeout: 0,
      // Its own page of errors shows what stands in the code.
      development: false,
      maxRequestBodySize: LIMITS.raw_body_bytes_max,
      fetch(request: Request, own: BunServer) {
        try {
          return answerOnBun(app, request, refuse, own);
        } catch (thrown) {
          return brokenOnBun(app, thrown, traceIdOf(request));
        }
      },
      // What was thrown later; the request is not told with it.
      error: (thrown: unknown) => brokenOnBun(app, thrown, newId()),
    });
  } catch (error) {
    throw cannotListen(host, port, error);
  }
  return {
    url: urlOf(host, server.port),
    port: server.port,
    async stop() {
      const force = setTimeout(() => void server.stop(true), cutAfter(stop_grace_ms));
      await server.stop(false);
      clearTimeout(force);
    },
  };
}

function answerOnBun(
  app: Listener,
  request: Request,
  refuse: RefusePeer | undefined,
  own: BunServer,
): Response | Promise<Response> {
  const said = request.headers.get("host");
  // HTTP/1.0 need not say it: such a request has no more than its path for a URL.
  const asked = said === null ? withUrl(request) : request;
  if (said !== null && !isHost(said)) {
    return toWebResponse(problemAnswer(noHost(), traceIdOf(request)));
  }
  if (refuse !== undefined) {
    const { pathname, search } = new URL(asked.url);
    const refused = refuse(own.requestIP(request)?.address ?? "", pathname + search);
    if (refused !== undefined) {
      const { status, headers, body } = refused;
      return new Response(body, { status, headers });
    }
  }
  return app.directWeb?.(asked) ?? app.fetch(asked);
}

function withUrl(request: Request): Request {
  const { url } = request;
  return url.startsWith("/") ? new Request(`http://${HOST_UNSAID}${url}`, request) : request;
}

function brokenOnBun(app: Listener, thrown: unknown, trace_id: string): Response {
  app.broke?.(thrown, trace_id);
  return toWebResponse(problemAnswer(thrown, trace_id));
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function cannotListen(host: string, port: number, cause: unknown): LakehouseError {
  const why = (cause as { code?: string }).code ?? String(cause);
  return new LakehouseError("unavailable", `cannot listen on ${host}:${port} (${why})`, {
    reason: "port_taken",
    hint: "another process may hold the port: choose another with --port",
    cause,
  });
}
