// Which providers the settings register: with a key, or not at all.
import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { silentLog, type Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { routeModel } from "#models/chat/route-model.ts";
import { askRequest, collectDeltas } from "#ports/chat-model.suite.ts";
import {
  ANSWER_TEXT,
  startAnthropicServer,
  startOllamaServer,
  startOpenAiServer,
} from "../../test/support/model-servers.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { openProviders } from "./open-providers.ts";
import { providersSettings } from "./provider-settings.ts";

async function opened(settings: object, variables: Record<string, string> = {}) {
  const said: { text: string; fields: Record<string, unknown> }[] = [];
  const say = (fields: object, text: string) =>
    void said.push({ text, fields: fields as Record<string, unknown> });
  const log: Log = { ...silentLog, info: say, warn: say };
  const list = await openProviders({
    settings: providersSettings.parse({ keys_dir: "", ...settings }),
    data_dir: "/nowhere",
    log,
    variables,
  });
  return { list, names: list.map(({ name }) => name), said };
}

test("without keys only what needs none is registered, and the log says who is left out", async () => {
  const { names, said } = await opened({});
  assert.deepEqual(names, ["builtin", "local", "ollama"]);
  assert.deepEqual(said, [
    {
      text: "no key: these providers are not registered",
      fields: { providers: ["anthropic", "ollama_cloud", "openrouter", "opencode", "kimi"] },
    },
  ]);
});

test("an address to which no path can be added is refused, and what it holds is not told", () => {
  const endpoints = (base_url: string) => ({ endpoints: [{ name: "own", base_url }] });
  const cases = [
    [endpoints("https://me:hush@host/v1"), /user or a password/],
    [endpoints("https://hush@host/v1"), /user or a password/],
    [endpoints("https://host/v1#hush"), /fragment/],
    [endpoints("localhost:8080/hush"), /http:\/\//],
    [{ ollama: "http://me:hush@host" }, /user or a password/],
    [{ ollama: "127.0.0.1:11434" }, /http:\/\//],
    [{ kimi: { base_url: "ftp://host/hush" } }, /http:\/\//],
    [{ anthropic: { base_url: "https://host#" } }, /fragment/],
  ] as const;
  for (const [settings, why] of cases) {
    const { error } = providersSettings.safeParse(settings);
    assert.match(error?.message ?? "", why, JSON.stringify(settings));
    assert.doesNotMatch(error!.message, /hush/);
  }
  const good = ["http://[::1]:8080/v1", "https://host/openai?api-version=2024-06-01", "http://h"];
  for (const base_url of good) assert.ok(providersSettings.safeParse(endpoints(base_url)).success);
  assert.ok(providersSettings.safeParse({ ollama: "", openrouter: { base_url: "" } }).success);
});

test("a key in its variable or in its file of keys_dir registers a provider", async (t) => {
  const keys_dir = await tempDir(t);
  await writeFile(join(keys_dir, "kimi.env"), '# key\nexport KIMI_KEY="k-1"\n', { mode: 0o600 });
  const { names, said } = await opened({ keys_dir }, { OPENROUTER_API_KEY: "k", X: "y" });
  assert.deepEqual(names, ["builtin", "local", "ollama", "openrouter", "kimi"]);
  assert.ok(!JSON.stringify(said).includes("k-1"));
  await chmod(join(keys_dir, "kimi.env"), 0o644);
  await assert.rejects(
    opened({ keys_dir }),
    (error) => error instanceof LakehouseError && /0600/.test(error.message),
  );
});

test("whoever asks a provider without its key hears which reference gives none", async () => {
  const endpoint = (name: string, api_key: string) => ({
    name,
    base_url: "http://127.0.0.1:1/v1",
    api_key,
  });
  const endpoints = [endpoint("gamma", "env:GAMMA_MISSING"), endpoint("filed", "file:/none/key")];
  const presets = { keys_dir: "/none", opencode: { api_key: "" } };
  const { list, names } = await opened({ endpoints, ...presets }, { OPENROUTER_API_KEY: "hush" });
  const table = { registered: names, keyless: list.keyless, tiers: {}, default_model: "x" };
  for (const [model, message] of [
    ["gamma/m", "gamma is in the settings, but env:GAMMA_MISSING is not set"],
    ["filed/m", "filed is in the settings, but file:/none/key gives no key"],
    ["kimi/m", "kimi has no key: set MOONSHOT_API_KEY, or write /none/kimi.env"],
    ["opencode/m", "opencode has no key: set its api_key, or write /none/opencode.env"],
    ["nobody/m", /^no provider "nobody" is registered$/],
  ] as const) {
    assert.throws(() => routeModel({ model }, table), { reason: "no_such_provider", message });
  }
  assert.ok(!list.keyless!.has("openrouter"));
  assert.ok(!JSON.stringify([...list.keyless!]).includes("hush"));
});

test("every preset is registered with its key, and left out where its address is empty", async () => {
  const variables = {
    ANTHROPIC_API_KEY: "a",
    OLLAMA_API_KEY: "b",
    OPENROUTER_API_KEY: "c",
    OPENCODE_API_KEY: "d",
    MOONSHOT_API_KEY: "e",
  };
  const { names, said } = await opened({ ollama: "", opencode: { base_url: "" } }, variables);
  assert.deepEqual(names, ["builtin", "local", "anthropic", "ollama_cloud", "openrouter", "kimi"]);
  assert.deepEqual(said, []);
});

test("an endpoint may stand in a preset's place, but not in that of what is built in", async () => {
  const endpoint = { name: "openrouter", base_url: "http://127.0.0.1:1/v1" };
  const { names } = await opened({ endpoints: [endpoint] }, { OPENROUTER_API_KEY: "c" });
  assert.deepEqual(names, ["builtin", "local", "ollama", "openrouter"]);
  const keyless = { ...endpoint, name: "mine", api_key: "env:NONE" };
  const { names: without, said } = await opened({ endpoints: [keyless] });
  assert.ok(!without.includes("mine"));
  assert.ok(said.some(({ fields }) => fields["provider"] === "mine"));
  const named = (...list: string[]) =>
    providersSettings.safeParse({ endpoints: list.map((name) => ({ ...endpoint, name })) });
  for (const name of ["builtin", "local", "ollama", "tier"]) {
    const { error } = named("a-b_1", name);
    assert.deepEqual(error?.issues[0]!.path, ["endpoints", 1, "name"]);
    assert.match(error.issues[0]!.message, /is taken/);
  }
  assert.match(named("own", "own").error!.message, /the name \\"own\\" is taken/);
  assert.match(named("My-vllm").error!.message, /small letters, digits/);
});

test("names lead through the settings to the server they mean, each with its own key", async (t) => {
  const [anthropic, cloud, router] = await Promise.all([
    startAnthropicServer(t),
    startOllamaServer(t),
    startOpenAiServer(t),
  ]);
  const settings = {
    anthropic: { base_url: anthropic.url, api_key: "env:A", max_tokens: 99 },
    ollama_cloud: { base_url: cloud.url, api_key: "env:B" },
    openrouter: { base_url: `${router.url}/v1`, api_key: "env:C" },
  };
  const { list, names } = await opened(settings, { A: "key-a", B: "key-b", C: "key-c" });
  const table = { registered: names, tiers: { judge: "gpt-oss:cloud" }, default_model: "x" };
  async function ask(name: string): Promise<void> {
    const { provider, model } = routeModel({ model: name }, table);
    const found = list.find((one) => one.name === provider)!;
    const deltas = await collectDeltas(found.chat(askRequest(model)));
    assert.equal(deltas.map(({ content }) => content).join(""), ANSWER_TEXT);
  }
  for (const name of ["anthropic/claude-tiny", "tier/judge", "openrouter/vendor/tiny:free"]) {
    await ask(name);
  }
  const sent = (server: typeof cloud) => server.requests.map(({ body }) => body["model"]);
  assert.deepEqual(sent(anthropic), ["claude-tiny"]);
  assert.deepEqual(sent(cloud), ["gpt-oss"]);
  assert.deepEqual(sent(router), ["vendor/tiny:free"]);
  assert.equal(anthropic.requests[0]!.headers["x-api-key"], "key-a");
  assert.equal(anthropic.requests[0]!.body["max_tokens"], 99);
  assert.equal(cloud.requests[0]!.headers["authorization"], "Bearer key-b");
  assert.equal(router.requests[0]!.headers["authorization"], "Bearer key-c");
});
