// Real HTTP servers on loopback that speak Ollama's, OpenAI's and Anthropic's protocols, well and
// badly.
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { anthropicFrames, anthropicMessage } from "./anthropic-frames.ts";
import { drip, sendHugeBody } from "./endless-answers.ts";
import type { HasAfter } from "./temp-dir.ts";
import { listening } from "./listening.ts";

/** How the next request is answered; what comes after the last one is `normal`. */
export type ServerMode =
  | "normal"
  | "slow"
  /** Cuts the bytes anywhere, also within a character; SSE with CRLF and comments. */
  | "half_lines"
  /** Never sends even its headers. */
  | "silent"
  /** Sends the first piece and nothing more. */
  | "stall"
  /** Sends the first piece and drops the connection. */
  | "cut"
  /** Ends the answer properly, but before it is complete. */
  | "ends_early"
  /** Not JSON where JSON is due. */
  | "not_json"
  /** An error in the midst of a stream. */
  | "error_inside"
  /** One line of more than 8 MiB. */
  | "huge"
  /** A body of 100 MiB that is no JSON and has no line end. */
  | "huge_body"
  /** Headers, then a byte of the first piece now and then, for as long as somebody listens. */
  | "drip"
  /** The same with the headers themselves. */
  | "drip_head"
  | "length"
  | "tools"
  /** Says the JSON object of `ANSWER_OBJECT` (OpenAI only). */
  | "object"
  /** The whole completion though a stream was asked for (OpenAI only). */
  | "whole"
  /** 400 that names temperature, as models that only have one answer; else normal. */
  | "no_temperature"
  /** 400 that asks for max_completion_tokens where max_tokens came; else normal (OpenAI only). */
  | "new_name"
  /** 429 with Retry-After: 0 */
  | "busy"
  /** 429 with Retry-After: 3600 */
  | "busy_long"
  | "unavailable_503"
  | "broken_500"
  | "no_model_404"
  | "no_key_401"
  /** Embeddings with one number too many. */
  | "wrong_dimension";

export interface RecordedRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Record<string, unknown>;
}

export interface ModelServer {
  /** Without a path. */
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  /** Modes of the next requests to the chat and embedding routes, in order. */
  next(...modes: ServerMode[]): void;
  /** Resolves once so many requests have come. */
  asked(count: number): Promise<void>;
  /** Resolves once a client left before its answer was complete. */
  readonly client_left: Promise<void>;
  /** Connections that are open now. */
  connections(): Promise<number>;
}

/** The pieces of text that every chat answer consists of. */
export const ANSWER_PIECES = ["Grüße ", "aus der ", "Werkstatt – ", "3 Schweißer ✓"];
export const ANSWER_TEXT = ANSWER_PIECES.join("");
export const ANSWER_OBJECT = { city: "Zürich", welders: 3 };
/** The arguments of the one tool call, `lookup`. */
const TOOL_ARGUMENTS = '{"city":"Zürich"}';
export const FAKE_DIMENSION = 8;

interface Dialect {
  chat_path: string;
  embed_path: string;
  models: Readonly<Record<string, unknown>>;
  models_path: string;
  content_type: string;
  error(message: string): unknown;
  frames(mode: ServerMode, request: Record<string, unknown>): string[];
  embeddings(vectors: number[][], request: Record<string, unknown>): unknown;
  /** The answer when it is not streamed, where it has a shape of its own. */
  whole?(request: Record<string, unknown>): unknown;
}

export function startOllamaServer(t: HasAfter): Promise<ModelServer> {
  return start(t, {
    chat_path: "/api/chat",
    embed_path: "/api/embed",
    models_path: "/api/tags",
    models: { models: [{ name: "tiny:latest", model: "tiny:latest", size: 1 }] },
    content_type: "application/x-ndjson",
    error: (message) => ({ error: message }),
    frames: ollamaFrames,
    embeddings: (vectors, request) => ({
      model: request["model"],
      embeddings: vectors,
      total_duration: 1,
      load_duration: 1,
      prompt_eval_count: vectors.length * 3,
    }),
  });
}

export function startOpenAiServer(t: HasAfter): Promise<ModelServer> {
  return start(t, {
    chat_path: "/v1/chat/completions",
    embed_path: "/v1/embeddings",
    models_path: "/v1/models",
    models: { object: "list", data: [{ id: "vendor/tiny", object: "model", owned_by: "vendor" }] },
    content_type: "text/event-stream",
    error: (message) => ({ error: { message, type: "test", code: null } }),
    frames: openAiFrames,
    embeddings: (vectors, request) => ({
      object: "list",
      model: request["model"],
      // Out of order on purpose: clients have to go by the index.
      data: vectors
        .map((embedding, index) => ({ object: "embedding", index, embedding }))
        .toReversed(),
      usage: { prompt_tokens: vectors.length * 3, total_tokens: vectors.length * 3 },
    }),
  });
}

export function startAnthropicServer(t: HasAfter): Promise<ModelServer> {
  const model = {
    type: "model",
    id: "claude-tiny",
    display_name: "Tiny",
    created_at: "2026-01-01",
  };
  return start(t, {
    chat_path: "/v1/messages",
    embed_path: "/none",
    models_path: "/v1/models?limit=1000",
    models: { data: [model], has_more: false, first_id: model.id, last_id: model.id },
    content_type: "text/event-stream; charset=utf-8",
    error: (message) => ({ type: "error", error: { type: "test_error", message } }),
    frames: (mode, request) => anthropicFrames(mode, request, ANSWER_PIECES),
    embeddings: () => ({}),
    whole: (request) => anthropicMessage(request, ANSWER_TEXT),
  });
}

async function start(t: HasAfter, dialect: Dialect): Promise<ModelServer> {
  const modes: ServerMode[] = [];
  const requests: RecordedRequest[] = [];
  const left = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    response.on("close", () => {
      if (!response.writableFinished) left.resolve();
    });
    void answer(request, response);
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "/";
    const body = await readJson(request);
    if (requests.length >= REQUESTS_KEPT) requests.shift();
    requests.push({ path, headers: request.headers, body });
    if (path === dialect.models_path) return sendJson(response, 200, dialect.models);
    const mode = modes.shift() ?? modeOfModel(body["model"]);
    const status = STATUS_OF_MODE[mode];
    if (status !== undefined) return sendStatus(response, mode, status, dialect);
    if (mode === "silent") return;
    if (mode === "huge_body") return sendHugeBody(response, body["stream"] !== false);
    if (mode === "drip" || mode === "drip_head") return drip(response, mode);
    const refused = refusedField(mode, body);
    if (refused !== undefined) return sendJson(response, 400, dialect.error(refused));
    if (path === dialect.embed_path) return sendEmbeddings(response, mode, body, dialect);
    if (path !== dialect.chat_path) {
      return sendJson(response, 404, dialect.error(`no route ${path}`));
    }
    if (body["stream"] === false || mode === "whole") {
      return sendJson(response, 200, wholeAnswer(dialect, mode, body));
    }
    await sendFrames(response, mode, dialect.frames(mode, body), dialect.content_type);
  }

  const port = await listening(t, server);
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    next: (...list) => void modes.push(...list),
    async asked(count) {
      while (requests.length < count) await new Promise((resolve) => setTimeout(resolve, 2));
    },
    client_left: left.promise,
    connections: () =>
      new Promise((resolve) => server.getConnections((_error, count) => resolve(count))),
  };
}

const REQUESTS_KEPT = 10_000;

/** A model named `mode/<mode>` is answered in that mode. */
function modeOfModel(model: unknown): ServerMode {
  return typeof model === "string" && model.startsWith("mode/")
    ? (model.slice("mode/".length) as ServerMode)
    : "normal";
}

function refusedField(mode: ServerMode, body: Record<string, unknown>): string | undefined {
  const has_temperature = "temperature" in body || JSON.stringify(body["options"] ?? {}) !== "{}";
  if (mode === "no_temperature" && has_temperature) {
    return "Unsupported value: 'temperature' does not support 0.2 with this model.";
  }
  const renamed = "'max_tokens' is not supported with this model. Use 'max_completion_tokens'.";
  return mode === "new_name" && "max_tokens" in body ? renamed : undefined;
}

const STATUS_OF_MODE: Partial<Record<ServerMode, number>> = {
  busy: 429,
  busy_long: 429,
  unavailable_503: 503,
  broken_500: 500,
  no_model_404: 404,
  no_key_401: 401,
};

function sendStatus(
  response: ServerResponse,
  mode: ServerMode,
  status: number,
  dialect: Dialect,
): void {
  if (mode === "busy") response.setHeader("retry-after", "0");
  if (mode === "busy_long") response.setHeader("retry-after", "3600");
  sendJson(response, status, dialect.error(`the server is in mode ${mode}`));
}

function sendJson(response: ServerResponse, status: number, document: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(document));
}

function sendEmbeddings(
  response: ServerResponse,
  mode: ServerMode,
  body: Record<string, unknown>,
  dialect: Dialect,
): void {
  if (mode === "not_json") {
    response.end("<html>not JSON</html>");
    return;
  }
  const texts = typeof body["input"] === "string" ? [body["input"]] : (body["input"] as string[]);
  const size = mode === "wrong_dimension" ? FAKE_DIMENSION + 1 : FAKE_DIMENSION;
  sendJson(
    response,
    200,
    dialect.embeddings(
      texts.map((text) => fakeVector(text, size)),
      body,
    ),
  );
}

/** A vector that depends on the text alone; not of length 1. */
export function fakeVector(text: string, size: number = FAKE_DIMENSION): number[] {
  const digest = createHash("sha256").update(text).digest();
  return Array.from({ length: size }, (_, at) => (digest[at]! - 127.5) / 32);
}

async function sendFrames(
  response: ServerResponse,
  mode: ServerMode,
  frames: readonly string[],
  content_type: string,
): Promise<void> {
  response.writeHead(200, { "content-type": content_type });
  if (mode === "half_lines") {
    const bytes = Buffer.from(frames.join(""));
    for (let from = 0; from < bytes.length; from += 7) {
      response.write(bytes.subarray(from, from + 7));
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
    return;
  }
  for (const [at, frame] of frames.entries()) {
    if (mode === "stall" && at > 0) return;
    if (mode === "ends_early" && at > 0) break;
    response.write(mode === "cut" && at > 0 ? frame.slice(0, frame.length / 2) : frame);
    if (mode === "cut" && at > 0) {
      await wait(5);
      response.destroy();
      return;
    }
    if (mode === "slow") await wait(15);
  }
  response.end();
}

function ollamaFrames(mode: ServerMode, request: Record<string, unknown>): string[] {
  const line = (rest: object) =>
    `${JSON.stringify({ model: request["model"], created_at: "2026-01-01T00:00:00Z", ...rest })}\n`;
  const piece = (content: string) => line({ message: { role: "assistant", content }, done: false });
  if (mode === "huge") return [piece("x".repeat(9 * 1024 * 1024))];
  const frames = ANSWER_PIECES.map(piece);
  if (mode === "not_json") frames.splice(1, 0, "{not json\n");
  if (mode === "error_inside") frames.splice(1, 0, `{"error":"the runner has crashed"}\n`);
  if (mode === "tools") {
    const call = { function: { name: "lookup", arguments: { city: "Zürich" } } };
    const message = { role: "assistant", content: "", tool_calls: [call] };
    frames.splice(0, frames.length, line({ message, done: false }));
  }
  const message = { role: "assistant", content: "" };
  const done_reason = mode === "length" ? "length" : "stop";
  const counts = { prompt_eval_count: 11, eval_count: 7 };
  const last = line({ message, done: true, done_reason, total_duration: 1, ...counts });
  return [...frames, last];
}

function openAiFrames(mode: ServerMode, request: Record<string, unknown>): string[] {
  const end = mode === "half_lines" ? "\r\n\r\n" : "\n\n";
  const head = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1 };
  const event = (rest: object) =>
    `data: ${JSON.stringify({ ...head, model: request["model"], ...rest })}${end}`;
  const choice = (delta: object, finish_reason: string | null = null) =>
    event({ choices: [{ index: 0, delta, finish_reason }] });
  if (mode === "huge") return [choice({ content: "x".repeat(9 * 1024 * 1024) })];
  const frames = ANSWER_PIECES.map((content) => choice({ content }));
  if (mode === "half_lines") frames.splice(1, 0, ": keep-alive\r\n\r\n", "event: message\r\n");
  if (mode === "not_json") frames.splice(1, 0, "data: {not json\n\n");
  if (mode === "error_inside") {
    frames.splice(1, 0, `data: {"error":{"message":"the runner has crashed"}}\n\n`);
  }
  if (mode === "tools") frames.splice(0, frames.length, ...toolFrames(choice));
  if (mode === "object") {
    const pieces = JSON.stringify(ANSWER_OBJECT).match(/.{1,9}/gsu)!;
    frames.splice(0, frames.length, ...pieces.map((content) => choice({ content })));
  }
  const reason = mode === "length" ? "length" : mode === "tools" ? "tool_calls" : "stop";
  const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };
  return [...frames, choice({}, reason), event({ choices: [], usage }), `data: [DONE]${end}`];
}

function toolFrames(choice: (delta: object) => string): string[] {
  const piece = (rest: object) => choice({ tool_calls: [{ index: 0, ...rest }] });
  return [
    piece({ id: "call_1", type: "function", function: { name: "lookup", arguments: "" } }),
    piece({ function: { arguments: TOOL_ARGUMENTS.slice(0, 8) } }),
    piece({ function: { arguments: TOOL_ARGUMENTS.slice(8) } }),
  ];
}

function wholeAnswer(dialect: Dialect, mode: ServerMode, body: Record<string, unknown>): unknown {
  if (dialect.whole !== undefined) return dialect.whole(body);
  const content = mode === "object" ? JSON.stringify(ANSWER_OBJECT) : ANSWER_TEXT;
  const message = { role: "assistant", content };
  if (dialect.chat_path === "/api/chat") {
    const counts = { prompt_eval_count: 11, eval_count: 7 };
    return { model: body["model"], message, done: true, done_reason: "stop", ...counts };
  }
  const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };
  const lookup = { name: "lookup", arguments: TOOL_ARGUMENTS };
  const calls = [{ id: "call_1", type: "function", function: lookup }];
  const choices =
    mode === "tools"
      ? [
          {
            index: 0,
            message: { ...message, content: null, tool_calls: calls },
            finish_reason: "tool_calls",
          },
        ]
      : [{ index: 0, message, finish_reason: "stop" }];
  return { id: "1", object: "chat.completion", created: 1, model: body["model"], choices, usage };
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
