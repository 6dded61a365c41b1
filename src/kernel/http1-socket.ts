// Sockets to servers of HTTP/1.1, plain or encrypted, with a limit to how long connecting takes.
import { connect, type Socket } from "node:net";
import { connect as connectEncrypted } from "node:tls";

/** A host that vanished in the midst of an answer is noticed by probes, the first after this. */
const PROBE_AFTER_MS = 60_000;

export interface Connecting {
  readonly socket: Socket;
  /** Whether it stood once, TLS included: what is written before leaves only then. */
  stands(): boolean;
  /** How long connecting took: a round trip at least. */
  took_ms(): number;
  /** It is given up: its limit is of no more use. */
  letGo(): void;
}

/** `fail` hears when the limit has passed, of all else from the socket itself. */
export function connectTo(
  origin: string,
  limit_ms: number,
  fail: (error: Error) => void,
): Connecting {
  const { protocol, hostname, port } = new URL(origin);
  const encrypted = protocol === "https:";
  // An IPv6 address stands in brackets in a URL.
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const place = { host, port: Number(port === "" ? (encrypted ? 443 : 80) : port) };
  const socket = encrypted
    ? connectEncrypted({ ...place, ...nameOf(host), ALPNProtocols: ["http/1.1"] })
    : connect({ ...place, noDelay: true, keepAlive: true, keepAliveInitialDelay: PROBE_AFTER_MS });
  if (encrypted) socket.setNoDelay(true).setKeepAlive(true, PROBE_AFTER_MS);
  const began_ms = performance.now();
  let took_ms = 0;
  let stood = false;
  let late: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    // A busy process comes to its timers before it hears that the connection stands.
    late = setImmediate(() => {
      if (stood) return;
      const message = `no connection within ${limit_ms} ms`;
      fail(Object.assign(new Error(message), { code: "ETIMEDOUT" }));
    });
  }, limit_ms);
  const letGo = () => {
    clearTimeout(timer);
    clearImmediate(late);
  };
  socket.once(encrypted ? "secureConnect" : "connect", () => {
    stood = true;
    took_ms = performance.now() - began_ms;
    letGo();
  });
  return { socket, stands: () => stood, took_ms: () => took_ms, letGo };
}

/** An address is no name that a server could be asked by (RFC 6066, section 3). */
function nameOf(host: string): { servername: string } | undefined {
  const is_address = host.includes(":") || /^[\d.]+$/.test(host);
  return is_address ? undefined : { servername: host };
}
