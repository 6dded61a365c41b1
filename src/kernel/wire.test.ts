// What a wire adds to calls: problems as documents, cut and stalled answers, a server that stops.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test, type TestContext } from "node:test";
import { startCall, type Call } from "./call.ts";
import { connectHttp } from "./connect-http.ts";
import { connectLocal } from "./connect-local.ts";
import type { Client } from "./contract.ts";
import { echo, failure, forever, handlers, seen } from "./echo.suite.ts";
import { collectBytes } from "./http-client.ts";
import { listen } from "./listen.ts";
import { silentLog, type Log } from "./log.ts";
import { openAiErrorBody } from "./openai-error.ts";
import { LakehouseError } from "./problem.ts";
import { serveHttp } from "./serve-http.ts";
import type { SpanRecord } from "./trace.ts";
import { failureOf } from "../../test/support/failure-of.ts";
import { freePort, listening } from "../../test/support/listening.ts";

/** A server that answers with a part of a body, and then cuts the line or says no more. */
async function halfServer(t: TestContext, then: "cut" | "stall"): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": "application/json", "x-key": "k", "x-size": "9" });
    response.write('{"value":1}\n{"sum"');
    if (then === "cut") setTimeout(() => response.destroy(), 20);
  });
  const port = await listening(t, server);
  return `http://127.0.0.1:${port}`;
}

/** One call for each form of an answer: JSON, bytes, a stream. */
function threeForms(client: Client<typeof echo>, call: () => Call) {
  return {
    json: async () => void (await client.add({ left_value: 1 }, call())),
    bytes: async () => {
      await collectBytes((await client.download({ key: "k", size: 9 }, call())).body);
    },
    stream: async () => {
      for await (const { value } of client.count({ to: 3 }, call())) assert.equal(value, 1);
    },
  };
}

test("an answer whose line is cut is unavailable, in each of its forms", async (t) => {
  const { client } = connectHttp(echo, { url: await halfServer(t, "cut") });
  for (const [form, ask] of Object.entries(threeForms(client, () => startCall()))) {
    const error = await failure(ask());
    assert.deepEqual([error.code, error.reason], ["unavailable", "unreachable"], form);
  }
});

test("an answer that stalls ends at the deadline or with its caller, in each form", async (t) => {
  const { client } = connectHttp(echo, { url: await halfServer(t, "stall") });
  const late = threeForms(client, () => startCall({ timeout_ms: 150 }));
  for (const [form, ask] of Object.entries(late)) {
    assert.equal((await failure(ask())).code, "deadline_exceeded", form);
  }
  const left = threeForms(client, () => startCall({ signal: AbortSignal.timeout(150) }));
  for (const [form, ask] of Object.entries(left)) {
    assert.equal((await failure(ask())).code, "cancelled", form);
  }
});

test("what broke inside stays inside: callers read that it did, the log reads what", async (t) => {
  const lines: object[] = [];
  const log: Log = { ...silentLog, error: (fields) => void lines.push(fields) };
  const client = connectLocal(echo, {
    ...handlers,
    count: async function* () {
      yield { value: 1 };
      await new Promise((resolve) => setTimeout(resolve, 1));
      throw new TypeError("boom");
    },
  });
  const server = await listen(serveHttp([{ contract: echo, client }], { log }), { port: 0 });
  t.after(() => server.stop());
  for (const [path, body] of [
    ["/echo/fail", { how: "crash" }],
    ["/echo/count", { to: 2 }],
  ] as const) {
    const trace_id = path.replaceAll("/", ".");
    const answer = await fetch(server.url + path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", "x-lakehouse-trace-id": trace_id },
    });
    const text = await answer.text();
    assert.doesNotMatch(text, /boom/);
    assert.match(text, /"code":"internal".*\.echo\./);
    const line = lines.pop() as { trace_id: string; err: Error };
    assert.deepEqual([line.trace_id, line.err.message], [trace_id, "boom"]);
  }
  assert.doesNotMatch(
    JSON.stringify(openAiErrorBody(new LakehouseError("internal", "boom"))),
    /boom/,
  );
});

test("an answer that is dropped unread ends its operation", async () => {
  const client = connectLocal(echo, handlers);
  const app = serveHttp([{ contract: echo, client }]);
  const already = seen.returned;
  const answer = await app.request("/echo/count", { method: "POST", body: '{"to":100}' });
  await answer.body?.cancel();
  assert.equal(seen.returned, already + 1);
});

test("a house that stops ends streams at once and other calls after a grace", async () => {
  const stopping = new AbortController();
  const app = serveHttp([{ contract: echo, client: connectLocal(echo, forever) }], {
    stopping: stopping.signal,
  });
  const post = async (path: string, body: string) => {
    const answer = await app.request(path, { method: "POST", body });
    return (await answer.text()).match(/"reason":"(\w+)"/)?.[1];
  };
  const order: string[] = [];
  const pending = [
    post("/echo/fail", '{"how":""}').then((reason) => order.push(`call ${reason}`)),
    post("/echo/count", '{"to":1}').then((reason) => order.push(`stream ${reason}`)),
  ];
  await new Promise((resolve) => setTimeout(resolve, 20));
  stopping.abort(new LakehouseError("unavailable", "stopping", { reason: "stopping" }));
  assert.equal(await post("/echo/add", '{"left_value":1}'), undefined);
  // The grace alone does not keep a process alive.
  const alive = setTimeout(() => undefined, 10_000);
  await Promise.all(pending);
  clearTimeout(alive);
  assert.deepEqual(order, ["stream stopping", "call stopping"]);
  assert.equal(await post("/echo/count", '{"to":1}'), "stopping");
});

test("every finished call is reported to the witness, with its error", async () => {
  const records: SpanRecord[] = [];
  const client = connectLocal(echo, handlers, { witness: (record) => void records.push(record) });
  const call = startCall({ span_id: "00f067aa0ba902b7" });
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

test("where nobody answers it is said what to do, if somebody knows", async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const hints = ["start it too", undefined];
  for (const unreachable_hint of hints) {
    const { client } = connectHttp(echo, { url, unreachable_hint });
    const failure = await failureOf(client.add({ left_value: 1 }));
    assert.deepEqual([failure.reason, failure.hint], ["unreachable", unreachable_hint]);
  }
});
