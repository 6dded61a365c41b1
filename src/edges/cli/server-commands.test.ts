// What the command line says about a server: its address, its token, and what an answer notes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openHouse } from "#app/open-house.ts";
import { serveGuardedHouse, SECRETS } from "../../../test/support/served-house.ts";
import { startOllamaServer } from "../../../test/support/model-servers.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { openCommandLine } from "./command-line.suite.ts";

test("a token that is missing or unknown is told in words of the command line", async (t) => {
  const { url } = await serveGuardedHouse(t, await tempDir(t));
  const auth = '[auth]\ntoken = "env:OUR_TOKEN"\n';
  const line = (config: string, secret?: string) =>
    openCommandLine(t, config, { open: (options) => openHouse(options, { OUR_TOKEN: secret }) });
  const ask = ["--url", url, "usage"];
  const without = await (await line("")).run(...ask);
  assert.equal(without.code, 1);
  assert.match(
    without.notes,
    /LAKEHOUSE_AUTH_TOKEN=env:NAME, or in lakehouse\.toml \[auth\] token/,
  );
  assert.doesNotMatch(without.notes, /header/);
  const json = await (await line("")).run("--json", ...ask);
  const { hint } = JSON.parse(json.notes) as { hint: string };
  assert.match(hint, /\[auth\] token = "env:NAME"/);
  const unknown = await (await line(auth, "some-other-secret-0123")).run(...ask);
  assert.match(unknown.notes, /other tokens than the one sent, which is of LAKEHOUSE_AUTH_TOKEN/);
  const known = await (await line(auth, SECRETS.owner)).run(...ask);
  assert.equal(known.code, 0, known.notes);
});

test("an address that is none is a wrong option, not a fault of ours", async (t) => {
  const { run } = await openCommandLine(t, "");
  for (const url of ["nonsense", "localhost:3110", "ftp://127.0.0.1/"]) {
    const { code, notes } = await run("--url", url, "usage");
    assert.equal(code, 2);
    assert.match(notes, /--url <address>.*an address like http:\/\/127\.0\.0\.1:3110 is needed/);
    assert.doesNotMatch(notes, /internal| {4}at /);
  }
});

test("chat shows what the answer notes beside it", async (t) => {
  const server = await startOllamaServer(t);
  const { run } = await openCommandLine(
    t,
    `[providers]\nollama = "${server.url}"\nkeys_dir = ""\n`,
  );
  server.next("no_temperature", "no_temperature");
  const asked = ["chat", "hello", "-m", "ollama/tiny", "--temperature", "0.2"];
  const { code, out, notes } = await run(...asked);
  assert.equal(code, 0, notes);
  assert.doesNotMatch(out, /temperature/);
  assert.match(notes, /^ollama\/tiny\n.*does not take temperature 0\.2: left out\n$/s);
  assert.equal((await run("-q", ...asked)).notes, "");
});

test("usage by key tells the names of keys, and how many groups it leaves out", async (t) => {
  const { url, clients } = await serveGuardedHouse(t, await tempDir(t));
  const { run } = await openCommandLine(t, '[auth]\ntoken = "env:OUR_TOKEN"\n', {
    open: (options) => openHouse(options, { OUR_TOKEN: SECRETS.owner }),
  });
  for (const name of ["team-a", "team-b"]) {
    const { secret } = await clients.usage.create_key({ name, scopes: ["write"] });
    await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${secret}` },
      body: JSON.stringify({ model: "builtin/solver", messages: [{ role: "user", content: "a" }] }),
    });
  }
  const all = await run("--url", url, "usage", "--by", "key");
  assert.match(all.out, /^team-a \([0-9a-f]{16}\) +1 /m);
  const { out, notes } = await run("--url", url, "usage", "--by", "key", "-n", "1");
  assert.match(out, /^total +2 /m);
  assert.match(notes, /1 more in the last line's total: --limit shows them/);
});
