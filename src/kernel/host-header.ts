// What a request may say of its host: everybody who reads its URL reads the same path then.
import { LakehouseError } from "./problem.ts";

/** A name or an address, and a port (RFC 9110 §7.2): with more the URL would have another path. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/i;

/** Whether it is a host; a request that says none has none that is wrong. */
export function isHost(said: string): boolean {
  return HOST.test(said);
}

export function noHost(): LakehouseError {
  const message = "the Host header is no host: a name or an address, and a port";
  return new LakehouseError("invalid", message, { reason: "invalid_input" });
}
