// How an operation's input and output are laid out in an HTTP message, for both ends.
import { parseRoute, type HttpRoute, type Operation } from "./contract.ts";

export const TIMEOUT_HEADER = "x-lakehouse-timeout-ms";
export const IDEMPOTENCY_HEADER = "idempotency-key";
export const PROBLEM_TYPE = "application/problem+json";
export const NDJSON_TYPE = "application/x-ndjson";

/** The field of a stream's last line when the stream ended with an error. */
export const STREAM_PROBLEM_FIELD = "$problem";

/**
 * Whether the input (beside path and headers) stands in the query string instead of a JSON body.
 */
export function inputInQuery(operation: Operation, method: string): boolean {
  return operation.request_body === "raw" || method === "GET" || method === "DELETE";
}

/** A route as Hono writes it. */
export function honoPath(route: HttpRoute): string {
  return parseRoute(route)
    .path.replaceAll(/\{(\w+)\.\.\.\}/g, ":$1{.+}")
    .replaceAll(/\{(\w+)\}/g, ":$1");
}

/** Path, query and headers for an input; `rest` goes into the JSON body. */
export function layOut(operation: Operation, input: Readonly<Record<string, unknown>>) {
  const { method, path, params } = parseRoute(operation.http);
  const rest: Record<string, unknown> = { ...input };
  let url = path;
  for (const name of params) {
    const value = asText(rest[name]).toWellFormed();
    delete rest[name];
    url = url
      .replace(`{${name}...}`, () => value.split("/").map(encodeURIComponent).join("/"))
      .replace(`{${name}}`, () => encodeURIComponent(value));
  }
  const headers: Record<string, string> = {};
  for (const [field, header] of Object.entries(operation.request_headers ?? {})) {
    if (rest[field] !== undefined) headers[wireHeader(header)] = toHeaderText(asText(rest[field]));
    delete rest[field];
  }
  if (!inputInQuery(operation, method)) return { method, url, headers, rest };
  const query = new URLSearchParams();
  for (const [field, value] of Object.entries(rest)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) query.append(field, asText(one));
    }
  }
  const search = query.size > 0 ? `?${query}` : "";
  return { method, url: url + search, headers, rest: undefined };
}

/** What a caller says of its body's length: as content-length it would be the transport's own. */
const DECLARED_LENGTH_HEADER = "x-lakehouse-content-length";

/** The header in which a client of ours sends a field; others may send it by its plain name. */
export function wireHeader(header: string): string {
  return header === "content-length" ? DECLARED_LENGTH_HEADER : header;
}

/** Marks a header value that is percent-encoded, as RFC 8187 has it. */
const ENCODED = "UTF-8''";

/** A value that a header can carry: what is not plain ASCII is percent-encoded and marked. */
export function toHeaderText(value: string): string {
  const plain = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/.test(value);
  if (plain && !value.startsWith(ENCODED)) return value;
  return ENCODED + encodeURIComponent(value.toWellFormed());
}

/** The value of a header, decoded when it is marked. */
export function fromHeaderText(text: string): string {
  if (!text.startsWith(ENCODED)) return text;
  try {
    return decodeURIComponent(text.slice(ENCODED.length));
  } catch {
    // Not ours: somebody's value that only begins like one.
    return text;
  }
}

/** A scalar as it stands in a path, a query or a header; anything else as JSON. */
export function asText(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}
