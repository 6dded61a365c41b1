// The Model Context Protocol over the standard streams of this process, for local clients.
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { LIMITS } from "#kernel/limits.ts";
import { houseServers, type HouseMcpNeeds } from "./house-mcp.ts";
import { createStdioTransport } from "./stdio-transport.ts";

/** The largest text that `ingest_text` takes, each character of it escaped, and what is around. */
const LINE_BYTES_MAX = 6 * LIMITS.json_body_bytes_max + 1024 * 1024;
/** Refused lines told on stderr: a client may never read them, and writing waits for it then. */
const TOLD_MAX = 20;

/**
 * Serves until the client closes stdin and what it asked is answered, a signal comes or a stream
 * breaks (told on stderr); calls that still run then are cancelled.
 */
export async function serveMcpStdio(needs: HouseMcpNeeds): Promise<void> {
  const { stdin, stdout } = process;
  let told = 0;
  const onRefused = (why: string) => {
    if (++told <= TOLD_MAX) tell(`refused ${why}`);
    if (told === TOLD_MAX) tell("further messages that are refused are not told here");
  };
  const transport = createStdioTransport({ stdin, stdout, onRefused }, LINE_BYTES_MAX);
  const signalled = new Promise<undefined>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.once(signal, () => resolve(undefined));
    }
  });
  const handle = serveStdio(houseServers(needs), {
    transport,
    onerror: (err) => needs.log?.debug({ err }, "an MCP message was refused"),
  });
  const why = await Promise.race([transport.closed, signalled]);
  if (why !== undefined) tell(`ends: ${why}`);
  await handle.close();
}

function tell(text: string): void {
  process.stderr.write(`lakehouse mcp: ${text}\n`);
}
