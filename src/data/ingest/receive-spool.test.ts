// Uploads wait for room in the order they came, and one of them can always go on.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { NEVER } from "#kernel/call.ts";
import { createReceiveSpool } from "./receive-spool.ts";

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("so many come in at once; one that is all there makes room for the next", async () => {
  const spool = createReceiveSpool({ receiving_max: 2, waiting_max: 1, bytes_max: 100 });
  const first = await spool.enter(10, NEVER);
  await spool.enter(10, NEVER);
  let entered = false;
  const third = spool.enter(10, NEVER).then(() => (entered = true));
  await settled();
  assert.deepEqual([entered, spool.waiting()], [false, 1]);
  await assert.rejects(spool.enter(10, NEVER), { code: "rate_limited" });
  first.received();
  await third;
});

test("bytes on disk are bounded, but one upload alone may be larger", async () => {
  const spool = createReceiveSpool({ receiving_max: 9, waiting_max: 9, bytes_max: 100 });
  const large = await spool.enter(500, NEVER);
  let small = false;
  const waiting = spool.enter(1, NEVER).then((ticket) => {
    small = true;
    return ticket;
  });
  large.received();
  await settled();
  assert.equal(small, false);
  large.leave();
  (await waiting).leave();
});

test("who leaves while waiting takes no place, and lets the next one in", async () => {
  const spool = createReceiveSpool({ receiving_max: 9, waiting_max: 9, bytes_max: 100 });
  await spool.enter(60, NEVER);
  const leaving = new AbortController();
  const gone = spool.enter(70, leaving.signal);
  const next = spool.enter(40, NEVER);
  leaving.abort();
  await assert.rejects(gone, { code: "cancelled" });
  await next;
  await assert.rejects(spool.enter(1, AbortSignal.abort()), { code: "cancelled" });
});

test("uploads of unknown size all end, and only the oldest goes over the bound", async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 150 }), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(sizes, async (wanted) => {
      const spool = createReceiveSpool({ receiving_max: 3, waiting_max: 99, bytes_max: 100 });
      const bytes = new Map<number, number>();
      let most = 0;
      await Promise.all(
        wanted.map(async (size, at) => {
          const ticket = await spool.enter(0, NEVER);
          for (let got = 10; got < size + 10; got += 10) {
            await ticket.grow(Math.min(got, size));
            bytes.set(at, Math.min(got, size));
            const [, ...younger] = [...bytes.values()];
            most = Math.max(
              most,
              younger.reduce((sum, one) => sum + one, 0),
            );
            await settled();
          }
          ticket.received();
          await settled();
          bytes.delete(at);
          ticket.leave();
        }),
      );
      assert.ok(most <= 100, `${most} bytes besides the oldest`);
    }),
    { numRuns: 50 },
  );
});
