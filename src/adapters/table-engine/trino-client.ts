// Trino's client protocol over HTTP: a statement, then page after page, as its reader asks.
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { collectBytes, httpRequest, type HttpResponse } from "#kernel/http-client.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import { badTrinoAnswer, toTrinoError, type TrinoFailure } from "./trino-errors.ts";
import { parseExactJson } from "./trino-json.ts";

export interface TrinoConnection {
  /** Where the coordinator answers, e.g. https://trino.example:8443 */
  readonly url: string;
  readonly user: string;
  readonly catalog: string;
  readonly schema: string;
  /** Basic authentication as `user`; over TLS only, or to this machine. */
  readonly password?: string | undefined;
  /** JWT as bearer; instead of a password. */
  readonly token?: string | undefined;
  /** Told to the cluster: what asks (for its resource groups and its log). */
  readonly source?: string | undefined;
  readonly client_tags?: readonly string[] | undefined;
}

/** `ClientTypeSignature` of the protocol; arguments are read in `trino-types.ts`. */
export interface TrinoTypeSignature {
  readonly rawType: string;
  readonly arguments?: readonly { readonly kind: string; readonly value: unknown }[];
}

export interface TrinoColumn {
  readonly name: string;
  readonly type: string;
  readonly typeSignature?: TrinoTypeSignature;
}

export interface TrinoPage {
  readonly columns: readonly TrinoColumn[] | undefined;
  readonly rows: readonly (readonly unknown[])[];
}

/** One running query. */
export interface TrinoQuery {
  /** The next page, which may have no rows; undefined after the last. */
  next(signal: AbortSignal): Promise<TrinoPage | undefined>;
  /** Tells the cluster to stop, if it still runs. Never fails. */
  cancel(): Promise<void>;
}

interface Answer {
  readonly id?: string;
  readonly nextUri?: string;
  readonly columns?: readonly TrinoColumn[];
  readonly data?: readonly (readonly unknown[])[];
  readonly error?: TrinoFailure;
}

/** One page, unpacked. Trino's own pages are of a few MiB. */
const PAGE_BYTES_MAX = 256 * 1024 * 1024;
/** The coordinator holds a request for about a second when there is nothing to tell. */
const REQUEST_TIMEOUT_MS = 60_000;
const CANCEL_TIMEOUT_MS = 5_000;
const ATTEMPTS_MAX = 8;
const WAIT_MS_MIN = 50;
const WAIT_MS_MAX = 5_000;
const RETRIED = new Set([429, 502, 503, 504]);

/** Checks settings only; nothing is sent. Credentials in the clear: `invalid`. */
export function createTrinoClient(connection: TrinoConnection) {
  const base = new URL(connection.url);
  const secret = connection.password ?? connection.token;
  const local = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(base.hostname);
  if (secret !== undefined && base.protocol !== "https:" && !local) {
    throw new LakehouseError("invalid", "a password or token goes to Trino over https only", {
      reason: "invalid_settings",
      hint: "give query.trino.url with https://",
    });
  }
  const headers = headersOf(connection);

  async function ask(method: string, url: string, body: string | undefined, more: Ask) {
    for (let attempt = 1; ; attempt++) {
      const outcome = await send(method, url, body, more, attempt);
      if ("answer" in outcome) return outcome.answer;
      await pause(outcome.wait_ms, more.signal);
    }
  }

  async function send(
    method: string,
    url: string,
    body: string | undefined,
    { signal, session }: Ask,
    attempt: number,
  ): Promise<{ answer: Answer } | { wait_ms: number }> {
    const wait_ms = Math.min(WAIT_MS_MIN * 2 ** (attempt - 1), WAIT_MS_MAX);
    try {
      const response = await httpRequest({
        method,
        url,
        body,
        signal,
        timeout_ms: REQUEST_TIMEOUT_MS,
        headers: session === undefined ? headers : { ...headers, "x-trino-session": session },
      });
      if (RETRIED.has(response.status) && attempt < ATTEMPTS_MAX) {
        await collectBytes(response.body).catch(() => undefined);
        const after_s = Number(response.headers["retry-after"] ?? 0);
        return { wait_ms: Math.min(Math.max(wait_ms, after_s * 1000), WAIT_MS_MAX) };
      }
      return { answer: await readAnswer(response) };
    } catch (thrown) {
      const error = toLakehouseError(thrown);
      // A page can be asked for again; a statement only when it cannot have arrived.
      const again =
        method === "GET" ? isCut(error) : /ECONNREFUSED|ConnectionRefused/.test(error.message);
      if (!again || signal.aborted || attempt >= ATTEMPTS_MAX) throw outward(error, signal);
      return { wait_ms };
    }
  }

  return {
    /** Sends a statement; the query runs from now on. `session`: properties of this query. */
    async start(
      sql: string,
      session: Readonly<Record<string, string>>,
      signal: AbortSignal,
    ): Promise<TrinoQuery> {
      const properties = Object.entries(session).map(
        ([name, value]) => `${name}=${encodeURIComponent(value)}`,
      );
      const more = { signal, session: properties.join(",") || undefined };
      const first = await ask("POST", new URL("/v1/statement", base).href, sql, more);
      return pagesOf(first, base, (method, url, one) => ask(method, url, undefined, one), headers);
    },
  };
}

interface Ask {
  readonly signal: AbortSignal;
  readonly session?: string | undefined;
}

function pagesOf(
  first: Answer,
  base: URL,
  ask: (method: string, url: string, more: Ask) => Promise<Answer>,
  headers: Readonly<Record<string, string>>,
): TrinoQuery {
  let waiting: Answer | undefined = first;
  let next_url = nextOf(first, base);
  let quiet = 0;

  async function take(signal: AbortSignal): Promise<Answer | undefined> {
    if (waiting !== undefined) {
      const answer = waiting;
      waiting = undefined;
      return answer;
    }
    if (next_url === undefined) return undefined;
    // An answer without rows at once means that there will be none for a while.
    if (quiet > 1) await pause(Math.min(5 * quiet, 100), signal);
    const answer = await ask("GET", next_url, { signal });
    next_url = nextOf(answer, base);
    return answer;
  }

  return {
    async next(signal) {
      const answer = await take(signal);
      if (answer === undefined) return undefined;
      if (answer.error !== undefined) {
        next_url = undefined;
        throw toTrinoError(answer.error);
      }
      quiet = (answer.data?.length ?? 0) > 0 ? 0 : quiet + 1;
      return { columns: answer.columns, rows: answer.data ?? [] };
    },
    async cancel() {
      const url = next_url;
      next_url = undefined;
      if (url === undefined) return;
      const timeout_ms = CANCEL_TIMEOUT_MS;
      // The cluster gives up a query that nobody asks for by itself, so a lost word does no harm.
      await httpRequest({ method: "DELETE", url, headers, timeout_ms })
        .then((response) => collectBytes(response.body))
        .catch(() => undefined);
    },
  };
}

/** Behind a proxy the coordinator may name itself wrongly; and secrets go to `base` only. */
function nextOf({ nextUri }: Answer, base: URL): string | undefined {
  if (nextUri === undefined) return undefined;
  const { pathname, search } = new URL(nextUri, base);
  return new URL(pathname + search, base).href;
}

const unpack = promisify(gunzip);

async function readAnswer(response: HttpResponse): Promise<Answer> {
  const packed = await collectBytes(response.body, PAGE_BYTES_MAX);
  const is_gzip = packed[0] === 0x1f && packed[1] === 0x8b;
  const bytes = is_gzip ? await unpack(packed, { maxOutputLength: PAGE_BYTES_MAX }) : packed;
  const text = bytes.toString("utf8");
  if (response.status === 401 || response.status === 403) {
    throw badTrinoAnswer(`Trino does not let us in (${response.status}): ${text.slice(0, 200)}`);
  }
  if (response.status === 429) {
    throw new LakehouseError("rate_limited", "the Trino cluster has too many requests");
  }
  if (response.status !== 200) {
    throw badTrinoAnswer(`Trino answered ${response.status}: ${text.slice(0, 200)}`);
  }
  try {
    return parseExactJson(text) as Answer;
  } catch (cause) {
    throw badTrinoAnswer(`Trino did not answer in JSON: ${text.slice(0, 200)}`, cause);
  }
}

function headersOf(connection: TrinoConnection): Record<string, string> {
  const { user, catalog, schema, password, token, source = "lakehouse", client_tags } = connection;
  const headers: Record<string, string> = {
    "x-trino-user": user,
    "x-trino-catalog": catalog,
    "x-trino-schema": schema,
    "x-trino-source": source,
    "x-trino-time-zone": "UTC",
    // Without it, times are cut to milliseconds.
    "x-trino-client-capabilities": "PARAMETRIC_DATETIME",
    "accept-encoding": "gzip",
    "content-type": "text/plain; charset=utf-8",
    "user-agent": "lakehouse",
  };
  if (client_tags !== undefined) headers["x-trino-client-tags"] = client_tags.join(",");
  if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
  else if (password !== undefined) {
    const pair = Buffer.from(`${user}:${password}`).toString("base64");
    headers["authorization"] = `Basic ${pair}`;
  }
  return headers;
}

/** The connection broke before the answer was whole. */
function isCut(error: LakehouseError): boolean {
  const ours = error.reason === "engine_failed" || error.code === "too_large";
  return !ours && error.code !== "cancelled" && error.code !== "rate_limited";
}

function outward(error: LakehouseError, signal: AbortSignal): LakehouseError {
  if (signal.aborted) return new LakehouseError("cancelled", "the query was cancelled");
  if (error.code !== "internal" && error.reason !== "unreachable") return error;
  const message = error.code === "internal" ? "the connection to Trino broke" : error.message;
  return badTrinoAnswer(message, error);
}

function pause(wait_ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      clearTimeout(timer);
      reject(new LakehouseError("cancelled", "the query was cancelled"));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", giveUp);
      resolve();
    }, wait_ms);
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
  });
}
