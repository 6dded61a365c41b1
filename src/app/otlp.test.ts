// OTLP export: the JSON of spans, one tree, batches against a collector, bounds and counted losses.
import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import { test, type TestContext } from "node:test";
import type { EventInput } from "#contracts/observe.ts";
import { silentLog } from "#kernel/log.ts";
import { toOtlpSpan, type KeyValue } from "./otlp-form.ts";
import { createOtlpExport, openOtlpExport, type OtlpExport } from "./otlp-export.ts";
import { telemetrySettings } from "./otlp-settings.ts";
import { witnessedLedger } from "./witnessed-ledger.ts";
import { listening } from "../../test/support/listening.ts";

interface Taken {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly document: { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
}

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  readonly attributes: KeyValue[];
}

/** A collector on loopback that answers with the statuses given, then with 200. */
async function collector(t: TestContext, statuses: number[] = [], body = "{}") {
  const taken: Taken[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const status = statuses.shift() ?? 200;
      const document = JSON.parse(Buffer.concat(parts).toString("utf8")) as Taken["document"];
      if (status === 200) {
        taken.push({ path: request.url!, headers: request.headers, document });
      }
      response.writeHead(status, { "content-type": "application/json" }).end(body);
    });
  });
  const port = await listening(t, server);
  const spans = () =>
    taken.flatMap(({ document }) => document.resourceSpans[0]!.scopeSpans[0]!.spans);
  return { url: `http://127.0.0.1:${port}`, taken, spans };
}

const TRACE = "01890a5d-ac96-774b-bcce-b302099a8057";

function contractEvent(n: number, over: Partial<EventInput> = {}): EventInput {
  return {
    source: "contract",
    endpoint: "chat.chat",
    timestamp: "2026-01-02T03:04:05.678Z",
    duration_ms: 12.5,
    success: true,
    trace_id: TRACE,
    span_id: n.toString(16).padStart(16, "0"),
    principal: "local",
    details: { kind: "write", span_kind: "server" },
    ...over,
  };
}

const valueOf = (attributes: readonly KeyValue[], key: string) =>
  attributes.find((one) => one.key === key)?.value;

test("a span has ids in hex, times in nanoseconds, kind, status and its session", () => {
  const span = toOtlpSpan(
    contractEvent(7, {
      parent_span_id: "00f067aa0ba902b7",
      success: false,
      error: "unavailable/provider_failed: away",
    }),
  )!;
  assert.equal(span.traceId, TRACE.replaceAll("-", ""));
  assert.deepEqual([span.spanId, span.parentSpanId], ["0000000000000007", "00f067aa0ba902b7"]);
  assert.equal(span.startTimeUnixNano, "1767323045678000000");
  assert.equal(span.endTimeUnixNano, "1767323045690500000");
  assert.deepEqual([span.kind, span.status.code], [2, 2]);
  assert.deepEqual(valueOf(span.attributes, "session.id"), { stringValue: TRACE });
  assert.deepEqual(valueOf(span.attributes, "error.type"), { stringValue: "provider_failed" });
});

test("error.type is one of few words, never what somebody wrote", () => {
  const typeOf = (over: Partial<EventInput>) => {
    const span = toOtlpSpan(contractEvent(1, { success: false, ...over }))!;
    return valueOf(span.attributes, "error.type");
  };
  const attempt = {
    source: "iterate",
    endpoint: "iterate.attempt",
    event_kind: "validation_failed",
  };
  const denied = "a rule of bookshop.order denies it: no-clocks: Clocks and How They Fail";
  assert.deepEqual(typeOf({ ...attempt, error: denied }), { stringValue: "validation_failed" });
  const like_a_call = { ...attempt, error: "a/secret: text" };
  assert.deepEqual(typeOf(like_a_call), { stringValue: "validation_failed" });
  const model = { source: "chat", endpoint: "chat.model", error: "provider_failed" };
  assert.deepEqual(typeOf(model), { stringValue: "provider_failed" });
  assert.deepEqual(typeOf({ error: denied }), { stringValue: "_OTHER" });
  assert.deepEqual(typeOf({}), { stringValue: "_OTHER" });
});

test("events that are no spans, or lack ids, make none", () => {
  assert.equal(toOtlpSpan(contractEvent(1, { source: "respond" })), undefined);
  assert.equal(toOtlpSpan(contractEvent(1, { span_id: "not-hex" })), undefined);
  assert.equal(toOtlpSpan({ source: "contract", endpoint: "x.y" }), undefined);
  assert.equal(toOtlpSpan(contractEvent(0)), undefined);
});

test("a model call is a client span with gen_ai attributes below its contract call", async () => {
  const events: EventInput[] = [];
  const ledger = witnessedLedger(undefined, (event) => void events.push(event));
  const admitted = await ledger.admit({
    operation: "chat",
    caller: { name: "key-1", scopes: ["write"] },
    provider: "bench",
    model: "small",
    trace_id: TRACE,
    span_id: "00f067aa0ba902b7",
    task_class: undefined,
    stream: true,
  });
  await admitted.settle({
    provider: "other",
    model: "large",
    usage: { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 },
    finish_reason: "stop",
    error: undefined,
    duration_ms: 20,
    first_token_ms: 250,
    cache: "off",
    retries: 1,
  });
  const span = toOtlpSpan(events[0]!)!;
  assert.deepEqual(
    [span.name, span.kind, span.parentSpanId],
    ["chat small", 3, "00f067aa0ba902b7"],
  );
  const seen = Object.fromEntries(span.attributes.map(({ key, value }) => [key, value]));
  assert.deepEqual(seen["gen_ai.provider.name"], { stringValue: "other" });
  assert.deepEqual(seen["gen_ai.response.model"], { stringValue: "large" });
  assert.deepEqual(seen["gen_ai.usage.input_tokens"], { intValue: "3" });
  assert.deepEqual(seen["gen_ai.usage.output_tokens"], { intValue: "5" });
  assert.deepEqual(seen["gen_ai.response.time_to_first_chunk"], { doubleValue: 0.25 });
  assert.deepEqual(seen["gen_ai.response.finish_reasons"], {
    arrayValue: { values: [{ stringValue: "stop" }] },
  });
});

/** Spans exported, dropped and waiting, and tries that failed in a row. */
function sentOf(otlp: OtlpExport): number[] {
  const { exported_spans, dropped_spans, waiting_spans, failed_tries } = otlp.figures();
  return [exported_spans, dropped_spans, waiting_spans, failed_tries];
}

test("a collector gets batches with the headers of the settings, as Langfuse wants them", async (t) => {
  const { url, taken, spans } = await collector(t);
  const settings = telemetrySettings.parse({
    otlp_url: `${url}/api/public/otel/v1/traces`,
    otlp_headers: { authorization: "env:LANGFUSE_AUTH", "x-langfuse-ingestion-version": "4" },
    batch_spans_max: 3,
  });
  const variables = { LANGFUSE_AUTH: "Basic cGs6c2s=" };
  const otlp = (await openOtlpExport(settings, variables, silentLog, "1.2.3"))!;
  for (let n = 1; n <= 8; n++) otlp.take(contractEvent(n));
  await otlp.stop();
  assert.equal(spans().length, 8);
  assert.equal(new Set(spans().map((span) => span.spanId)).size, 8);
  assert.ok(spans().every((span) => valueOf(span.attributes, "session.id") !== undefined));
  for (const { path, headers } of taken) {
    assert.equal(path, "/api/public/otel/v1/traces");
    assert.equal(headers["x-langfuse-ingestion-version"], "4");
    assert.equal(headers["authorization"], "Basic cGs6c2s=");
    assert.equal(headers["content-type"], "application/json");
  }
  assert.deepEqual(sentOf(otlp), [8, 0, 0, 0]);
});

test("a busy collector is asked again; a refused batch and an overflow are counted", async (t) => {
  const { url, spans } = await collector(t, [503, 400]);
  const settings = telemetrySettings.parse({ otlp_url: url, queue_spans_max: 4 });
  const options = { settings, headers: {}, version: "1", log: silentLog };
  const otlp = createOtlpExport(options);
  for (let n = 1; n <= 10; n++) otlp.take(contractEvent(n));
  assert.deepEqual(sentOf(otlp), [0, 6, 4, 0]);
  await otlp.flush();
  assert.deepEqual(sentOf(otlp), [0, 6, 4, 1]);
  await otlp.flush();
  assert.deepEqual(sentOf(otlp), [0, 10, 0, 0]);
  otlp.take(contractEvent(11));
  await otlp.stop();
  assert.deepEqual(
    spans().map((span) => span.spanId),
    ["000000000000000b"],
  );
});

test("spans that come while a collector fails do not have it asked again at once", async (t) => {
  const asked_ms: number[] = [];
  const server = createServer((request, response) => {
    asked_ms.push(performance.now());
    request.resume();
    request.on("end", () => {
      setTimeout(() => response.writeHead(503, { "retry-after": "30" }).end(), 30);
    });
  });
  const port = await listening(t, server);
  const settings = telemetrySettings.parse({
    otlp_url: `http://127.0.0.1:${port}`,
    flush_after_ms: 20,
  });
  const otlp = createOtlpExport({ settings, headers: {}, version: "1", log: silentLog });
  for (let n = 1; n <= 40; n++) {
    otlp.take(contractEvent(n));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.equal(asked_ms.length, 1);
  assert.equal(otlp.figures().waiting_spans, 40);
});

test("spans that a collector refuses within a batch are counted as dropped", async (t) => {
  const { url } = await collector(t, [], '{"partialSuccess":{"rejectedSpans":"2"}}');
  const settings = telemetrySettings.parse({ otlp_url: url });
  const otlp = createOtlpExport({ settings, headers: {}, version: "1", log: silentLog });
  for (let n = 1; n <= 5; n++) otlp.take(contractEvent(n));
  await otlp.stop();
  assert.deepEqual(sentOf(otlp), [3, 2, 0, 0]);
});

test("a collector that hangs or is slow holds up no stop, and what it left is counted", async (t) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    request.resume();
    if (request.url === "/slow") setTimeout(() => response.end("{}"), 1_500);
  });
  const port = await listening(t, server);
  for (const path of ["/hangs", "/slow"]) {
    const otlp_url = `http://127.0.0.1:${port}${path}`;
    const settings = telemetrySettings.parse({ otlp_url, batch_spans_max: 2 });
    const otlp = createOtlpExport({ settings, headers: {}, version: "1", log: silentLog });
    for (let n = 1; n <= 12; n++) otlp.take(contractEvent(n));
    await otlp.stop();
    const { exported_spans, dropped_spans, waiting_spans } = otlp.figures();
    assert.deepEqual([exported_spans + dropped_spans, waiting_spans], [12, 0]);
    assert.ok(dropped_spans >= 8, String(dropped_spans));
    const before = asked.length;
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(asked.length, before);
    const connections = await new Promise((resolve) => {
      server.getConnections((_error, count) => resolve(count));
    });
    assert.equal(connections, 0);
  }
});

test("a collector that is well again is not failing, whatever it refused before", async (t) => {
  const { url } = await collector(t, [400, 200, 503]);
  const settings = telemetrySettings.parse({ otlp_url: url, queue_spans_max: 3 });
  const otlp = createOtlpExport({ settings, headers: {}, version: "1", log: silentLog });
  const failing: boolean[] = [];
  for (const spans of [1, 1, 1, 1, 4]) {
    for (let n = 1; n <= spans; n++) otlp.take(contractEvent(n));
    if (spans === 1) await otlp.flush();
    failing.push(otlp.isFailing());
  }
  assert.deepEqual(failing, [true, false, true, false, true]);
  await otlp.stop();
});

test("a queue that runs over is failing, also while the collector takes all it is sent", async (t) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    request.resume();
    setTimeout(() => response.end("{}"), 100);
  });
  const otlp_url = `http://127.0.0.1:${await listening(t, server)}/`;
  const settings = telemetrySettings.parse({ otlp_url, queue_spans_max: 3 });
  const otlp = createOtlpExport({ settings, headers: {}, version: "1", log: silentLog });
  otlp.take(contractEvent(1));
  const sent = otlp.flush();
  for (let n = 2; n <= 6; n++) otlp.take(contractEvent(n));
  await sent;
  assert.deepEqual(otlp.figures().dropped_spans, 2);
  assert.equal(otlp.isFailing(), true);
  await otlp.stop();
  assert.ok(asked.length > 0);
});
