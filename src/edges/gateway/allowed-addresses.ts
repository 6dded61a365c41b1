// Which addresses may ask at all: an allow-list before any token is looked at.
import { BlockList, isIP } from "node:net";
import { problemAnswer } from "#kernel/answer-call.ts";
import type { PeerRefusal, RefusePeer } from "#kernel/listen.ts";
import { LakehouseError } from "#kernel/problem.ts";

/**
 * Refuses whatever does not come from one of these addresses or networks (`10.0.0.0/8`, `::1`);
 * `/health` is never behind auth. undefined for an empty list: everybody may ask. Throws
 * `bad_settings` for what is no address.
 */
export function createAddressGuard(allowed: readonly string[]): RefusePeer | undefined {
  if (allowed.length === 0) return undefined;
  const known = new BlockList();
  for (const one of allowed) addNetwork(known, one);
  return (peer, path) => {
    if (isKnown(known, peer) || path === "/health" || path.startsWith("/health?")) {
      return undefined;
    }
    return refusal(peer);
  };
}

function addNetwork(known: BlockList, text: string): void {
  const [address = "", bits, ...more] = text.split("/");
  const family = isIP(address);
  const bits_max = family === 4 ? 32 : 128;
  const prefix = bits === undefined ? bits_max : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
  if (family === 0 || more.length > 0 || prefix < 0 || prefix > bits_max) {
    throw new LakehouseError("invalid", `auth.allow: "${text}" is no address or network`, {
      reason: "bad_settings",
      hint: "write 192.168.1.5, 10.0.0.0/8, ::1 or fd00::/8",
    });
  }
  known.addSubnet(address, prefix, family === 4 ? "ipv4" : "ipv6");
}

/** A server on both families sees IPv4 callers as ::ffff:a.b.c.d. */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

function isKnown(known: BlockList, peer: string): boolean {
  // A link-local address comes with its zone, such as fe80::1%eth0.
  const address = MAPPED.exec(peer)?.[1] ?? peer.replace(/%.*$/, "");
  const family = isIP(address);
  return family !== 0 && known.check(address, family === 4 ? "ipv4" : "ipv6");
}

function refusal(peer: string): PeerRefusal {
  const error = new LakehouseError("forbidden", `nobody may ask from ${peer || "there"}`, {
    reason: "address_not_allowed",
    hint: "auth.allow lists the addresses and networks that may",
  });
  const { status, headers, body } = problemAnswer(error);
  return { status, headers, body: body as string };
}
