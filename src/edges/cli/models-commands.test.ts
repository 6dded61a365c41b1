// `lakehouse models` on a real house with a real loopback provider.
import assert from "node:assert/strict";
import { test } from "node:test";
import { knownWeights } from "#app/model-weights.ts";
import { settingsFor } from "#app/open-house.ts";
import { startOllamaServer } from "../../../test/support/model-servers.ts";
import { startScriptedServer } from "../../../test/support/scripted-server.ts";
import type { PullTarget } from "./cli-host.ts";
import { openCommandLine } from "./command-line.suite.ts";
import type { HasAfter } from "../../../test/support/temp-dir.ts";

/** What was pulled is only noted. */
async function commandLine(t: HasAfter) {
  const server = await startOllamaServer(t);
  const pulled: PullTarget[] = [];
  const config = `[providers]
ollama = "${server.url}"
keys_dir = ""
[[providers.endpoints]]
name = "gone"
base_url = "http://127.0.0.1:1/v1"
[chat]
retries_max = 0
fallbacks = { "gone/m" = ["ollama/tiny"] }
`;
  const line = await openCommandLine(t, config, {
    weights: async (options) => knownWeights(await settingsFor(options, {})),
    async pullWeights(_options, target, onProgress) {
      pulled.push(target);
      onProgress({ step: "fetching", detail: "here", done_bytes: 1, total_bytes: 2 });
      return { ...target, path: "x.gguf", size_bytes: 2, fetched: true };
    },
  });
  return { ...line, pulled };
}

test("models list shows providers, their models, and what can be pulled", async (t) => {
  const { run } = await commandLine(t);
  const { code, out } = await run("--json", "models", "list");
  assert.equal(code, 0);
  const { providers, models, embedding_models, weights } = JSON.parse(out) as {
    providers: { name: string; reachable: boolean }[];
    models: string[];
    embedding_models: string[];
    weights: { name: string; sha256: string; there: boolean }[];
  };
  assert.deepEqual(
    providers.map(({ name, reachable }) => [name, reachable]),
    [
      ["builtin", true],
      ["local", true],
      ["ollama", true],
      ["gone", false],
    ],
  );
  assert.deepEqual(models.slice(0, 2), ["builtin/solver", "ollama/tiny:latest"]);
  assert.deepEqual(models.slice(2), embedding_models);
  assert.ok(embedding_models.length > 0);
  assert.equal(weights[0]!.there, false);
  const { out: shown } = await run("models", "list");
  assert.match(shown, /tinyllama-1b +307\.6 MiB/);
  assert.ok(shown.includes(`${embedding_models[0]} (embeds)`), shown);
});

test("models list says which provider is left alone, also where it lists its models", async (t) => {
  // Asked for its models it is sent no body.
  const url = await startScriptedServer(t, ({ model }) =>
    model === undefined
      ? { body: { data: [{ id: "m" }] } }
      : { status: 500, body: { error: { message: "out of order" } } },
  );
  const config = `[providers]
ollama = ""
[[providers.endpoints]]
name = "up"
base_url = "${url}"
[chat]
retries_max = 0
breaker_failures = 1
`;
  const { run } = await openCommandLine(t, config, { weights: async () => [] });
  assert.equal((await run("models", "test", "up/m")).code, 1);
  const { out } = await run("models", "list");
  assert.match(out, /✗ +up +model +1 model; left alone for a while: it failed again and again/);
});

test("models test says how soon the first piece and the whole came", async (t) => {
  const { run } = await commandLine(t);
  const { code, out } = await run("--json", "models", "test", "ollama/tiny");
  assert.equal(code, 0);
  const answer = JSON.parse(out) as Record<string, unknown>;
  assert.deepEqual([answer["model"], answer["finish_reason"]], ["ollama/tiny", "stop"]);
  assert.ok((answer["first_token_ms"] as number) <= (answer["duration_ms"] as number));
  assert.match((await run("models", "test", "ollama/tiny")).out, /first token .* 7 tokens, stop/);
  const { code: failed, notes } = await run("models", "test", "local/none");
  assert.equal(failed, 2);
  assert.match(notes, /no weights for local\/none/);
});

test("models test passes no model that another one stood in for", async (t) => {
  const { run } = await commandLine(t);
  const { code, out, notes } = await run("models", "test", "gone/m");
  assert.deepEqual([code, out], [1, ""]);
  assert.match(notes, /gone\/m did not answer, ollama\/tiny stood in for it/);
});

test("each fault of the settings is told once, by what is missing or unknown", async (t) => {
  const { run } = await openCommandLine(t, '[[providers.endpoints]]\nname = "x"\nurl = "u"\n');
  const { code, notes } = await run("models", "list");
  assert.equal(code, 2);
  assert.match(notes, /toml:1: providers\.endpoints\.0\.base_url: is missing \(string\)\n/);
  assert.equal(notes.split("unknown field").length, 2, notes);
});

test("models pull takes what is pinned only", async (t) => {
  const { run, pulled } = await commandLine(t);
  const { code, out, notes } = await run("models", "pull", "tinyllama-1b");
  assert.equal(code, 0);
  assert.match(notes, /sha256 9ee11adf/);
  assert.match(out, /fetched and checked/);
  const url = "http://127.0.0.1:1/x.gguf";
  const sha256 = "a".repeat(64);
  assert.equal((await run("models", "pull", "x", "--from", url)).code, 2);
  assert.equal((await run("models", "pull", "x")).code, 2);
  assert.equal((await run("models", "pull", "x", "--from", url, "--sha256", sha256)).code, 0);
  assert.deepEqual(
    pulled.map((one) => one.url),
    [undefined, url],
  );
  assert.deepEqual(pulled[1], { name: "x", url, sha256 });
});

test("models pull takes weights from an address of the web only", async (t) => {
  const { run, pulled } = await commandLine(t);
  for (const from of ["example.org/x.gguf", "ftp://example.org/x.gguf", "file:///x.gguf"]) {
    const hash = ["--sha256", "a".repeat(64)];
    const { code, notes } = await run("models", "pull", "x", "--from", from, ...hash);
    assert.equal(code, 2);
    assert.match(notes, /--from needs http:\/\/ or https:\/\/.*\[invalid\//);
  }
  assert.deepEqual(pulled, []);
});
