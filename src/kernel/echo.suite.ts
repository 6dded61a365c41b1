// A service for the tests of both transports: every form of operation, and what a test needs of it.
import assert from "node:assert/strict";
import { z } from "zod";
import { bytes, defineContract, read, stream, write, type Handlers } from "./contract.ts";
import { collectBytes } from "./http-client.ts";
import { LakehouseError } from "./problem.ts";

export const echo = defineContract("echo", "For tests.", {
  add: read({
    summary: "Adds.",
    http: "POST /echo/add",
    input: z.strictObject({ left_value: z.number(), right_value: z.number().default(1) }),
    output: z.strictObject({ sum: z.number(), trace_id: z.string(), principal: z.string() }),
  }),
  find: read({
    summary: "A read with path and query parameters.",
    http: "GET /echo/items/{name}",
    input: z.strictObject({ name: z.string(), limit: z.coerce.number().int().default(3) }),
    output: z.strictObject({ name: z.string(), limit: z.int() }),
  }),
  fixed: read({
    summary: "A fixed path beside one with a parameter.",
    http: "GET /echo/items/fixed",
    input: z.strictObject({}),
    output: z.strictObject({ fixed: z.literal(true) }),
  }),
  fail: write({
    summary: "Fails as it is told.",
    http: "POST /echo/fail",
    input: z.strictObject({ how: z.string() }),
    output: z.strictObject({}),
    reasons: ["told_to"],
  }),
  slow: read({
    summary: "Never answers.",
    http: "POST /echo/slow",
    input: z.strictObject({}),
    output: z.strictObject({}),
    timeout_ms: 150,
  }),
  count: stream({
    summary: "Counts, and fails at a number if told.",
    http: "POST /echo/count",
    input: z.strictObject({ to: z.int(), fail_at: z.int().optional() }),
    output: z.strictObject({ value: z.int() }),
    reasons: ["told_to"],
  }),
  stall: stream({
    summary: "One item, and never another.",
    http: "POST /echo/stall",
    input: z.strictObject({}),
    output: z.strictObject({ value: z.int() }),
    timeout_ms: 200,
  }),
  upload: bytes({
    summary: "Takes bytes, answers their number.",
    http: "PUT /echo/blobs/{key...}",
    input: z.strictObject({
      key: z.string(),
      kind: z.string().optional(),
      content_length: z.coerce.number().int().optional(),
    }),
    output: z.strictObject({
      key: z.string(),
      size: z.int(),
      kind: z.string(),
      content_length: z.int().nullable(),
    }),
    request_body: "raw",
    response_body: "json",
    request_headers: { kind: "x-kind", content_length: "content-length" },
  }),
  download: bytes({
    summary: "Answers bytes.",
    http: "GET /echo/blobs/{key...}",
    input: z.strictObject({ key: z.string(), size: z.coerce.number().int() }),
    output: z.strictObject({ key: z.string(), size: z.coerce.number() }),
    request_body: "json",
    response_body: "raw",
    response_headers: { key: "x-key", size: "x-size" },
  }),
});

export const seen = { returned: 0, counted: 0 };

export const handlers: Handlers<typeof echo> = {
  add: async (input, call) => ({
    sum: input.left_value + input.right_value,
    trace_id: call.trace_id,
    principal: call.principal.name,
  }),
  find: async ({ name, limit }) => ({ name, limit }),
  fixed: async () => ({ fixed: true }),
  fail: async ({ how }) => {
    if (how === "crash") throw new TypeError("boom");
    throw new LakehouseError("conflict", "as told", {
      reason: "told_to",
      hint: "tell it otherwise",
      extra: { difference: { left: 1 } },
    });
  },
  slow: () => new Promise(() => undefined),
  count: async function* ({ to, fail_at }) {
    try {
      for (let value = 1; value <= to; value++) {
        if (value === fail_at)
          throw new LakehouseError("conflict", "as told", { reason: "told_to" });
        seen.counted = value;
        yield { value };
      }
    } finally {
      seen.returned++;
    }
  },
  stall: async function* () {
    try {
      yield { value: 1 };
      await new Promise(() => undefined);
    } finally {
      seen.returned++;
    }
  },
  upload: async ({ key, kind, content_length, body }) => ({
    key,
    content_length: content_length ?? null,
    kind: kind ?? "none",
    size: (await collectBytes(body, 1 << 30)).length,
  }),
  download: async ({ key, size }) => ({ key, size, body: chunksOf(size) }),
};

/** Nothing of it ends by itself, but adding. */
export const forever: Handlers<typeof echo> = {
  ...handlers,
  fail: () => new Promise(() => undefined),
  // oxlint-disable-next-line require-yield
  count: async function* () {
    await new Promise(() => undefined);
  },
};

export async function* chunksOf(size: number): AsyncGenerator<Uint8Array> {
  for (let left = size; left > 0; left -= 65_536) yield new Uint8Array(Math.min(left, 65_536));
}

export async function failure(promise: Promise<unknown>): Promise<LakehouseError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof LakehouseError, `not a LakehouseError: ${String(error)}`);
    return error;
  }
  return assert.fail("it should have failed");
}
