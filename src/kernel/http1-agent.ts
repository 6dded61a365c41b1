// Connections to servers of plain HTTP/1.1 and one exchange after the other on each. Both undici on
// Node and fetch on Bun take about as long for a short exchange as all else that a gateway does.
import { connect, type Socket } from "node:net";
import type {
  Dispatch,
  DispatchRequest,
  ExchangeControl,
  ExchangeHandler,
  WholeRequestBody,
} from "./http-dispatch.ts";
import { closedEarly, createAnswerReader, type AnswerHead } from "./http1-response.ts";

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
 * For `http://` origins. As many connections as there are exchanges at one time; idle ones keep no
 * process alive. A request that no head can hold throws a TypeError.
 */
export function createHttp1Dispatch(options: Http1Options): Dispatch<WholeRequestBody> {
  const idle = new Map<string, Connection[]>();
  let sweeping: NodeJS.Timeout | undefined;
  /**
   * What one turn of the event loop wants sent leaves at its end, one after the other: a server
   * that sleeps is then woken once, not for each. A write that wakes it takes half as long again.
   */
  const sending: Sending[] = [];

  function keep(origin: string, connection: Connection): void {
    const others = idle.get(origin);
    if (others === undefined) idle.set(origin, [connection]);
    else others.push(connection);
    sweeping ??= setInterval(sweep, SWEEP_EVERY_MS).unref();
  }

  function drop(origin: string, connection: Connection): void {
    const others = idle.get(origin) ?? [];
    const at = others.indexOf(connection);
    if (at >= 0) others.splice(at, 1);
    if (others.length === 0) idle.delete(origin);
  }

  function sweep(): void {
    const now_ms = performance.now();
    for (const [origin, connections] of idle) {
      for (const one of connections.filter(({ idleUntilMs }) => idleUntilMs() <= now_ms)) {
        drop(origin, one);
        one.socket.destroy();
      }
    }
    if (idle.size > 0) return;
    clearInterval(sweeping);
    sweeping = undefined;
  }

  /** The one that was used last: the others may then grow old. */
  function take(origin: string): Connection | undefined {
    const connection = idle.get(origin)?.pop();
    if (connection === undefined || isFresh(connection)) return connection;
    connection.socket.destroy();
    return take(origin);
  }

  function open(origin: string): Connection {
    return openConnection(origin, options.connect_timeout_ms, {
      onIdle: (one) => keep(origin, one),
      onGone: (one) => drop(origin, one),
    });
  }

  function sendAll(): void {
    for (const { exchange, head, body } of sending.splice(0)) {
      if (exchange.isOn()) write(exchange.socket, head, body);
    }
  }

  return (request, handler) => {
    const head = headOf(request);
    const { origin } = request;
    const connection = take(origin) ?? open(origin);
    const exchange = connection.begin(request, handler);
    if (sending.push({ exchange, head, body: request.body }) === 1) setImmediate(sendAll);
  };
}

interface Connection {
  readonly socket: Socket;
  /** Used last, it may be used again until then, on the steady clock. */
  idleUntilMs(): number;
  /** The request must be written yet, if the exchange is still on. */
  begin(request: Http1Request, handler: ExchangeHandler): Exchange;
}

function isFresh({ socket, idleUntilMs }: Connection): boolean {
  return !socket.destroyed && idleUntilMs() > performance.now();
}

interface Home {
  /** It has answered, and may be asked again. */
  onIdle(connection: Connection): void;
  /** It was closed while idle. */
  onGone(connection: Connection): void;
}

/** One request and its answer. Once it is over, the connection is another's. */
interface Exchange extends ExchangeControl {
  readonly socket: Socket;
  readonly handler: ExchangeHandler;
  isOn(): boolean;
  head: AnswerHead | undefined;
  paused: boolean;
}

interface Sending {
  readonly exchange: Exchange;
  readonly head: string;
  readonly body: WholeRequestBody;
}

function openConnection(origin: string, connect_timeout_ms: number, home: Home): Connection {
  const socket = openSocket(origin);
  let current: Exchange | undefined;
  let idle_until_ms = 0;
  const connecting = setTimeout(() => {
    const message = `no connection within ${connect_timeout_ms} ms`;
    fail(Object.assign(new Error(message), { code: "ETIMEDOUT" }));
  }, connect_timeout_ms);

  /** Whoever waits hears of it, and nobody uses the connection again. */
  function fail(error: Error): void {
    clearTimeout(connecting);
    socket.destroy();
    const failed = current;
    current = undefined;
    if (failed === undefined) home.onGone(connection);
    else failed.handler.onResponseError(failed, error);
  }

  function finish(): void {
    const { handler, head, paused } = current!;
    current = undefined;
    // A server that answered before it read the request will not read a second one as such.
    if (head!.keeps && socket.writableLength === 0 && !socket.destroyed) {
      if (paused) socket.resume();
      idle_until_ms = performance.now() + idleMs(head!.headers["keep-alive"]);
      socket.unref();
      home.onIdle(connection);
    } else {
      socket.destroy();
    }
    handler.onResponseEnd();
  }

  // Who left in the midst of what came has no exchange any more.
  const reader = createAnswerReader({
    onHead(head) {
      const exchange = current;
      if (exchange === undefined) return;
      exchange.head = head;
      exchange.handler.onResponseStart(exchange, head.status, head.headers);
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
      if (bytes === undefined) reader.end();
      else reader.read(bytes);
    } catch (error) {
      fail(error as Error);
    }
  }

  socket.once("connect", () => clearTimeout(connecting));
  socket.on("data", heard);
  socket.on("end", () => heard(undefined));
  socket.on("error", fail);
  socket.on("close", () => fail(closedEarly()));

  const connection: Connection = {
    socket,
    idleUntilMs: () => idle_until_ms,
    begin({ method }, handler) {
      const exchange = createExchange(socket, handler, {
        isOn: () => current === exchange,
        fail,
      });
      current = exchange;
      reader.begin(method === "HEAD");
      socket.ref();
      handler.onRequestStart(exchange);
      return exchange;
    },
  };
  return connection;
}

function openSocket(origin: string): Socket {
  const { hostname, port } = new URL(origin);
  // An IPv6 address stands in brackets in a URL.
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return connect({ host, port: Number(port === "" ? 80 : port), noDelay: true });
}

function createExchange(
  socket: Socket,
  handler: ExchangeHandler,
  { isOn, fail }: { isOn: () => boolean; fail: (error: Error) => void },
): Exchange {
  const exchange: Exchange = {
    socket,
    handler,
    isOn,
    head: undefined,
    paused: false,
    pause() {
      if (!isOn()) return;
      exchange.paused = true;
      socket.pause();
    },
    resume() {
      if (!isOn()) return;
      exchange.paused = false;
      socket.resume();
    },
    abort(error) {
      if (isOn()) fail(error);
    },
  };
  return exchange;
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
  const host = origin.slice("http://".length);
  let text = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`;
  for (const name of Object.keys(headers)) {
    const value = headers[name]!;
    if (!HEADER_NAME.test(name) || !HEADER_VALUE.test(value)) {
      throw new TypeError(`the header ${name} holds what a header cannot`);
    }
    if (!OURS.has(name.toLowerCase())) text += `${name}: ${value}\r\n`;
  }
  if (body !== null) return `${text}content-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return BODILESS.has(method) ? `${text}\r\n` : `${text}content-length: 0\r\n\r\n`;
}

/** Said by the connection itself. */
const OURS: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "host",
  "keep-alive",
  "transfer-encoding",
]);

function idleMs(keep_alive: string | undefined): number {
  const seconds = keep_alive === undefined ? undefined : /timeout=(\d+)/.exec(keep_alive)?.[1];
  if (seconds === undefined) return IDLE_MS;
  return Math.min(IDLE_MS_MAX, Number(seconds) * 1_000 - IDLE_MARGIN_MS);
}
