// The Model Context Protocol at /mcp: a face beside the contracts (docs/decisions/0010).
import type { McpServerFactory } from "@modelcontextprotocol/server";
import type { ByteStream } from "#kernel/contract.ts";
import type { FaceRequest, HttpFace } from "#kernel/http-face.ts";
import { checkJsonDepth } from "#kernel/json-depth.ts";
import { LIMITS } from "#kernel/limits.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import { problemResponse } from "#kernel/serve-http.ts";
import { bodyStalled, withoutStalls } from "#kernel/stalled-body.ts";
import { authInfoOf } from "./mcp-caller.ts";
import type { McpHandler } from "./mcp-handler.ts";
import { tellEnd } from "./told-end.ts";

export interface McpFaceNeeds {
  /** Loaded with the first request: a house that nobody asks this way starts without the SDK. */
  readonly makeServer: () => Promise<McpServerFactory>;
  /** Aborts when the house stops. */
  readonly stopping?: AbortSignal | undefined;
  /** What calls under way have then. */
  readonly stop_grace_ms?: number | undefined;
  readonly log?: Log | undefined;
}

const PATH = "/mcp";

export function createMcpFace(needs: McpFaceNeeds): HttpFace {
  const { stopping, stop_grace_ms = LIMITS.stop_grace_ms } = needs;
  let loaded: Promise<McpHandler> | undefined;
  let running = 0;
  let closed = false;

  /** Streams have no end of their own: they are closed once no call runs, or its grace is over. */
  function close(): void {
    closed = true;
    void loaded?.then((handler) => handler.close()).catch(() => undefined);
  }

  stopping?.addEventListener("abort", () => {
    if (running === 0) close();
    else setTimeout(close, stop_grace_ms).unref();
  });

  function begin(): () => void {
    running++;
    return () => {
      if (--running === 0 && stopping?.aborted === true) close();
    };
  }

  /** What is closed knows no sessions any more: whoever comes yet must not begin others. */
  function opened(): Promise<McpHandler> {
    if (closed) throw toLakehouseError(stopping?.reason);
    return (loaded ??= load());
  }

  async function load(): Promise<McpHandler> {
    const { createHandler } = await import("./mcp-handler.ts");
    return createHandler(await needs.makeServer(), needs.log);
  }

  async function answer(asked: FaceRequest): Promise<Response> {
    // What a tool needs beyond reading is asked of whoever calls it.
    const principal = asked.authenticate("read");
    const { trace_id, origin } = asked;
    const auth = authInfoOf({ principal, trace_id, origin });
    if (asked.request.method !== "POST") {
      return (await opened()).fetch(asked.request, auth, undefined);
    }
    const over = begin();
    try {
      const { request, body } = await readRequest(asked);
      const answer = await (await opened()).fetch(request, auth, body);
      if (hasEnd(body)) return tellEnd(answer, over);
      over();
      return answer;
    } catch (error) {
      over();
      throw error;
    }
  }

  return {
    name: "mcp",
    handles: (_request, url) => url.pathname === PATH || url.pathname === `${PATH}/`,
    async handle(asked) {
      try {
        return await answer(asked);
      } catch (thrown) {
        const error = toLakehouseError(thrown);
        const { trace_id } = asked;
        if (error.code === "internal") needs.log?.error({ trace_id, err: error }, "a call broke");
        return problemResponse(error, trace_id);
      }
    },
  };
}

/** A stream of messages that nobody asked for has none. */
function hasEnd(body: unknown): boolean {
  const asks = (body as { readonly method?: unknown } | null | undefined)?.method;
  return asks !== "subscriptions/listen";
}

/** The request with its body read, within bounds, and the signal of the caller. */
async function readRequest(asked: FaceRequest): Promise<{ request: Request; body: unknown }> {
  const { method, headers, signal } = asked.request;
  const text = await textOf(asked.request);
  checkJsonDepth(text);
  const request = new Request(asked.url, { method, headers, signal, body: text });
  return { request, body: jsonOrNothing(text) };
}

async function textOf(request: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size_bytes = 0;
  if (request.body === null) return "";
  const body = request.body as unknown as ByteStream;
  for await (const chunk of withoutStalls(body, LIMITS.body_stall_ms, bodyStalled)) {
    size_bytes += chunk.length;
    if (size_bytes > LIMITS.json_body_bytes_max) {
      const message = `the request body is larger than ${LIMITS.json_body_bytes_max} bytes`;
      throw new LakehouseError("too_large", message, { reason: "body_too_large" });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** What is not JSON is answered by the SDK, as JSON-RPC has it. */
function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
