// One contract, two transports: the same answers, errors, streams, deadlines and bytes on both.
import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { eachTransport } from "../../test/support/each-transport.ts";
import { startCall } from "./call.ts";
import { connectHttp } from "./connect-http.ts";
import { connectLocal } from "./connect-local.ts";
import { bytes, defineContract, read, stream, write, type Handlers } from "./contract.ts";
import { collectBytes } from "./http-client.ts";
import { listen } from "./listen.ts";
import { LakehouseError } from "./problem.ts";
import { serveHttp } from "./serve-http.ts";
import type { SpanRecord } from "./trace.ts";

const echo = defineContract("echo", "For tests.", {
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
  upload: bytes({
    summary: "Takes bytes, answers their number.",
    http: "PUT /echo/blobs/{key...}",
    input: z.strictObject({ key: z.string(), kind: z.string().optional() }),
    output: z.strictObject({ key: z.string(), size: z.int(), kind: z.string() }),
    request_body: "raw",
    response_body: "json",
    request_headers: { kind: "x-kind" },
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

const seen = { returned: 0 };

const handlers: Handlers<typeof echo> = {
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
        yield { value };
      }
    } finally {
      seen.returned++;
    }
  },
  upload: async ({ key, kind, body }) => ({
    key,
    kind: kind ?? "none",
    size: (await collectBytes(body, 1 << 30)).length,
  }),
  download: async ({ key, size }) => ({ key, size, body: chunksOf(size) }),
};

async function* chunksOf(size: number): AsyncGenerator<Uint8Array> {
  for (let left = size; left > 0; left -= 65_536) yield new Uint8Array(Math.min(left, 65_536));
}

async function failure(promise: Promise<unknown>): Promise<LakehouseError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof LakehouseError, `not a LakehouseError: ${String(error)}`);
    return error;
  }
  return assert.fail("it should have failed");
}

eachTransport("an answer carries defaults, the trace and the principal", async (connect) => {
  const client = await connect(echo, handlers);
  const answer = await client.add({ left_value: 2 }, startCall({ trace_id: "t-1" }));
  assert.deepEqual(answer, { sum: 3, trace_id: "t-1", principal: "local" });
});

eachTransport("path and query parameters arrive, odd characters included", async (connect) => {
  const client = await connect(echo, handlers);
  assert.deepEqual(await client.find({ name: "a b%/ü?", limit: 7 }), { name: "a b%/ü?", limit: 7 });
  assert.deepEqual(await client.fixed({}), { fixed: true });
});

eachTransport("an unknown field is refused with the nearest known name", async (connect) => {
  const client = await connect(echo, handlers);
  const error = await failure(client.add({ left_value: 1, right: 2 } as never));
  assert.equal(error.code, "invalid");
  assert.equal(error.issues[0]?.path, "right");
  assert.match(error.issues[0]?.message ?? "", /did you mean "right_value"/);
});

eachTransport("a declared error arrives whole", async (connect) => {
  const client = await connect(echo, handlers);
  const error = await failure(client.fail({ how: "declared" }));
  const { code, reason, message, hint, extra } = error;
  assert.deepEqual(
    { code, reason, message, hint, extra },
    {
      code: "conflict",
      reason: "told_to",
      message: "as told",
      hint: "tell it otherwise",
      extra: { difference: { left: 1 } },
    },
  );
});

eachTransport("a crash arrives as internal", async (connect) => {
  const client = await connect(echo, handlers);
  const error = await failure(client.fail({ how: "crash" }));
  assert.equal(error.code, "internal");
});

eachTransport("a handler that never answers ends at the deadline", async (connect) => {
  const client = await connect(echo, handlers);
  const error = await failure(client.slow({}));
  assert.equal(error.code, "deadline_exceeded");
});

eachTransport("a caller that leaves gets cancelled", async (connect) => {
  const client = await connect(echo, handlers);
  const controller = new AbortController();
  const pending = failure(client.slow({}, startCall({ signal: controller.signal })));
  setTimeout(() => controller.abort(), 20);
  assert.equal((await pending).code, "cancelled");
});

eachTransport("a stream gives its items in order, and its error after them", async (connect) => {
  const client = await connect(echo, handlers);
  const values: number[] = [];
  for await (const { value } of client.count({ to: 500 })) values.push(value);
  assert.deepEqual(
    values,
    Array.from({ length: 500 }, (_, index) => index + 1),
  );

  const before: number[] = [];
  const error = await failure(
    (async () => {
      for await (const { value } of client.count({ to: 5, fail_at: 4 })) before.push(value);
    })(),
  );
  assert.deepEqual(before, [1, 2, 3]);
  assert.equal(error.reason, "told_to");
});

eachTransport("leaving a stream early ends it at its source", async (connect) => {
  const client = await connect(echo, handlers);
  const already = seen.returned;
  for await (const { value } of client.count({ to: 1_000_000 })) if (value === 3) break;
  for (let wait = 0; wait < 100 && seen.returned === already; wait++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.equal(seen.returned, already + 1);
});

eachTransport("bytes go both ways, with what stands beside them", async (connect) => {
  const client = await connect(echo, handlers);
  const sent = await client.upload({ key: "a/b c/ü", kind: "x", body: chunksOf(1_000_000) });
  assert.deepEqual(sent, { key: "a/b c/ü", kind: "x", size: 1_000_000 });
  const got = await client.download({ key: "a/b", size: 300_000 });
  assert.equal(got.size, 300_000);
  assert.equal((await collectBytes(got.body, 1 << 30)).length, 300_000);
});

test("every finished call is reported to the witness, with its error", async () => {
  const records: SpanRecord[] = [];
  const client = connectLocal(echo, handlers, { witness: (record) => void records.push(record) });
  const call = startCall();
  await client.add({ left_value: 1 }, call);
  await failure(client.fail({ how: "declared" }));
  assert.deepEqual(
    records.map(({ service, operation, error }) => [service, operation, error?.reason]),
    [
      ["echo", "add", undefined],
      ["echo", "fail", "told_to"],
    ],
  );
  assert.equal(records[0]?.parent_span_id, call.span_id);
});

test("problems on the wire are problem+json with trace id, code and issues", async (t) => {
  const client = connectLocal(echo, handlers);
  const server = await listen(serveHttp([{ contract: echo, client }]), { port: 0 });
  t.after(() => server.stop());
  const post = (path: string, body: string) =>
    fetch(server.url + path, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", "x-lakehouse-trace-id": "abc" },
    });
  const unknown = await post("/echo/add", '{"left":1}');
  assert.equal(unknown.status, 400);
  assert.equal(unknown.headers.get("content-type"), "application/problem+json");
  assert.equal(unknown.headers.get("x-lakehouse-trace-id"), "abc");
  const problem = (await unknown.json()) as Record<string, unknown>;
  assert.equal(problem["trace_id"], "abc");
  assert.equal(problem["status"], 400);
  assert.equal((await post("/echo/add", "{")).status, 400);
  assert.equal((await post("/echo/add", "[1]")).status, 400);
  assert.equal((await post("/nowhere", "{}")).status, 404);
  const large = await post("/echo/add", `{"left_value":1,"x":"${"y".repeat(9 << 20)}"}`);
  assert.equal(large.status, 413);
  await large.body?.cancel();
});

test("a service that is not there is unavailable, with its address", async () => {
  const { client } = connectHttp(echo, { url: "http://127.0.0.1:9" });
  const error = await failure(client.add({ left_value: 1 }));
  assert.equal(error.code, "unavailable");
  assert.match(error.message, /127\.0\.0\.1:9/);
});
