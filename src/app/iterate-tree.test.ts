// One tree for an iterate session, as a collector gets it: the session, its attempts, what they
// asked.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test, type TestContext } from "node:test";
import { startCall } from "#kernel/call.ts";
import { silentLog } from "#kernel/log.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { composeHouse } from "./compose.ts";
import type { OtlpSpan } from "./otlp-form.ts";
import { houseSettings } from "./settings.ts";
import { listening } from "../../test/support/listening.ts";

/** A provider that never says JSON, and a collector, on one port. */
async function outside(t: TestContext) {
  const spans: OtlpSpan[] = [];
  const traceparents: string[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const document = JSON.parse(Buffer.concat(parts).toString("utf8")) as {
        resourceSpans?: { scopeSpans: { spans: OtlpSpan[] }[] }[];
      };
      const { traceparent } = request.headers;
      if (typeof traceparent === "string") traceparents.push(traceparent);
      assert.equal(parts.toString().includes("trace_headers"), false);
      spans.push(...(document.resourceSpans?.[0]?.scopeSpans[0]?.spans ?? []));
      const message = { role: "assistant", content: "I would rather not." };
      const usage = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };
      const choices = [{ index: 0, message, finish_reason: "stop" }];
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ choices, usage }));
    });
  });
  const port = await listening(t, server);
  return { url: `http://127.0.0.1:${port}`, spans, traceparents };
}

test("an iterate session is one tree with a span for each attempt and each model call", async (t) => {
  const { url, spans, traceparents } = await outside(t);
  const settings = houseSettings.parse({
    data_dir: await tempDir(t),
    providers: { ollama: "", endpoints: [{ name: "mute", base_url: `${url}/v1` }] },
    telemetry: { otlp_url: `${url}/v1/traces` },
  });
  const house = await composeHouse({ settings, log: silentLog, variables: {} });
  const trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  const above = "00f067aa0ba902b7";
  const asked = { kind: "order", prompt: "Order a book.", model: "mute/m", max_iterations: 2 };
  try {
    const call = startCall({ trace_id, span_id: above, from_edge: true });
    await assert.rejects(house.clients.iterate.iterate({ ...asked, context: {} }, call));
  } finally {
    await house.stop();
  }
  const tree = spans.filter((span) => span.traceId === trace_id);
  const below = (parent: string) => tree.filter((span) => span.parentSpanId === parent);
  const names = (all: readonly OtlpSpan[]) => all.map((span) => span.name).toSorted();
  const [session, ...others] = below(above);
  assert.deepEqual([session?.name, session?.kind, others.length], ["iterate.iterate", 2, 0]);
  const attempts = below(session!.spanId).filter((span) => span.name === "iterate.attempt");
  assert.equal(attempts.length, 2);
  for (const attempt of attempts) {
    const [chat, ...more] = below(attempt.spanId);
    assert.deepEqual([chat?.name, more.length], ["chat.chat", 0]);
    assert.deepEqual(names(below(chat!.spanId)), ["chat m"]);
    const [model] = below(chat!.spanId);
    // The provider's own spans hang below that of asking it.
    assert.ok(traceparents.includes(`00-${trace_id}-${model!.spanId}-01`));
    const seen = Object.fromEntries(model!.attributes.map(({ key, value }) => [key, value]));
    assert.deepEqual(seen["gen_ai.provider.name"], { stringValue: "mute" });
    assert.deepEqual(seen["gen_ai.usage.input_tokens"], { intValue: "7" });
  }
  // Every span hangs in the tree: its parent is there, or is the caller's own.
  const known = new Set([above, ...tree.map((span) => span.spanId)]);
  assert.ok(tree.every((span) => known.has(span.parentSpanId ?? "")));
  assert.equal(new Set(tree.map((span) => span.spanId)).size, tree.length);
});
