// Identifiers: UUIDv7 for things made here, sha256 for things named by their content.
import { createHash, randomUUID } from "node:crypto";

/** A UUIDv7 (RFC 9562 §5.7): sortable by the time it was made. */
export function newId(now_ms: number = Date.now()): string {
  // A random UUID has version and variant in the same places, and Node makes them in bulk.
  return timePart(now_ms) + randomUUID().slice(15);
}

/** Many ids are made in one millisecond. */
const timePart = rememberLast((now_ms: number) => {
  const time = now_ms.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7`;
});

/** A span id as W3C trace context writes it: 16 hex digits. */
export function newSpanId(): string {
  const random = randomUUID();
  return random.slice(0, 8) + random.slice(28);
}

/** Works out anew only what was not asked for last. */
function rememberLast(make: (from: number) => string): (from: number) => string {
  let last_from = Number.NaN;
  let last = "";
  return (from) => {
    if (from === last_from) return last;
    last_from = from;
    last = make(from);
    return last;
  };
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
