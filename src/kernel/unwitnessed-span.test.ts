// An operation that nobody is told of leaves no gap in the tree of a trace.
import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { boundedCall, startCall } from "./call.ts";
import { connectLocal } from "./connect-local.ts";
import { defineContract, read, type Client } from "./contract.ts";
import type { SpanRecord } from "./trace.ts";

const none = z.strictObject({});
const operation = (name: string) => ({
  summary: name,
  http: `GET /${name}` as const,
  input: none,
  output: none,
});
const lower = defineContract("lower", "Below.", { leaf: read(operation("leaf")) });
const upper = defineContract("upper", "Above.", {
  top: read(operation("top")),
  quiet: read({ ...operation("quiet"), witnessed: false }),
});

test("what an unwitnessed or a bounded call asks stands below the span above it", async () => {
  const told: SpanRecord[] = [];
  const witness = (record: SpanRecord) => void told.push(record);
  const below = connectLocal(lower, { leaf: async () => ({}) }, { witness });
  const outermost: (boolean | undefined)[] = [];
  const above: Client<typeof upper> = connectLocal(
    upper,
    {
      top: async (_input, call) => above.quiet({}, boundedCall(call, { timeout_ms: 1_000 })),
      async quiet(_input, call) {
        outermost.push(call.outermost);
        return below.leaf({}, call);
      },
    },
    { witness },
  );
  await above.top({}, startCall());
  const [leaf, top] = told;
  assert.deepEqual([leaf!.operation, top!.operation, told.length], ["leaf", "top", 2]);
  assert.equal(leaf!.parent_span_id, top!.span_id);
  // Asked for by another process: the span above is that process's own.
  const remote = "00f067aa0ba902b7";
  await above.quiet({}, startCall({ span_id: remote, from_edge: true }));
  assert.deepEqual([told[2]!.parent_span_id, told[2]!.span_kind], [remote, "internal"]);
  assert.deepEqual(outermost, [false, true]);
});
