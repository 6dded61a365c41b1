// Pictures stand in the messages of a chat: a large one goes on whole, one too large is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "#kernel/log.ts";
import { startScriptedModel } from "#work/iterate/scripted-model.suite.ts";
import { fileLifetime } from "../../test/support/file-lifetime.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { serveHouse } from "./serve.ts";
import { loadSettings } from "./settings.ts";

const lifetime = fileLifetime();
const MIB = 1024 * 1024;

const asked = (picture: string) =>
  JSON.stringify({
    model: "script/m",
    messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: picture } }] }],
  });

test("9 MiB go on as they came; more than 64 MiB are 413, and nobody is asked", async () => {
  const model = await startScriptedModel(lifetime, () => ({ content: "a picture" }));
  const settings = await loadSettings({
    variables: { LAKEHOUSE_GATEWAY_PORT: "0", LAKEHOUSE_PROVIDERS_OLLAMA: "" },
    overrides: {
      data_dir: await tempDir(lifetime),
      domains: ["bookshop"],
      providers: { endpoints: [{ name: "script", base_url: model.base_url }] },
    },
  });
  const options = { settings, variables: {}, log: silentLog, version: "0.0.0", gateway: true };
  const serving = await serveHouse(options);
  lifetime.after(() => serving.stop());
  const picture = `data:image/png;base64,${"QUJD".repeat(2.25 * MIB)}`;
  const ask = (path: string, url: string) =>
    fetch(serving.url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: asked(url),
    });
  const paths = ["/v1/chat", "/v1/chat/completions"];
  for (const path of paths) {
    const answer = await ask(path, picture);
    assert.equal(answer.status, 200, await answer.text());
    const { messages } = model.asked.at(-1)!;
    const [part] = messages[0]!.content as unknown as { image_url: { url: string } }[];
    assert.ok(part!.image_url.url === picture, "the picture is not the one that was sent");
  }
  const before = model.asked.length;
  for (const path of paths) {
    const refused = await ask(path, "Q".repeat(65 * MIB));
    assert.equal(refused.status, 413);
    assert.match(await refused.text(), /larger than 67108864 bytes/);
  }
  assert.equal(model.asked.length, before);
});
