// Tools that bring data in: text from the conversation, or a file of the owner's machine.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { z } from "zod";
import type { Clients } from "#contracts/all-contracts.ts";
import { ingest, type IngestReport } from "#contracts/ingest.ts";
import { boundedCall } from "#kernel/call.ts";
import { checkInput } from "#kernel/check-input.ts";
import { newId } from "#kernel/ids.ts";
import { LIMITS } from "#kernel/limits.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { toolOf, type McpTool, type ToolCall } from "./mcp-tool.ts";

/** How long the last steps of progress may come after the report. */
const LAST_STEPS_MS = 200;

const { file, path } = ingest.operations;
/** The same bytes commit once; `replace` and `upsert` take rows out of the present snapshot. */
const hints = { destructiveHint: true, idempotentHint: true };

const textInput = file.input.omit({ filename: true, content_length: true }).extend({
  format: z.enum(["csv", "tsv", "json", "ndjson"]),
  text: z.string().min(1).max(LIMITS.json_body_bytes_max).describe("the rows, with a header line"),
});

export function ingestTextTool(clients: Clients): McpTool {
  return toolOf({
    name: "ingest_text",
    title: "Ingest text",
    operation: { ...file, summary: "Commits rows given as text to a dataset." },
    input: textInput,
    hints,
    async run(given, asked) {
      const { text, ...options } = checkInput(textInput, given);
      const ingest_id = options.ingest_id ?? newId();
      const bytes = Buffer.from(text, "utf8");
      const body = (async function* () {
        yield bytes;
      })();
      const request = { ...options, ingest_id, content_length: bytes.length, body };
      return withProgress(clients, ingest_id, asked, () =>
        clients.ingest.file(request, asked.call),
      );
    },
  });
}

/** A house in this process reads the file itself; a server gets it as a request body. */
export function ingestPathTool(clients: Clients, house: "embedded" | "attached"): McpTool {
  return toolOf({
    name: "ingest_path",
    title: "Ingest a file",
    operation: path,
    hints,
    async run(given, asked) {
      const { path: place, ...options } = checkInput(path.input, given);
      const ingest_id = options.ingest_id ?? newId();
      const request = { ...options, ingest_id };
      return withProgress(clients, ingest_id, asked, async () => {
        if (house === "embedded")
          return clients.ingest.path({ ...request, path: place }, asked.call);
        const content_length = await sizeOf(place);
        const body = createReadStream(place);
        const filename = basename(place);
        return clients.ingest.file({ ...request, filename, content_length, body }, asked.call);
      });
    },
  });
}

async function sizeOf(place: string): Promise<number> {
  const info = await stat(place).catch(() => undefined);
  if (info?.isFile() === true) return info.size;
  throw new LakehouseError("not_found", `there is no file ${place}`, { reason: "no_such_file" });
}

/** Tells how far an ingest is while it runs. */
async function withProgress(
  clients: Clients,
  ingest_id: string,
  { call, onProgress }: ToolCall,
  work: () => Promise<IngestReport>,
): Promise<IngestReport> {
  if (onProgress === undefined) return work();
  const over = new AbortController();
  const steps = clients.ingest.progress({ ingest_id }, boundedCall(call, { signal: over.signal }));
  const told = (async () => {
    for await (const { bytes_done, bytes_total, rows_done, phase } of steps) {
      const message = rows_done > 0 ? `${phase}, ${rows_done} rows` : phase;
      onProgress({ progress: bytes_done, total: bytes_total ?? undefined, message });
    }
    // Progress is a courtesy: an ingest does not fail with it.
  })().catch(() => undefined);
  try {
    return await work();
  } finally {
    const waited = new Promise((resolve) => setTimeout(resolve, LAST_STEPS_MS).unref());
    await Promise.race([told, waited]);
    over.abort();
  }
}
