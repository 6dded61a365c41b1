// GET /metrics as the parser of Prometheus' own Python client reads it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { completionOf, startScriptedServer } from "../support/scripted-server.ts";
import { startHouse } from "../support/running-house.ts";
import { tempDir } from "../support/temp-dir.ts";
import { findPrometheusClient } from "./foreign-engines.ts";

const run = promisify(execFile);
const client = await findPrometheusClient();

const READ = `
import json, sys, urllib.request
from prometheus_client.parser import text_string_to_metric_families
text = urllib.request.urlopen(sys.argv[1]).read().decode()
families = list(text_string_to_metric_families(text))
print(json.dumps([[f.name, f.type, [[s.name, s.labels, s.value] for s in f.samples]]
                  for f in families]))
`;

type Family = [name: string, type: string, samples: [string, Record<string, string>, number][]];

test("every family is read, with its type and the labels as they were", client, async (t) => {
  assert.ok(client.skip === false);
  const odd = 'a "quoted" \\ model';
  const base_url = await startScriptedServer(t, () => ({
    body: completionOf(
      { role: "assistant", content: "hello" },
      { usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } },
    ),
  }));
  const house = await startHouse(await tempDir(t), "one process", {
    LAKEHOUSE_PROVIDERS_ENDPOINTS: JSON.stringify([{ name: "up", base_url }]),
  });
  t.after(() => house.stop());
  const messages = [{ role: "user" as const, content: "hi" }];
  await house.clients.chat.chat({ model: `up/${odd}`, messages });
  const args = ["-c", READ, `${house.url}/metrics`];
  const { stdout } = await run(client.found.python, args, { maxBuffer: 64 * 1024 * 1024 });
  const families = JSON.parse(stdout) as Family[];
  const types = new Map(families.map(([name, type]) => [name, type]));
  assert.equal(types.get("gen_ai_client_operation_duration_seconds"), "histogram");
  assert.equal(types.get("lakehouse_model_calls"), "counter");
  assert.equal(types.get("lakehouse_service_status"), "gauge");
  assert.equal(types.get("process_cpu_seconds"), "counter");
  const samples = families.flatMap(([, , all]) => all);
  const tokens = samples.filter(([name]) => name === "lakehouse_model_tokens_total");
  const counted = tokens.map(([, { model, type }, value]) => [model, type, value]);
  assert.deepEqual(counted, [
    [odd, "input", 3],
    [odd, "output", 2],
  ]);
  t.diagnostic(`${families.length} families, ${samples.length} samples`);
});
