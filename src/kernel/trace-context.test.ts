// Trace ids over process borders: W3C headers in and out, our own ids without loss.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { startCall, type Call } from "./call.ts";
import { connectHttp } from "./connect-http.ts";
import { connectLocal } from "./connect-local.ts";
import { echo, handlers } from "./echo.suite.ts";
import { newId, newSpanId } from "./ids.ts";
import { listen } from "./listen.ts";
import { serveHttp } from "./serve-http.ts";
import type { SpanRecord } from "./trace.ts";
import {
  hexTraceId,
  ownTraceId,
  parseTraceparent,
  traceOrigin,
  traceparentHeaders,
} from "./trace-context.ts";

const HEX = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

test("our ids and foreign ones go to 32 hex digits and back without loss", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 47 }), (now_ms) => {
      const id = newId(now_ms);
      assert.match(hexTraceId(id), /^[0-9a-f]{32}$/);
      assert.equal(ownTraceId(hexTraceId(id)), id);
    }),
    { verbose: true },
  );
  assert.equal(hexTraceId(ownTraceId(HEX)), HEX);
  assert.match(hexTraceId("a run of mine"), /^[0-9a-f]{32}$/);
  assert.notEqual(hexTraceId("a"), hexTraceId("b"));
});

test("a traceparent is taken as W3C has it, anything else is passed over", () => {
  assert.deepEqual(parseTraceparent(`00-${HEX}-${SPAN}-01`), { trace: HEX, span: SPAN });
  assert.deepEqual(parseTraceparent(`cc-${HEX}-${SPAN}-01-more`), { trace: HEX, span: SPAN });
  for (const bad of [
    "",
    `ff-${HEX}-${SPAN}-01`,
    `00-${HEX}-${SPAN}-01-more`,
    `00-${HEX.toUpperCase()}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${HEX}-${"0".repeat(16)}-01`,
    `00-${HEX}-${SPAN}`,
  ]) {
    assert.equal(parseTraceparent(bad), undefined, bad);
  }
});

test("our header names the trace, a traceparent of the same trace the span above", () => {
  const from = (headers: Record<string, string>) => traceOrigin((name) => headers[name]);
  const traceparent = `00-${HEX}-${SPAN}-01`;
  const both = from({ traceparent, tracestate: "a=1,b=2" });
  assert.deepEqual(both, { trace_id: HEX, parent_span_id: SPAN, tracestate: "a=1,b=2" });
  const other = from({ traceparent, "x-lakehouse-trace-id": "mine", tracestate: "a=1" });
  assert.deepEqual(other, { trace_id: "mine", parent_span_id: undefined, tracestate: undefined });
  assert.match(from({ "x-lakehouse-trace-id": "bad id\n" }).trace_id, /^[0-9a-f-]{36}$/);
  const trace_id = newId();
  const call = { trace_id, span_id: newSpanId(), tracestate: "a=1" };
  const again = from(traceparentHeaders(call));
  assert.deepEqual(again, { trace_id, parent_span_id: call.span_id, tracestate: "a=1" });
  assert.deepEqual(traceparentHeaders({ ...call, span_id: "" }), {});
});

test("a call keeps its trace, its state and its parents through another process", async (t) => {
  const spans: SpanRecord[] = [];
  const calls: Call[] = [];
  const local = connectLocal(
    echo,
    {
      ...handlers,
      add(input, call) {
        calls.push(call);
        return handlers.add(input, call);
      },
    },
    { witness: (span) => void spans.push(span) },
  );
  const server = await listen(serveHttp([{ contract: echo, client: local }]), { port: 0 });
  t.after(() => server.stop());
  const { client } = connectHttp(echo, { url: server.url });
  const trace_id = newId();
  const above = startCall({ trace_id, span_id: SPAN, tracestate: "vendor=x" });
  await client.add({ left_value: 1 }, above);
  assert.deepEqual(
    [spans[0]?.trace_id, spans[0]?.parent_span_id, spans[0]?.span_kind, calls[0]?.tracestate],
    [trace_id, SPAN, "server", "vendor=x"],
  );
  const answer = await fetch(`${server.url}/echo/add`, {
    method: "POST",
    body: '{"left_value":1}',
    headers: { traceparent: `00-${HEX}-${SPAN}-00`, "content-type": "application/json" },
  });
  await answer.body?.cancel();
  assert.equal(answer.headers.get("x-lakehouse-trace-id"), HEX);
  assert.deepEqual([spans[1]?.trace_id, spans[1]?.parent_span_id], [HEX, SPAN]);
  await client.add({ left_value: 1 });
  assert.equal(spans[2]?.parent_span_id, undefined);
});
