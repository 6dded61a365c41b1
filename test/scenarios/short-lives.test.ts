// What a request makes dies with it: nothing keeps finished requests until a major collection.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { startProcess, type RunningProcess } from "../support/running-house.ts";
import { tempDir } from "../support/temp-dir.ts";

const WARM_UP = 5_000;
const REQUESTS = 30_000;
const AT_A_TIME = 64;
/** One is a matter of chance. A listener that kept every request a while made nine of it. */
const MAJOR_MAX = 4;

const COUNTER = new URL("../support/count-collections.ts", import.meta.url).href;

async function ask(url: string, count: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_A_TIME });
  let left = count;
  let good = 0;
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const asked = request(`${url}/v1/models`, { agent }, (answer) => {
        if (answer.statusCode === 200) good++;
        answer.resume().once("end", resolve);
      });
      asked.once("error", reject).end();
    });
  const lane = async () => {
    while (left-- > 0) await one();
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, lane));
  agent.destroy();
  return good;
}

async function majorCollections(house: RunningProcess): Promise<number> {
  const said = () => house.output().split("major collections: ").slice(1);
  const before = said().length;
  house.child.kill("SIGUSR2");
  while (said().length === before) await new Promise((resolve) => setTimeout(resolve, 20));
  return Number.parseInt(said().at(-1)!, 10);
}

test("requests leave nothing behind that a major collection must take away", async (t) => {
  const only = ["gateway", "usage", "chat", "observe"];
  const dir = await tempDir(t);
  const config = join(dir, "lakehouse.toml");
  await writeFile(config, '[providers]\nollama = ""\n');
  const env = { NODE_OPTIONS: `--import=${COUNTER}` };
  const house = await startProcess({ data_dir: join(dir, "data"), config, only, env });
  t.after(() => house.kill());
  assert.equal(await ask(house.url, WARM_UP), WARM_UP);
  const before = await majorCollections(house);
  assert.equal(await ask(house.url, REQUESTS), REQUESTS);
  const major = (await majorCollections(house)) - before;
  assert.ok(major <= MAJOR_MAX, `${major} major collections in ${REQUESTS} requests`);
});
