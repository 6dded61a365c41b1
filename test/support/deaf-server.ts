// An address to which connections do not come to stand: nobody takes them, and the system only so
// many in its place.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import type { HasAfter } from "./temp-dir.ts";

const PROGRAM = `require("node:net")
  .createServer()
  .listen({ port: 0, host: "127.0.0.1", backlog: 1 }, function () {
    console.log(this.address().port);
  })`;

/** Its port on 127.0.0.1. */
export async function startDeafServer(t: HasAfter): Promise<number> {
  // A server of Bun's takes more connections than it is asked to.
  const command = process.versions.bun === undefined ? process.execPath : "node";
  const child = spawn(command, ["-e", PROGRAM], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(line.toString());
  child.kill("SIGSTOP");
  const fillers = Array.from({ length: 8 }, () => connect({ host: "127.0.0.1", port }));
  for (const filler of fillers) filler.on("error", () => undefined);
  t.after(() => {
    for (const filler of fillers) filler.destroy();
    child.kill("SIGKILL");
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  return port;
}
