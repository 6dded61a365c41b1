// What a request may say of its host: everybody who reads its URL reads the same path then.
import { LakehouseError } from "./problem.ts";

/** A name or an address, and a port (RFC 9110 §7.2): with more the URL would have another path. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/i;

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const NAME = "(?!.*xn--)(?:[a-z\\d-]+\\.)*[a-z][a-z\\d-]*";
/** The usual ones, which every URL takes: to parse one for each request costs more. */
const USUAL = new RegExp(
  `^(?:localhost|${OCTET}(?:\\.${OCTET}){3}|${NAME})(?::(?:\\d{1,4}|[1-5]\\d{4}))?$`,
  "i",
);

/** What a request of HTTP/1.0 is taken to be for, which need not say it. */
export const HOST_UNSAID = "localhost";

/** Whether it is a host, and a URL can have it; a request that says none has none that is wrong. */
export function isHost(said: string): boolean {
  return USUAL.test(said) || (HOST.test(said) && URL.canParse(`http://${said}/`));
}

export function noHost(): LakehouseError {
  const message = "the Host header is no host: a name or an address, and a port";
  return new LakehouseError("invalid", message, { reason: "invalid_input" });
}
