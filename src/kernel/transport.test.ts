// One contract, two transports: the same answers, errors, streams, deadlines and bytes on both.
import assert from "node:assert/strict";
import { eachTransport } from "../../test/support/each-transport.ts";
import { startCall } from "./call.ts";
import { chunksOf, echo, failure, handlers, seen } from "./echo.suite.ts";
import { collectBytes } from "./http-client.ts";

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
  // It was told, and did not just come to its end with nobody listening.
  assert.ok(seen.counted < 1_000_000, `${seen.counted} items were made`);
});

eachTransport("bytes go both ways, with what stands beside them", async (connect) => {
  const client = await connect(echo, handlers);
  const sent = await client.upload({ key: "a/b c/ü", kind: "x", body: chunksOf(1_000_000) });
  assert.deepEqual(sent, {
    key: "a/b c/ü",
    kind: "x",
    size: 1_000_000,
    content_length: null,
  });
  const got = await client.download({ key: "a/b", size: 300_000 });
  assert.equal(got.size, 300_000);
  assert.equal((await collectBytes(got.body, 1 << 30)).length, 300_000);
});

eachTransport("a stream whose next item does not come ends at its deadline", async (connect) => {
  const client = await connect(echo, handlers);
  const values: number[] = [];
  const error = await failure(
    (async () => {
      for await (const { value } of client.stall({})) values.push(value);
    })(),
  );
  assert.deepEqual([values, error.code], [[1], "deadline_exceeded"]);
});

eachTransport("a stream whose caller leaves while it waits is cancelled", async (connect) => {
  const client = await connect(echo, handlers);
  const controller = new AbortController();
  const error = await failure(
    (async () => {
      const call = startCall({ signal: controller.signal });
      for await (const item of client.stall({}, call)) if (item.value === 1) controller.abort();
    })(),
  );
  assert.equal(error.code, "cancelled");
});

eachTransport("what cannot stand in a path is an invalid input", async (connect) => {
  const client = await connect(echo, handlers);
  for (const name of ["", ".", ".."]) {
    const error = await failure(client.find({ name }));
    const { code, reason, issues } = error;
    assert.deepEqual([code, reason, issues[0]?.path], ["invalid", "invalid_input", "name"], name);
  }
  for (const key of ["", "a/../b", "..", "a/."]) {
    const error = await failure(client.upload({ key, body: chunksOf(1) }));
    assert.deepEqual([error.code, error.reason], ["invalid", "invalid_input"], key);
  }
  const missing = await failure(client.find({} as never));
  assert.deepEqual([missing.reason, missing.issues[0]?.path], ["invalid_input", "name"]);
});

eachTransport("values in headers arrive as they are, whatever they hold", async (connect) => {
  const client = await connect(echo, handlers);
  for (const kind of ["Zürich", "日本 🏠", " a ", "UTF-8''x", "100%41", "", "a\r\nx-b: 1"]) {
    const sent = await client.upload({ key: "k", kind, body: chunksOf(3) });
    assert.equal(sent.kind, kind);
  }
  const key = "ünïcode/日本";
  const got = await client.download({ key, size: 10 });
  assert.equal(got.key, key);
  assert.equal((await collectBytes(got.body)).length, 10);
  const call = startCall({ idempotency_key: "schlüssel" });
  assert.equal((await client.add({ left_value: 1 }, call)).sum, 2);
});

eachTransport(
  "a length that a caller declares reaches the handler, true or not",
  async (connect) => {
    const client = await connect(echo, handlers);
    for (const content_length of [10, 3, 0]) {
      const sent = await client.upload({ key: "k", content_length, body: chunksOf(10) });
      assert.deepEqual([sent.size, sent.content_length], [10, content_length]);
    }
  },
);
