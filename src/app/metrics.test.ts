// GET /metrics of a served house: what was asked of models, by whom and at what cost.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connectHouse } from "#client.ts";
import type { ServiceName } from "#contracts/all-contracts.ts";
import { silentLog } from "#kernel/log.ts";
import { completionOf, startScriptedServer } from "../../test/support/scripted-server.ts";
import { SECRETS, serveGuardedHouse } from "../../test/support/served-house.ts";
import { tempDir, type HasAfter } from "../../test/support/temp-dir.ts";
import { serveHouse } from "./serve.ts";
import { houseSettings } from "./settings.ts";

const MESSAGES = [{ role: "user" as const, content: "hi" }];
const USAGE = { prompt_tokens: 1_000, completion_tokens: 200, total_tokens: 1_200 };

interface Served {
  readonly only?: readonly ServiceName[];
  readonly telemetry?: object;
}

async function serve(t: HasAfter, { only = ["usage", "chat"], ...more }: Served = {}) {
  const message = { role: "assistant", content: "hello" };
  const base_url = await startScriptedServer(t, () => ({
    body: completionOf(message, { usage: USAGE }),
  }));
  const settings = houseSettings.parse({
    data_dir: await tempDir(t),
    gateway: { port: 0 },
    providers: { ollama: "", endpoints: [{ name: "up", base_url }] },
    usage: {
      prices: [{ model: "up/*", prompt_per_million: 1, completion_per_million: 10 }],
    },
    ...more,
  });
  const house = { settings, variables: {}, log: silentLog, version: "0.0.0", gateway: true };
  const serving = await serveHouse({ ...house, only });
  t.after(() => serving.stop());
  return serving.url;
}

async function metricsOf(url: string, secret?: string) {
  const headers = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
  const answer = await fetch(`${url}/metrics`, { headers });
  return {
    status: answer.status,
    type: answer.headers.get("content-type"),
    text: await answer.text(),
  };
}

test("calls are counted from the start, with tokens, cost, and the budget of the key", async (t) => {
  const url = await serve(t);
  const owner = connectHouse({ url });
  const { secret } = await owner.usage.create_key({ name: "app", budget: { day_cost: 5 } });
  const app = connectHouse({ url, token: secret });
  await app.chat.chat({ model: "up/small", messages: MESSAGES });
  await assert.rejects(app.chat.chat({ model: "nowhere/small", messages: MESSAGES }));
  const { status, type, text } = await metricsOf(url);
  assert.equal(status, 200, text);
  assert.equal(type, "text/plain; version=0.0.4; charset=utf-8");
  for (const line of [
    'lakehouse_model_calls_total{caller="app",provider="up",model="small",error_type=""} 1',
    'lakehouse_model_tokens_total{caller="app",provider="up",model="small",type="input"} 1000',
    'lakehouse_model_cost_total{caller="app",provider="up",model="small"} 0.003',
    'lakehouse_key_spent{key="app",period="day",unit="cost"} 0.003',
    'lakehouse_key_budget{key="app",period="day",unit="cost"} 5',
    'lakehouse_operation_duration_seconds_count{operation="chat.chat",error_type=""} 1',
    'lakehouse_operation_duration_seconds_count{operation="chat.chat",error_type="not_found"} 1',
    'lakehouse_provider_circuit_open{provider="up"} 0',
    'lakehouse_service_status{service="usage",status="ok"} 1',
  ]) {
    assert.ok(text.split("\n").includes(line), `${line} is not in:\n${text}`);
  }
});

test("embeddings count as calls of models, and are spans below the caller's call", async (t) => {
  const url = await serve(t, { only: ["embed", "usage", "chat", "observe"] });
  const trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  const headers = { "content-type": "application/json", "x-lakehouse-trace-id": trace_id };
  const body = JSON.stringify({ input: "three small words" });
  const answer = await fetch(`${url}/v1/embeddings`, { method: "POST", headers, body });
  assert.equal(answer.status, 200);
  const { model, usage } = (await answer.json()) as {
    model: string;
    usage: { total_tokens: number };
  };
  const [provider, name] = model.split("/");
  const { text } = await metricsOf(url);
  const labels = `caller="local",provider="${provider}",model="${name}",type="input"`;
  const line = `lakehouse_model_tokens_total{${labels}} ${usage.total_tokens}`;
  assert.ok(text.split("\n").includes(line), `${line} is not in:\n${text}`);
  const span = await waitForSpan(url, trace_id);
  assert.equal(span.details?.["attributes"]?.["gen_ai.operation.name"], "embeddings");
});

interface ModelSpan {
  readonly endpoint: string;
  readonly details?: { readonly attributes?: Readonly<Record<string, unknown>> };
}

/** The witness writes in batches. */
async function waitForSpan(url: string, trace_id: string): Promise<ModelSpan> {
  for (;;) {
    const answer = await fetch(`${url}/observer/events?trace_id=${trace_id}`);
    const { events } = (await answer.json()) as { events: ModelSpan[] };
    const span = events.find(({ endpoint }) => endpoint === "embed.model");
    if (span !== undefined) return span;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("budgets of keys are told to those who may see keys", async (t) => {
  const { url, clients } = await serveGuardedHouse(t, await tempDir(t));
  await clients.usage.create_key({ name: "app" });
  const [reader, owner] = [
    await metricsOf(url, SECRETS.reader),
    await metricsOf(url, SECRETS.owner),
  ];
  assert.deepEqual([reader.status, owner.status], [200, 200]);
  assert.equal(reader.text.includes("lakehouse_key_spent{"), false);
  assert.equal(owner.text.includes('lakehouse_key_spent{key="app"'), true);
  const none = await metricsOf(url);
  assert.equal(none.status, 401);
  assert.match(none.type ?? "", /problem\+json/);
});

test("a house that is told not to count has no such page", async (t) => {
  const url = await serve(t, { telemetry: { metrics: false } });
  assert.equal((await metricsOf(url)).status, 404);
});
