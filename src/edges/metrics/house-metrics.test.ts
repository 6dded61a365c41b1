// What is counted of events, and that names which callers make up have an end.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventInput } from "#contracts/observe.ts";
import { GEN_AI, OWN } from "#kernel/span-names.ts";
import { createHouseMetrics } from "./house-metrics.ts";

function openMetrics() {
  const lanes = { up: { circuit: "open", running: 3 }, 'lo"cal': { circuit: "closed" } };
  const health = {
    chat: { status: "degraded", figures: { lanes, default_model: "m", held: 2 } },
  } as const;
  return createHouseMetrics({
    version: "1.2.3",
    health: () => Promise.resolve(health),
    keys: () => Promise.resolve([]),
  });
}

function modelCall(attributes: object, more: Partial<EventInput> = {}): EventInput {
  const said = {
    [GEN_AI.operation_name]: "chat",
    [GEN_AI.provider_name]: "up",
    [GEN_AI.request_model]: "small",
    [GEN_AI.response_model]: "small",
    [OWN.cache]: "off",
    [OWN.retries]: 0,
    ...attributes,
  };
  const event = { source: "chat", endpoint: "chat.model", duration_ms: 30, principal: "app" };
  return { ...event, details: { span_kind: "client", attributes: said }, ...more };
}

/** Samples by name and labels. */
async function samples(metrics: ReturnType<typeof openMetrics>): Promise<Map<string, number>> {
  const lines = (await metrics.text(true)).split("\n").filter((line) => /^[a-z]/.test(line));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

test("tokens that a provider told are told from the first call on, also where there are none", async () => {
  const metrics = openMetrics();
  metrics.take(modelCall({ [GEN_AI.usage_input_tokens]: 0 }));
  const seen = await samples(metrics);
  const app = 'caller="app",provider="up",model="small"';
  assert.equal(seen.get(`lakehouse_model_tokens_total{${app},type="input"}`), 0);
  // Nobody told of these.
  assert.equal(seen.get(`lakehouse_model_tokens_total{${app},type="output"}`), undefined);
});

test("a call of a model counts for its provider, and for its caller with its cost", async () => {
  const metrics = openMetrics();
  const used = { [GEN_AI.usage_input_tokens]: 100, [GEN_AI.usage_output_tokens]: 7 };
  const streamed = { [GEN_AI.request_stream]: true, [GEN_AI.response_first_chunk_s]: 0.03 };
  metrics.take(modelCall({ ...used, ...streamed, [OWN.cost]: 0.25, [OWN.retries]: 2 }));
  metrics.take(modelCall({ ...used, [OWN.cache]: "hit", [OWN.cost]: 0 }));
  metrics.take(modelCall({}, { error: "provider_failed", principal: "other" }));
  const seen = await samples(metrics);
  const of = 'gen_ai_operation_name="chat",gen_ai_provider_name="up"';
  const models = 'gen_ai_request_model="small",gen_ai_response_model="small"';
  const app = 'caller="app",provider="up",model="small"';
  const other = app.replace("app", "other");
  const expected = {
    [`lakehouse_model_calls_total{${app},error_type=""}`]: 2,
    [`lakehouse_model_calls_total{${other},error_type="provider_failed"}`]: 1,
    [`lakehouse_model_tokens_total{${app},type="input"}`]: 200,
    [`lakehouse_model_tokens_total{${app},type="output"}`]: 14,
    [`lakehouse_model_cost_total{${app}}`]: 0.25,
    'lakehouse_model_retries_total{provider="up",model="small"}': 2,
    'lakehouse_model_cache_total{provider="up",model="small",cache="hit"}': 1,
    [`gen_ai_client_token_usage_sum{${of},${models},gen_ai_token_type="input"}`]: 200,
    [`gen_ai_client_operation_duration_seconds_count{${of},${models},error_type=""}`]: 2,
    [`gen_ai_client_operation_time_to_first_chunk_seconds_sum{${of},${models}}`]: 0.03,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(seen.get(name), value, name);
  const labels = `${of},${models},error_type=""`;
  const upTo = (le: number) =>
    seen.get(`gen_ai_client_operation_duration_seconds_bucket{le="${le}",${labels}}`);
  assert.deepEqual([upTo(0.02), upTo(0.04), upTo(81.92)], [0, 2, 2]);
});

test("an operation counts with the code of its error; other events count for nothing", async () => {
  const metrics = openMetrics();
  const call = { source: "contract", endpoint: "query.sql", duration_ms: 4 };
  metrics.take(call);
  metrics.take({ ...call, error: "invalid/bad_sql: near FROM" });
  metrics.take({ source: "respond", endpoint: "respond", duration_ms: 1 });
  metrics.take({ source: "chat", endpoint: "chat.model" });
  metrics.take(modelCall({}, { error: "hedge_lost" }));
  const seen = await samples(metrics);
  const counts = [...seen].filter(([name]) =>
    name.startsWith("lakehouse_operation_duration_seconds_count"),
  );
  assert.deepEqual(counts, [
    ['lakehouse_operation_duration_seconds_count{operation="query.sql",error_type=""}', 1],
    ['lakehouse_operation_duration_seconds_count{operation="query.sql",error_type="invalid"}', 1],
  ]);
  assert.ok(![...seen.keys()].some((name) => name.startsWith("lakehouse_model_calls_total")));
});

test("models that callers make up are counted together once there are many", async () => {
  const metrics = openMetrics();
  for (let nr = 0; nr < 2_000; nr++) {
    const made_up = `model-${nr}`;
    const names = { [GEN_AI.request_model]: made_up, [GEN_AI.response_model]: made_up };
    metrics.take(modelCall(names, { error: "no_such_model" }));
  }
  const calls = [...(await samples(metrics))].filter(([name]) =>
    name.startsWith("lakehouse_model_calls_total"),
  );
  assert.equal(calls.length, 501);
  const [, others] = calls.find(([name]) => name.includes('model="other"'))!;
  assert.equal(others, 1_500);
});

test("services, their figures, circuits and the process are told as they are now", async () => {
  const seen = await samples(openMetrics());
  const expected = {
    'lakehouse_service_status{service="chat",status="ok"}': 0,
    'lakehouse_service_status{service="chat",status="degraded"}': 1,
    'lakehouse_service_figure{service="chat",figure="lanes.up.running"}': 3,
    'lakehouse_service_figure{service="chat",figure="held"}': 2,
    'lakehouse_provider_circuit_open{provider="up"}': 1,
    'lakehouse_provider_circuit_open{provider="lo\\"cal"}': 0,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(seen.get(name), value, name);
  assert.ok(seen.get("process_cpu_seconds_total")! > 0);
  assert.ok(seen.get("process_resident_memory_bytes")! > 1_000_000);
  const started_s = seen.get("process_start_time_seconds")!;
  assert.ok(started_s > 1.6e9 && started_s < Date.now() / 1000);
  assert.ok(
    [...seen.keys()].some((name) => name.startsWith('lakehouse_build_info{version="1.2.3"')),
  );
});
