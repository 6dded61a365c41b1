// How an operation's input and output are laid out in an HTTP message, for both ends.
import { parseRoute, type HttpRoute, type Operation } from "./contract.ts";
import { LakehouseError } from "./problem.ts";

export const TRACE_HEADER = "x-lakehouse-trace-id";
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
    const value = asText(rest[name]);
    refuseDotParts(name, value);
    delete rest[name];
    url = url
      .replace(`{${name}...}`, () => value.split("/").map(encodeURIComponent).join("/"))
      .replace(`{${name}}`, () => encodeURIComponent(value));
  }
  const headers: Record<string, string> = {};
  for (const [field, header] of Object.entries(operation.request_headers ?? {})) {
    if (rest[field] !== undefined) headers[header] = asText(rest[field]);
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

/** URLs resolve `.` and `..`, also when escaped: the request would go to another route. */
function refuseDotParts(name: string, value: string): void {
  if (!value.split("/").some((part) => part === "." || part === "..")) return;
  const message = `${name}: no part of it may be . or ..`;
  const issues = [{ path: name, message }];
  throw new LakehouseError("invalid", message, { reason: "invalid_input", issues });
}

/** A scalar as it stands in a path, a query or a header; anything else as JSON. */
export function asText(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}
