// The ring of newest events holds what a plain list of them would.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Event } from "#contracts/observe.ts";
import { createRing } from "./event-ring.ts";

/** Some lines fill a block or are longer than one. */
const LENGTHS = [0, 30_000, 10, 70_000, 500];

test("whatever comes together, the newest are held and read newest first", () => {
  const batches = fc.array(fc.nat({ max: 9 }), { maxLength: 30 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), batches, (capacity, sizes) => {
      const ring = createRing(capacity);
      const all: string[] = [];
      for (const size of sizes) {
        const lines = Array.from({ length: size }, (_, at) => {
          const event_id = `${all.length + at}\nä${"x".repeat(LENGTHS[at % LENGTHS.length]!)}`;
          return `${JSON.stringify({ event_id })}\n`;
        });
        ring.push(lines);
        all.push(...lines);
        const newest = all.slice(-capacity).toReversed();
        assert.equal(ring.size(), newest.length);
        assert.deepEqual(
          [...ring.newestFirst()],
          newest.map((line) => JSON.parse(line) as Event),
        );
      }
    }),
  );
});
