// A loopback server that speaks Trino's client protocol: queued, running, pages, errors, faults.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { HasAfter } from "./temp-dir.ts";
import { listening } from "./listening.ts";

/** What one statement is answered with. */
export interface TrinoScript {
  readonly columns?: readonly unknown[];
  /** JSON text of each page's rows: as text, so that large numbers stay as Trino writes them. */
  readonly pages?: readonly string[];
  readonly error?: Readonly<Record<string, unknown>>;
  /** Answers without rows before the first page. */
  readonly queued?: number;
  readonly delay_ms?: number;
  /** Never ends: answers without rows for ever. */
  readonly endless?: boolean;
}

/** What goes wrong with requests, in order; each is used once. */
export type TrinoFault = number | "cut" | "half" | "not_json" | "none";

export interface TrinoServer {
  readonly url: string;
  /** Every statement that came, with its headers. */
  readonly statements: { sql: string; headers: IncomingMessage["headers"] }[];
  /** `GET 0/3`: query number and page, `DELETE 0`. */
  readonly requests: string[];
  /** Faults of coming POSTs and GETs. */
  readonly faults: { POST: TrinoFault[]; GET: TrinoFault[] };
  /** Whom `nextUri` names instead of this server. */
  next_origin: string | undefined;
}

interface Running {
  readonly script: TrinoScript;
  readonly number: number;
  /** Of the page answered last: it may be asked for again, earlier ones are gone. */
  token: number;
  over: boolean;
}

export async function startTrinoServer(
  t: HasAfter,
  answer: (sql: string) => TrinoScript,
): Promise<TrinoServer> {
  const queries: Running[] = [];
  const house: TrinoServer = {
    url: "",
    statements: [],
    requests: [],
    faults: { POST: [], GET: [] },
    next_origin: undefined,
  };
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  const port = await listening(t, server);
  const url = `http://127.0.0.1:${port}`;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method as "POST" | "GET" | "DELETE";
    const body = await textOf(request);
    const fault = method === "DELETE" ? undefined : house.faults[method].shift();
    if (fault === "cut") return void request.socket.destroy();
    if (typeof fault === "number") {
      return void response.writeHead(fault, { "retry-after": "0" }).end("busy");
    }
    if (method === "POST" && request.url === "/v1/statement") {
      house.statements.push({ sql: body, headers: request.headers });
      const query = { script: answer(body), number: queries.length, token: 0, over: false };
      queries.push(query);
      return reply(request, response, page(query, 0), fault);
    }
    const parts = /^\/v1\/statement\/(?:queued|executing)\/(\d+)\/slug\/(\d+)$/.exec(request.url!);
    const query = queries[Number(parts?.[1] ?? -1)];
    const token = Number(parts?.[2]);
    house.requests.push(`${method} ${query?.number}${method === "GET" ? `/${token}` : ""}`);
    if (query === undefined) return void response.writeHead(404).end();
    if (method === "DELETE") {
      query.over = true;
      return void response.writeHead(204).end();
    }
    if (token !== query.token && token !== query.token + 1)
      return void response.writeHead(410).end();
    query.token = token;
    const { delay_ms = 0 } = query.script;
    if (delay_ms > 0) await new Promise((resolve) => setTimeout(resolve, delay_ms));
    reply(request, response, page(query, token), fault);
  }

  /** The `QueryResults` document at a place in the query's life. */
  function page(query: Running, token: number): string {
    const { columns, pages = [], error, queued = 1, endless = false } = query.script;
    const id = `20260101_000000_0000${query.number}_trino`;
    const at = token - 1 - queued;
    const last = endless ? Infinity : queued + 1 + (error === undefined ? pages.length : 0);
    const state = token === 0 || at < 0 ? "QUEUED" : token < last ? "RUNNING" : "FINISHED";
    const kind = state === "QUEUED" ? "queued" : "executing";
    const origin = house.next_origin ?? url;
    const next = `${origin}/v1/statement/${kind}/${query.number}/slug/${token + 1}`;
    const members = [`"id":"${id}"`, `"infoUri":"${url}/ui/query.html?${id}"`];
    if (query.over) {
      members.push(`"error":${JSON.stringify({ message: "gone", errorName: "USER_CANCELED" })}`);
    } else if (error !== undefined && token >= last) {
      members.push(`"error":${JSON.stringify(error)}`);
    } else if (token < last) members.push(`"nextUri":"${next}"`);
    const failed = error !== undefined && token >= last;
    if (columns !== undefined && at >= 0) members.push(`"columns":${JSON.stringify(columns)}`);
    if (at >= 0 && pages[at] !== undefined && !failed) members.push(`"data":${pages[at]}`);
    members.push(`"stats":{"state":"${failed ? "FAILED" : state}","queued":${at < 0}}`);
    return `{${members.join(",")},"warnings":[]}`;
  }

  return Object.assign(house, { url });
}

function reply(
  request: IncomingMessage,
  response: ServerResponse,
  text: string,
  fault: TrinoFault | undefined,
): void {
  const sent = fault === "not_json" ? "<html>" : text;
  const zipped = /gzip/.test(request.headers["accept-encoding"] ?? "") && sent.length > 500;
  const bytes = zipped ? gzipSync(sent) : Buffer.from(sent);
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (zipped) headers["content-encoding"] = "gzip";
  headers["content-length"] = String(bytes.length);
  response.writeHead(200, headers);
  if (fault !== "half") return void response.end(bytes);
  response.write(bytes.subarray(0, bytes.length >> 1));
  setTimeout(() => request.socket.destroy(), 10);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString("utf8");
}

/** A column as the protocol tells it; nested types by their signature. */
export function trinoColumn(name: string, raw_type: string, ...args: unknown[]) {
  const list = args.map((value) => ({ kind: typeof value === "number" ? "LONG" : "TYPE", value }));
  return { name, type: raw_type, typeSignature: { rawType: raw_type, arguments: list } };
}

export function trinoSignature(raw_type: string, ...args: unknown[]) {
  return trinoColumn("", raw_type, ...args).typeSignature;
}
