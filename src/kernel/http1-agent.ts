// Connections to servers of HTTP/1.1 and one exchange after the other on each. An exchange by a
// library takes about as long as all else that a gateway does.
import type { Socket } from "node:net";
import {
  leftUnsent,
  lostAfterSending,
  lostUnheard,
  staleWithin,
  type Dispatch,
  type DispatchRequest,
  type ExchangeControl,
  type ExchangeHandler,
  type WholeRequestBody,
} from "./http-dispatch.ts";
import { closedEarly, createAnswerReader, type AnswerHead } from "./http1-response.ts";
import { connectTo } from "./http1-socket.ts";

type Http1Request = DispatchRequest<WholeRequestBody>;

export interface Http1Options {
  /** Until a connection stands. */
  readonly connect_timeout_ms: number;
}

/** An idle connection is not used again after this, if its server names no time of its own. */
const IDLE_MS = 4_000;
const IDLE_MS_MAX = 600_000;
/** Servers close a little before the time they name is over. */
const IDLE_MARGIN_MS = 1_000;
const SWEEP_EVERY_MS = 1_000;

/**
 * For `http://` and `https://` origins. As many connections as there are exchanges at one time; idle
 * ones keep no process alive. A request that no head can hold throws a TypeError.
 */
export function createHttp1Dispatch(options: Http1Options): Dispatch<WholeRequestBody> {
  const idle = createIdleConnections();
  /**
   * What one turn of the event loop wants sent leaves together, one after the other: a server that
   * sleeps is then woken once, not for each. A write that wakes it takes half as long again.
   */
  let asked: Exchange[] = [];
  let due: Exchange[] = [];

  /** One turn lies between: what came on idle connections, or ended them, is heard before. */
  function turn(): void {
    const leaving = due;
    due = asked;
    asked = [];
    if (due.length > 0) setImmediate(turn);
    for (const exchange of leaving) {
      if (exchange.left) continue;
      try {
        send(exchange);
      } catch (error) {
        // What cannot be sent holds nobody else up.
        exchange.handler.onResponseError(exchange, error as Error);
      }
    }
  }

  function send(exchange: Exchange): void {
    const { origin } = exchange.request;
    const used = exchange.is_second_try ? undefined : idle.take(origin);
    const connection =
      used ??
      openConnection(origin, options.connect_timeout_ms, {
        onIdle: (one) => idle.keep(origin, one),
        onGone: (one) => idle.drop(origin, one),
        onLostUnheard: () => idle.clear(origin),
        onStale(stale) {
          stale.is_second_try = true;
          ask(stale);
        },
      });
    connection.send(exchange, used !== undefined);
  }

  function ask(exchange: Exchange): void {
    exchange.connection = undefined;
    if (asked.push(exchange) === 1 && due.length === 0) setImmediate(turn);
  }

  return (request, handler) => {
    const exchange = createExchange(request, headOf(request), handler);
    ask(exchange);
    handler.onRequestStart(exchange);
  };
}

function createIdleConnections() {
  const idle = new Map<string, Connection[]>();
  let sweeping: NodeJS.Timeout | undefined;

  function drop(origin: string, connection: Connection): void {
    const others = idle.get(origin) ?? [];
    const at = others.indexOf(connection);
    if (at >= 0) others.splice(at, 1);
    if (others.length === 0) idle.delete(origin);
  }

  function sweep(): void {
    for (const [origin, connections] of idle) {
      for (const one of connections.filter((connection) => !isFresh(connection))) {
        drop(origin, one);
        one.socket.destroy();
      }
    }
    if (idle.size > 0) return;
    clearInterval(sweeping);
    sweeping = undefined;
  }

  return {
    drop,
    clear(origin: string): void {
      for (const one of idle.get(origin)?.splice(0) ?? []) one.socket.destroy();
      idle.delete(origin);
    },
    keep(origin: string, connection: Connection): void {
      const others = idle.get(origin);
      if (others === undefined) idle.set(origin, [connection]);
      else others.push(connection);
      sweeping ??= setInterval(sweep, SWEEP_EVERY_MS).unref();
    },
    /** The one that was used last: the others may then grow old. */
    take(origin: string): Connection | undefined {
      const connections = idle.get(origin);
      for (let one = connections?.pop(); one !== undefined; one = connections!.pop()) {
        if (isFresh(one)) return one;
        one.socket.destroy();
      }
      return undefined;
    },
  };
}

interface Connection {
  readonly socket: Socket;
  /** Used last, it may be used again until then, on the steady clock. */
  idleUntilMs(): number;
  /** `is_used`: others were answered on it before. */
  send(exchange: Exchange, is_used: boolean): void;
  current(): Exchange | undefined;
  /** Whoever waits hears of it, and nobody uses the connection again. */
  fail(error: Error): void;
  /** Whoever waits has left: the server has not closed it. */
  leave(error: Error): void;
}

function isFresh({ socket, idleUntilMs }: Connection): boolean {
  return !socket.destroyed && idleUntilMs() > performance.now();
}

interface Home {
  /** It has answered, and may be asked again. */
  onIdle(connection: Connection): void;
  /** It was closed while idle. */
  onGone(connection: Connection): void;
  /** It was closed at once as it was used again: others of this server may be closed too. */
  onLostUnheard(): void;
  /** It was closed when this had just been sent on it: the server had done with it before. */
  onStale(exchange: Exchange): void;
}

/** One request and its answer. Once it is over, its connection is another's. */
interface Exchange extends ExchangeControl {
  readonly request: Http1Request;
  readonly head: string;
  readonly handler: ExchangeHandler;
  /** Undefined: it waits to be sent. */
  connection: Connection | undefined;
  is_second_try: boolean;
  answer: AnswerHead | undefined;
  paused: boolean;
  /** Given up while it waited. */
  left: boolean;
}

function createExchange(request: Http1Request, head: string, handler: ExchangeHandler): Exchange {
  const isOn = () => exchange.connection?.current() === exchange;
  const exchange: Exchange = {
    request,
    head,
    handler,
    connection: undefined,
    is_second_try: false,
    answer: undefined,
    paused: false,
    left: false,
    pause() {
      if (!isOn()) return;
      exchange.paused = true;
      exchange.connection!.socket.pause();
    },
    resume() {
      if (!isOn()) return;
      exchange.paused = false;
      exchange.connection!.socket.resume();
    },
    abort(error) {
      if (isOn()) {
        exchange.connection!.leave(error);
      } else if (exchange.connection === undefined && !exchange.left) {
        exchange.left = true;
        leftUnsent(error);
        handler.onResponseError(exchange, error);
      }
    },
  };
  return exchange;
}

function openConnection(origin: string, connect_timeout_ms: number, home: Home): Connection {
  const { socket, stands, took_ms, letGo } = connectTo(origin, connect_timeout_ms, fail);
  let current: Exchange | undefined;
  let idle_until_ms = 0;
  /** It was answered on before, and nothing has come since the request was sent. */
  let may_be_stale = false;
  let sent_ms = 0;

  function fail(error: Error): void {
    letGo();
    socket.destroy();
    const failed = current;
    current = undefined;
    if (failed === undefined) return home.onGone(connection);
    if (may_be_stale && mayAskAgain(failed)) return home.onStale(failed);
    const was_stale = may_be_stale && performance.now() - sent_ms < staleWithin(took_ms());
    if (was_stale) {
      lostUnheard(error);
      home.onLostUnheard();
    } else if (stands()) {
      lostAfterSending(error);
    }
    failed.handler.onResponseError(failed, error);
  }

  function finish(): void {
    const { handler, answer, paused } = current!;
    current = undefined;
    // A server that answered before it read the request will not read a second one as such.
    if (answer!.keeps && socket.writableLength === 0 && !socket.destroyed) {
      if (paused) socket.resume();
      idle_until_ms = performance.now() + idleMs(answer!.headers["keep-alive"]);
      socket.unref();
      home.onIdle(connection);
    } else {
      socket.destroy();
    }
    handler.onResponseEnd();
  }

  // Who left in the midst of what came has no exchange any more.
  const reader = createAnswerReader({
    onHead(answer) {
      const exchange = current;
      if (exchange === undefined) return;
      exchange.answer = answer;
      exchange.handler.onResponseStart(exchange, answer.status, answer.headers);
    },
    onPiece: (piece) => current?.handler.onResponseData(current, piece),
    onEnd() {
      if (current !== undefined) finish();
    },
  });

  /** Nothing is to be heard while nobody has asked. */
  function heard(bytes: Buffer | undefined): void {
    if (current === undefined) return fail(closedEarly());
    try {
      if (bytes === undefined) return reader.end();
      may_be_stale = false;
      reader.read(bytes);
    } catch (error) {
      fail(error as Error);
    }
  }

  socket.on("data", heard);
  socket.on("end", () => heard(undefined));
  socket.on("error", fail);
  socket.on("close", () => fail(closedEarly()));

  const connection: Connection = {
    socket,
    fail,
    leave(error) {
      may_be_stale = false;
      if (!stands()) leftUnsent(error);
      fail(error);
    },
    idleUntilMs: () => idle_until_ms,
    current: () => current,
    send(exchange, is_used) {
      const { head, request } = exchange;
      exchange.connection = connection;
      current = exchange;
      may_be_stale = is_used;
      if (is_used) sent_ms = performance.now();
      reader.begin(request.method === "HEAD");
      socket.ref();
      write(socket, head, request.body);
    },
  };
  return connection;
}

/** Once more only what changes nothing, whoever carried it out (RFC 9110, section 9.2.2). */
function mayAskAgain({ request, is_second_try }: Exchange): boolean {
  return !is_second_try && (request.method === "GET" || request.method === "HEAD");
}

function write(socket: Socket, head: string, body: Http1Request["body"]): void {
  if (body === null) {
    socket.write(head, "latin1");
  } else if (typeof body === "string" && Buffer.byteLength(body) === body.length) {
    // ASCII: both in one piece, and in the encoding that is quickest.
    socket.write(head + body, "latin1");
  } else {
    socket.cork();
    socket.write(head, "latin1");
    socket.write(body);
    socket.uncork();
  }
}

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const IN_REQUEST_LINE = /^[\x21-\x7e]+$/;
const BODILESS: ReadonlySet<string> = new Set(["GET", "HEAD", "DELETE", "OPTIONS"]);

/** Request line and headers. Throws a TypeError for what would end a line early. */
function headOf({ method, origin, path, headers, body }: Http1Request): string {
  if (!HEADER_NAME.test(method) || !IN_REQUEST_LINE.test(path)) {
    throw new TypeError(`${method} ${path} cannot be a request line`);
  }
  let host = origin.slice(origin.indexOf("//") + 2);
  let lines = "";
  for (const name of Object.keys(headers)) {
    const value = headers[name]!;
    if (!HEADER_NAME.test(name) || !HEADER_VALUE.test(value)) {
      throw new TypeError(`the header ${name} holds what a header cannot`);
    }
    const key = name.toLowerCase();
    if (key === "host") host = value;
    else if (!OURS.has(key)) lines += `${name}: ${value}\r\n`;
  }
  const bare = body === null && BODILESS.has(method);
  if (!bare) lines += `content-length: ${body === null ? 0 : Buffer.byteLength(body)}\r\n`;
  return `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n${lines}\r\n`;
}

/** Said by the connection itself. */
const OURS: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "transfer-encoding",
]);

function idleMs(keep_alive: string | undefined): number {
  const seconds = keep_alive === undefined ? undefined : /timeout=(\d+)/.exec(keep_alive)?.[1];
  if (seconds === undefined) return IDLE_MS;
  return Math.min(IDLE_MS_MAX, Number(seconds) * 1_000 - IDLE_MARGIN_MS);
}
