// The gateway of @musistudio/llms as a peer of the gateway bench; runs when it stands in the cache.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../test/support/listening.ts";
import { ROOT } from "../../test/support/source-tree.ts";
import type { Runtime } from "../../test/support/runtimes.ts";
import { pinned } from "../support/gateway-machine.ts";
import { ended, untilOk } from "../support/gateway-processes.ts";
import type { Subject } from "../support/gateway-subjects.ts";

const FOLDER = join(ROOT, ".cache/peers/llms");
const PACKAGE = join(FOLDER, "node_modules/@musistudio/llms");

/** How to put it there. */
export const LLMS_SET_UP = "npm install --prefix .cache/peers/llms @musistudio/llms@1.0.53";

/** Its server is started by a program: it has none of its own. */
const program = (upstream_url: string, port: number) => `
const { default: Server } = require("@musistudio/llms");
const provider = {
  name: "bench",
  api_base_url: "${upstream_url}/v1/chat/completions",
  api_key: "not-a-secret",
  models: ["bench"],
};
const initialConfig = { providers: [provider], HOST: "127.0.0.1", PORT: ${port} };
new Server({ logger: false, useJsonFile: false, useEnvFile: false, initialConfig }).start();
`;

/** Undefined when it is not installed. */
export async function startLlms(
  upstream_url: string,
  runtime: Runtime,
): Promise<Subject | undefined> {
  if (!existsSync(PACKAGE)) return undefined;
  const port = await freePort();
  const started = performance.now();
  const [command, args] = pinned(runtime.path, ["-e", program(upstream_url, port)]);
  const child = spawn(command, args, { cwd: FOLDER, stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  const cold_ms = await untilOk(url, child, started);
  return {
    name: "llms",
    pid: child.pid!,
    url: `${url}/v1/chat/completions`,
    model: "bench,bench",
    cold_ms,
    headers: {},
    stop: () => ended(child, "SIGKILL"),
  };
}
