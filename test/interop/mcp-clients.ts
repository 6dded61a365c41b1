// The SDK's own clients on our MCP server, in each revision that it speaks.
import {
  Client,
  StreamableHTTPClientTransport,
  type CallToolResult,
} from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { ROOT } from "../support/source-tree.ts";

export const REVISIONS = ["2026-07-28", "2025-11-25"] as const;
export type Revision = (typeof REVISIONS)[number];

function clientOf(revision: Revision): Client {
  const mode = revision === "2025-11-25" ? ("legacy" as const) : { pin: revision };
  return new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
}

export async function httpClient(url: string, token: string, revision: Revision): Promise<Client> {
  const client = clientOf(revision);
  const headers = { authorization: `Bearer ${token}` };
  await client.connect(
    new StreamableHTTPClientTransport(new URL("/mcp", url), { requestInit: { headers } }),
  );
  return client;
}

/** Over the standard streams of a `lakehouse mcp` of its own. */
export async function stdioClient(
  data_dir: string,
  revision: Revision,
  env: Readonly<Record<string, string>> = {},
): Promise<Client> {
  const client = clientOf(revision);
  const args = ["--no-warnings", "src/app/main.ts", "--data", data_dir, "mcp"];
  const stderr = "inherit";
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args, cwd: ROOT, stderr, env }),
  );
  return client;
}

/** What a tool answered, which must also stand in its text; throws what it refused with. */
export function answerOf<T>(result: CallToolResult): T {
  const text = textOf(result);
  if (result.isError === true) throw new Error(text);
  const structured = result.structuredContent;
  if (JSON.stringify(structured) !== text) throw new Error(`text and structure differ: ${text}`);
  return structured as T;
}

/** The problem document that a tool refused with. */
export function problemOf(result: CallToolResult): { code: string; reason: string } {
  if (result.isError !== true) throw new Error(`it was not refused: ${textOf(result)}`);
  return JSON.parse(textOf(result)) as { code: string; reason: string };
}

function textOf(result: CallToolResult): string {
  const first = result.content[0];
  return first?.type === "text" ? first.text : "";
}
