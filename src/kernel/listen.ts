// Opens a port for a web-standard app: node:http on Node, Bun.serve on Bun; drains when stopped.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Hono } from "hono";
import { onBun } from "./http-client.ts";
import { LIMITS } from "./limits.ts";
import { LakehouseError } from "./problem.ts";
import type { DirectHandler } from "./serve-direct.ts";

/** A web-standard app, and on Node what may be answered without it. */
export type Listener = Pick<Hono, "fetch"> & { readonly direct?: DirectHandler };

export interface ListenOptions {
  /** 0 = any free port. */
  readonly port: number;
  readonly host?: string;
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
  return onBun() ? listenOnBun(app, options.port, host) : listenOnNode(app, options.port, host);
}

async function listenOnNode(app: Listener, port: number, host: string): Promise<Listening> {
  const { getRequestListener } = await import("@hono/node-server");
  const { createServer } = await import("node:http");
  const throughWeb = getRequestListener(app.fetch);
  const server = createServer((request, response) => {
    if (app.direct?.(request, response) !== true) void throughWeb(request, response);
  });
  server.on("connection", (socket) => socket.setNoDelay(true));
  // Large uploads take longer than node's default of five minutes for a whole request.
  server.requestTimeout = 0;
  const drain = prepareDrain(server);
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

/** Watches the server's connections from its start; the answer closes it as `stop` promises. */
function prepareDrain(server: Server): () => Promise<void> {
  const sockets = new Set<Socket>();
  const answering = new Map<Socket, IncomingMessage>();
  let draining = false;
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    answering.set(socket, request);
    response.once("close", () => {
      if (answering.get(socket) === request) answering.delete(socket);
      // Kept-alive connections would otherwise stay until their own timeout.
      if (draining) setImmediate(() => server.closeIdleConnections());
    });
  });

  function cutUnfinished(): void {
    for (const socket of sockets) {
      if (answering.get(socket)?.complete !== true) socket.destroy();
    }
  }

  return () =>
    new Promise<void>((resolve) => {
      draining = true;
      const grace = setTimeout(cutUnfinished, LIMITS.stop_grace_ms);
      const force = setTimeout(() => server.closeAllConnections(), LIMITS.drain_timeout_ms);
      server.close(() => {
        clearTimeout(grace);
        clearTimeout(force);
        resolve();
      });
      server.closeIdleConnections();
    });
}

interface BunServer {
  readonly port: number;
  stop(force: boolean): Promise<void>;
}

interface BunRuntime {
  serve(options: object): BunServer;
}

async function listenOnBun(
  app: Pick<Hono, "fetch">,
  port: number,
  host: string,
): Promise<Listening> {
  const bun = (globalThis as unknown as { Bun: BunRuntime }).Bun;
  let server: BunServer;
  try {
    server = bun.serve({
      port,
      hostname: host,
      idleTimeout: 0,
      maxRequestBodySize: LIMITS.raw_body_bytes_max,
      fetch: (request: Request) => app.fetch(request),
    });
  } catch (error) {
    throw cannotListen(host, port, error);
  }
  return {
    url: urlOf(host, server.port),
    port: server.port,
    async stop() {
      const force = setTimeout(() => void server.stop(true), LIMITS.drain_timeout_ms);
      await server.stop(false);
      clearTimeout(force);
    },
  };
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
