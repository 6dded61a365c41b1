// `lakehouse doctor`, with a server on the data folder and without one.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { silentLog } from "#kernel/log.ts";
import { runDoctor } from "./doctor.ts";
import { settingsFor } from "./open-house.ts";
import { serveHouse } from "./serve.ts";
import { startOllamaServer } from "../../test/support/model-servers.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { listening } from "../../test/support/listening.ts";

const VARIABLES = {
  LAKEHOUSE_PROVIDERS_OLLAMA: "",
  LAKEHOUSE_DOMAINS: "[]",
  LAKEHOUSE_GATEWAY_PORT: "0",
};

test("a running server is asked for its health; when it is gone the house is opened", async (t) => {
  const data = await tempDir(t);
  const settings = await settingsFor({ data }, VARIABLES);
  const options = { settings, variables: VARIABLES, log: silentLog, version: "9.9.9" };
  const serving = await serveHouse({ ...options, gateway: true });
  const checks = await runDoctor({ data }, VARIABLES);
  await serving.stop();
  const detailOf = (name: string) => checks.find((check) => check.name === name)?.detail;
  assert.deepEqual(
    checks.filter(({ ok }) => !ok),
    [],
  );
  assert.equal(detailOf("server"), `runs at ${serving.url}`);
  assert.match(detailOf("house")!, /^ok: \d+ services, version 9\.9\.9$/);
  const after = await runDoctor({ data }, VARIABLES);
  assert.deepEqual(
    after.filter(({ ok }) => !ok),
    [],
  );
  assert.ok(after.some(({ name }) => name === "SQL engine"));
});

test("services that run elsewhere are asked where they are", async (t) => {
  const services = { chat: { status: "down", figures: {} }, usage: { status: "ok", figures: {} } };
  const health = { status: "down", version: "1", instance: "x", services };
  const server = createServer((_request, response) => void response.end(JSON.stringify(health)));
  const port = await listening(t, server);
  const url = `http://127.0.0.1:${port}`;
  const variables = {
    ...VARIABLES,
    LAKEHOUSE_SERVICES_CHAT: url,
    LAKEHOUSE_SERVICES_USAGE: url,
    LAKEHOUSE_SERVICES_QUERY: "http://127.0.0.1:1",
  };
  const checks = await runDoctor({ data: await tempDir(t) }, variables);
  const told = checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
  assert.ok(told.includes(`usage, chat: chat at ${url}: down`), told.join("\n"));
  assert.ok(
    told.some((one) => /^query: .*127\.0\.0\.1:1/.test(one)),
    told.join("\n"),
  );
});

test("what a server says is wrong is wrong, and so is one that is none of ours", async (t) => {
  const stuck = { witness: { status: "degraded", figures: { lost_events: 3 } } };
  const health = { status: "degraded", version: "1", instance: "x", services: stuck };
  let body = JSON.stringify(health);
  const server = createServer((_request, response) => void response.end(body));
  const port = await listening(t, server);
  const url = `http://127.0.0.1:${port}`;
  const wrong = async () => {
    const checks = await runDoctor({ data: await tempDir(t), url }, VARIABLES);
    const bad = checks.filter(({ ok }) => !ok);
    if (bad[0]?.name === "witness") assert.match(bad[0].hint!, /journal,observe/);
    return bad.map(({ name, detail }) => `${name} ${detail}`);
  };
  assert.deepEqual(await wrong(), ['witness degraded: {"lost_events":3}']);
  body = "<html>";
  assert.deepEqual(await wrong(), [`house ${url} does not answer as a Lakehouse server`]);
});

test("providers that are set and do not answer are told, and so is a default that is not there", async (t) => {
  const data = await tempDir(t);
  const endpoints = [{ name: "gone", base_url: "http://127.0.0.1:1/v1" }];
  const variables = {
    ...VARIABLES,
    LAKEHOUSE_PROVIDERS_ENDPOINTS: JSON.stringify(endpoints),
    LAKEHOUSE_CHAT_DEFAULT_MODEL: "local/none",
  };
  const wrong = async () => {
    const checks = await runDoctor({ data }, variables);
    return checks.filter(({ ok }) => !ok).map(({ name }) => name);
  };
  assert.deepEqual(await wrong(), ["provider gone", "default model"]);
  const settings = await settingsFor({ data }, variables);
  const options = { settings, variables, log: silentLog, version: "9.9.9" };
  const serving = await serveHouse({ ...options, gateway: true });
  t.after(() => serving.stop());
  assert.deepEqual(await wrong(), ["provider gone", "default model"]);
});

test("a token that the server does not take is told", async (t) => {
  const data = await tempDir(t);
  const token = { name: "me", token: "env:TOKEN", scopes: ["read"] };
  const variables = {
    ...VARIABLES,
    LAKEHOUSE_AUTH_TOKENS: JSON.stringify([token]),
    TOKEN: "right-token-of-mine",
  };
  const settings = await settingsFor({ data }, variables);
  const options = { settings, variables, log: silentLog, version: "9.9.9" };
  const serving = await serveHouse({ ...options, gateway: true });
  t.after(() => serving.stop());
  const models = async (more: object) => {
    const checks = await runDoctor({ data }, { ...variables, ...more });
    return checks.find(({ name }) => name === "models");
  };
  const wrong = await models({ LAKEHOUSE_AUTH_TOKEN: "env:OTHER", OTHER: "wrong-token" });
  assert.equal(wrong?.ok, false);
  assert.match(wrong.detail, /token/);
  assert.equal((await models({ LAKEHOUSE_AUTH_TOKEN: "env:TOKEN" }))?.ok, true);
});

test("a default without its provider is one of Ollama's, and its latest", async (t) => {
  const { url } = await startOllamaServer(t);
  const data = await tempDir(t);
  const wrong = async (default_model: string) => {
    const more = {
      LAKEHOUSE_PROVIDERS_OLLAMA: url,
      LAKEHOUSE_CHAT_DEFAULT_MODEL: default_model,
    };
    const checks = await runDoctor({ data }, { ...VARIABLES, ...more });
    return checks.filter(({ ok }) => !ok).map(({ name }) => name);
  };
  assert.deepEqual(await wrong("tiny"), []);
  assert.deepEqual(await wrong("huge"), ["default model"]);
});
