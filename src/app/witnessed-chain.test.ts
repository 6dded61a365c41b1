// What the witness and the metrics are told where a model is stood in for: each that was asked, as
// itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventInput } from "#contracts/observe.ts";
import { createHouseMetrics } from "#edges/metrics/house-metrics.ts";
import { startCall } from "#kernel/call.ts";
import { systemClock } from "#kernel/clock.ts";
import { silentLog } from "#kernel/log.ts";
import { GEN_AI, OWN } from "#kernel/span-names.ts";
import { createOpenAiCompatibleProvider } from "#adapters/chat-model/openai-compatible-provider.ts";
import { createChat } from "#models/chat/chat-service.ts";
import { chatSettings } from "#models/chat/chat-settings.ts";
import { sayJson, startRawProvider } from "../../test/support/raw-provider.ts";
import { completionOf, startScriptedServer } from "../../test/support/scripted-server.ts";
import type { HasAfter } from "../../test/support/temp-dir.ts";
import { toOtlpSpan } from "./otlp-form.ts";
import { witnessedLedger } from "./witnessed-ledger.ts";

const USED = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
const OF_CALL = "00f067aa0ba902b7";

/** `alpha/e500` always fails, late; `dead/x` is away; `beta/gpt-z` answers for both. */
async function open(t: HasAfter) {
  const heard: (string | undefined)[] = [];
  const alpha = await startRawProvider(t, (socket) => {
    setTimeout(() => sayJson(socket, 500), 100);
  });
  const beta = await startScriptedServer(t, () => ({
    body: completionOf({ content: "ok" }, { usage: USED }),
  }));
  const provider = (name: string, base_url: string) =>
    createOpenAiCompatibleProvider({ name, base_url });
  const asked = provider("beta", beta);
  const providers = [
    provider("alpha", alpha.url),
    provider("dead", "http://127.0.0.1:1/v1"),
    {
      ...asked,
      whole: (request: Parameters<typeof asked.chat>[0]) => {
        heard.push(request.trace_headers?.["traceparent"]);
        return asked.whole!(request);
      },
    },
  ];
  const metrics = createHouseMetrics({
    version: "1",
    health: async () => ({}),
    keys: async () => [],
  });
  const events: EventInput[] = [];
  const ledger = witnessedLedger(undefined, (event) => {
    events.push(event);
    metrics.take(event);
  });
  const fallbacks = { "dead/x": ["beta/gpt-z"], "alpha/e500": ["beta/gpt-z"] };
  const settings = chatSettings.parse({ fallbacks, retries_max: 1, retry_base_ms: 1 });
  const needs = { providers, tiers: {}, ledger, log: silentLog, clock: systemClock };
  const { handlers } = await createChat(needs, settings);
  const ask = (model: string) =>
    handlers.chat(
      { model, messages: [{ role: "user", content: "hi" }] },
      startCall({ span_id: OF_CALL }),
    );
  return { ask, events, metrics, heard };
}

const said = ({ details }: EventInput) => details!["attributes"] as Record<string, unknown>;

test("each model of a chain has a span: its own error, retries, time and names", async (t) => {
  const { ask, events, heard } = await open(t);
  await ask("alpha/e500");
  await ask("dead/x");
  const seen = events.map((event) => [
    said(event)[GEN_AI.provider_name],
    said(event)[GEN_AI.request_model],
    said(event)[GEN_AI.response_model],
    event.error,
    said(event)[OWN.retries],
  ]);
  assert.deepEqual(seen, [
    ["alpha", "e500", "e500", "provider_failed", 0],
    ["beta", "gpt-z", "gpt-z", undefined, 0],
    ["dead", "x", "x", "provider_unreachable", 1],
    ["beta", "gpt-z", "gpt-z", undefined, 0],
  ]);
  const [failed, answered] = events;
  assert.ok(failed!.duration_ms! >= 90 && answered!.duration_ms! < 90);
  assert.ok(Date.parse(answered!.timestamp!) - Date.parse(failed!.timestamp!) >= 90);
  const spans = events.map((event) => toOtlpSpan(event)!);
  assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, 4);
  assert.ok(spans.every(({ parentSpanId }) => parentSpanId === OF_CALL));
  assert.deepEqual(
    spans.map(({ status }) => status.code),
    [2, undefined, 2, undefined],
  );
  // A provider hangs its own spans below that of asking it.
  assert.deepEqual(
    heard.map((header) => header!.split("-")[2]),
    [spans[1]!.spanId, spans[3]!.spanId],
  );
});

test("each model of a chain counts for its own provider", async (t) => {
  const { ask, metrics } = await open(t);
  for (let nr = 0; nr < 2; nr++) {
    await ask("alpha/e500");
    await ask("dead/x");
  }
  const lines = (await metrics.text(false)).split("\n");
  const calls = (provider: string, model: string, error: string) =>
    `lakehouse_model_calls_total{caller="local",provider="${provider}",model="${model}",error_type="${error}"}`;
  for (const line of [
    `${calls("alpha", "e500", "provider_failed")} 2`,
    `${calls("dead", "x", "provider_unreachable")} 2`,
    `${calls("beta", "gpt-z", "")} 4`,
    'lakehouse_model_retries_total{provider="dead",model="x"} 2',
  ]) {
    assert.ok(lines.includes(line), `${line} is not in:\n${lines.join("\n")}`);
  }
  assert.ok(!lines.some((line) => /^lakehouse_model_retries_total.*"beta"/.test(line)));
});
