// Portkey's gateway as a peer of the gateway bench; runs when it stands in the cache folder.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../test/support/listening.ts";
import { ROOT } from "../../test/support/source-tree.ts";
import type { Runtime } from "../../test/support/runtimes.ts";
import { pinned } from "../support/gateway-machine.ts";
import { ended, untilOk } from "../support/gateway-processes.ts";
import type { Subject } from "../support/gateway-subjects.ts";

const FOLDER = join(ROOT, ".cache/peers/portkey");
const SERVER = join(FOLDER, "node_modules/@portkey-ai/gateway/build/start-server.js");

/** How to put it there: its own ranges drift, and streams break with newer ones. */
export const PORTKEY_SET_UP =
  "npm install --prefix .cache/peers/portkey @portkey-ai/gateway@1.15.2 hono@4.9.7 " +
  "@hono/node-server@1.13.5 (the last two pinned as overrides)";

/** Undefined when it is not installed. */
export async function startPortkey(
  upstream_url: string,
  runtime: Runtime,
): Promise<Subject | undefined> {
  if (!existsSync(SERVER)) return undefined;
  const port = await freePort();
  const started = performance.now();
  const [command, args] = pinned(runtime.path, [SERVER, `--port=${port}`, "--headless"]);
  const child = spawn(command, args, { cwd: FOLDER, stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  const cold_ms = await untilOk(url, child, started);
  return {
    name: "portkey",
    pid: child.pid!,
    url: `${url}/v1/chat/completions`,
    model: "bench",
    cold_ms,
    headers: {
      authorization: "Bearer not-a-secret",
      "x-portkey-provider": "openai",
      "x-portkey-custom-host": `${upstream_url}/v1`,
    },
    stop: () => ended(child, "SIGTERM"),
  };
}
