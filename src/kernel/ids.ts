// Identifiers: UUIDv7 for things made here, sha256 for things named by their content.
import { createHash, randomBytes } from "node:crypto";

/** A UUIDv7 (RFC 9562 §5.7): sortable by the time it was made. */
export function newId(now_ms: number = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now_ms, 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  const part = (from: number, to: number) => hex.slice(from, to);
  return `${part(0, 8)}-${part(8, 12)}-${part(12, 16)}-${part(16, 20)}-${part(20, 32)}`;
}

/** A span id as W3C trace context writes it: 16 hex digits. */
export function newSpanId(): string {
  return randomBytes(8).toString("hex");
}

/** Lower-case hex sha256 of a text or of bytes. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** JSON with object keys sorted at every depth: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    // No prototype: a key named __proto__ must count like any other.
    const sorted = Object.create(null) as Record<string, unknown>;
    for (const name of Object.keys(inner).toSorted()) {
      sorted[name] = (inner as Record<string, unknown>)[name];
    }
    return sorted;
  });
}
