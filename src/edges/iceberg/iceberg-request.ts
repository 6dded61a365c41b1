// What a request of the Iceberg REST protocol says: bodies with bounds, pages, flags.
import type { ByteStream } from "#kernel/contract.ts";
import { checkJsonDepth } from "#kernel/json-depth.ts";
import { LIMITS } from "#kernel/limits.ts";
import { parseLongJson, printLongJson } from "#kernel/long-json.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { bodyStalled, withoutStalls } from "#kernel/stalled-body.ts";

/** A commit lists snapshots and schemas, not files; the house takes as much elsewhere. */
const JSON_BODY_BYTES_MAX = 64 * 1024 * 1024;
const FORM_BODY_BYTES_MAX = 64 * 1024;
const PAGE_SIZE_MAX = 1000;

export type JsonObject = Readonly<Record<string, unknown>>;

/** The body as a JSON object; longs beyond 2^53 as text (see kernel/long-json.ts). */
export async function jsonBody(request: Request): Promise<JsonObject> {
  const text = await textBody(request, JSON_BODY_BYTES_MAX);
  checkJsonDepth(text);
  let value: unknown;
  try {
    value = parseLongJson(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw bad(`the request body is not JSON: ${why}`, "not_json");
  }
  return objectAt(value, "the request body");
}

/** The body as an HTML form (RFC 6749 sends those). */
export async function formBody(request: Request): Promise<URLSearchParams> {
  return new URLSearchParams(await textBody(request, FORM_BODY_BYTES_MAX));
}

async function textBody(request: Request, bytes_max: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size_bytes = Number(request.headers.get("content-length") ?? 0);
  if (size_bytes > bytes_max) throw tooLarge(bytes_max);
  size_bytes = 0;
  if (request.body === null) return "";
  const body = request.body as unknown as ByteStream;
  for await (const chunk of withoutStalls(body, LIMITS.body_stall_ms, bodyStalled)) {
    size_bytes += chunk.length;
    if (size_bytes > bytes_max) throw tooLarge(bytes_max);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function tooLarge(bytes_max: number): LakehouseError {
  return new LakehouseError("too_large", `the request body is larger than ${bytes_max} bytes`, {
    reason: "body_too_large",
  });
}

/** An `invalid` error about the request. */
export function bad(message: string, reason = "invalid_input"): LakehouseError {
  return new LakehouseError("invalid", message, { reason });
}

export function objectAt(value: unknown, where: string): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as JsonObject;
  }
  throw bad(`${where} must be a JSON object`);
}

export function optionalObject(body: JsonObject, field: string): JsonObject | undefined {
  const value = body[field];
  return value === undefined || value === null ? undefined : objectAt(value, `"${field}"`);
}

export function objectsAt(body: JsonObject, field: string): JsonObject[] {
  const value = body[field] ?? [];
  if (!Array.isArray(value)) throw bad(`"${field}" must be a list`);
  return value.map((one, index) => objectAt(one, `"${field}" ${index}`));
}

export function textAt(body: JsonObject, field: string): string {
  const value = body[field];
  if (typeof value === "string" && value !== "") return value;
  throw bad(`"${field}" must be given as text`);
}

export function optionalText(body: JsonObject, field: string): string | undefined {
  return body[field] === undefined || body[field] === null ? undefined : textAt(body, field);
}

export function textsAt(body: JsonObject, field: string): string[] {
  const value = body[field] ?? [];
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  throw bad(`"${field}" must be a list of text`);
}

export function flagAt(body: JsonObject, field: string): boolean {
  const value = body[field] ?? false;
  if (typeof value === "boolean") return value;
  throw bad(`"${field}" must be true or false`);
}

/** Properties of tables and namespaces: text to text. */
export function propertiesAt(body: JsonObject, field: string): Record<string, string> {
  const properties: Record<string, string> = {};
  for (const [name, value] of Object.entries(optionalObject(body, field) ?? {})) {
    if (typeof value !== "string") throw bad(`"${field}.${name}" must be text`);
    // Set as any other it would set nothing, and nobody would be told.
    if (name === "__proto__") throw bad(`"${field}" cannot have the name ${name}`);
    properties[name] = value;
  }
  return properties;
}

/**
 * One page of names in order, with the token of the next. Without `pageToken` and `pageSize` all
 * are answered, as the specification wants it for clients that know no pages.
 */
export function pageOf(
  names: readonly string[],
  query: URLSearchParams,
): { names: string[]; next: string | null } {
  const sorted = names.toSorted();
  const asked = query.get("pageSize");
  const token = query.get("pageToken");
  if (asked === null && token === null) return { names: sorted, next: null };
  const size = asked === null ? PAGE_SIZE_MAX : /^\d{1,9}$/.test(asked) ? Number(asked) : 0;
  if (size < 1) throw bad("pageSize must be a whole number from 1 on");
  const rest = token === null || token === "" ? sorted : namesAfter(sorted, token);
  const page = rest.slice(0, Math.min(size, PAGE_SIZE_MAX));
  const more = rest.length > page.length;
  return { names: page, next: more ? writeToken(page.at(-1)!) : null };
}

function writeToken(after: string): string {
  return Buffer.from(JSON.stringify([1, after])).toString("base64url");
}

/** A token of somebody else's would skip names without a word. */
function namesAfter(sorted: readonly string[], token: string): string[] {
  try {
    const [version, after] = JSON.parse(Buffer.from(token, "base64url").toString()) as unknown[];
    if (version === 1 && typeof after === "string") return sorted.filter((name) => name > after);
  } catch {
    // Told below, as any other token that is not one.
  }
  throw bad("pageToken must be the next-page-token of the page before");
}

/** A JSON answer, with longs as numbers. */
export function jsonAnswer(value: unknown, headers: Readonly<Record<string, string>> = {}) {
  return new Response(printLongJson(value), {
    headers: { "content-type": "application/json", ...headers },
  });
}

export function noContent(): Response {
  return new Response(null, { status: 204 });
}
