// Tables over the Iceberg REST protocol: list, create, load, drop, rename, register, reports.
import { createHash } from "node:crypto";
import { datasetOf, identifierOf, levelsOf, type TableIdentifier } from "./iceberg-names.ts";
import {
  bad,
  flagAt,
  jsonAnswer,
  jsonBody,
  noContent,
  objectAt,
  objectsAt,
  optionalObject,
  optionalText,
  pageOf,
  propertiesAt,
  textAt,
  textsAt,
  type JsonObject,
} from "./iceberg-request.ts";
import type { Asked, IcebergRoute } from "./iceberg-route.ts";
import { presentNamespace } from "./namespace-routes.ts";
import { tableAccess } from "./table-access.ts";
import { mayWriteAt } from "./table-places.ts";

const ALL = "namespaces/{namespace}/tables";
const ONE = `${ALL}/{table}`;

export const tableRoutes: readonly IcebergRoute[] = [
  { method: "GET", path: ALL, scope: "read", answer: list },
  { method: "POST", path: ALL, scope: "write", answer: create },
  { method: "GET", path: ONE, scope: "read", answer: load },
  { method: "HEAD", path: ONE, scope: "read", answer: exists },
  { method: "DELETE", path: ONE, scope: "write", answer: drop },
  { method: "POST", path: "tables/rename", scope: "write", answer: rename },
  { method: "POST", path: "namespaces/{namespace}/register", scope: "write", answer: register },
  { method: "POST", path: `${ONE}/metrics`, scope: "read", answer: report },
  { method: "GET", path: `${ONE}/credentials`, scope: "read", answer: credentials },
];

/** The table that the path names. */
export function tableOf(asked: Asked): TableIdentifier {
  return { namespace: levelsOf(asked.params["namespace"]!), name: asked.params["table"]! };
}

/** The table that a body names, in the namespace of the path. */
function newTableOf(asked: Asked, body: JsonObject): TableIdentifier {
  return { namespace: levelsOf(asked.params["namespace"]!), name: textAt(body, "name") };
}

async function list(asked: Asked): Promise<Response> {
  const { namespace } = await presentNamespace(asked);
  const { datasets } = await asked.needs.catalog.list({ namespace }, asked.call);
  const page = pageOf(
    datasets.map(({ name }) => name),
    asked.url.searchParams,
  );
  const identifiers = page.names.map(identifierOf);
  return jsonAnswer({ identifiers, "next-page-token": page.next });
}

async function create(asked: Asked): Promise<Response> {
  const body = await jsonBody(asked.request);
  const table = newTableOf(asked, body);
  const location = optionalText(body, "location");
  mayWriteAt(asked, location);
  const partition_spec = optionalObject(body, "partition-spec");
  const write_order = optionalObject(body, "write-order");
  const made = await asked.needs.catalog.create_table(
    {
      name: datasetOf(table, "make"),
      schema: objectAt(body["schema"], '"schema"'),
      ...(location === undefined ? {} : { location }),
      ...(partition_spec === undefined ? {} : { partition_spec }),
      ...(write_order === undefined ? {} : { write_order }),
      properties: propertiesAt(body, "properties"),
      staged: flagAt(body, "stage-create"),
    },
    asked.call,
  );
  return tableAnswer(asked, table, made);
}

async function load(asked: Asked): Promise<Response> {
  const mode = asked.url.searchParams.get("snapshots") ?? "all";
  if (mode !== "all" && mode !== "refs") throw bad(`snapshots is all or refs, not "${mode}"`);
  const named = tableOf(asked);
  const name = datasetOf(named, "find");
  const table = await asked.needs.catalog.load_table({ name }, asked.call);
  if (mode === "all") return tableAnswer(asked, named, table);
  return tableAnswer(asked, named, { ...table, metadata: withRefsOnly(table.metadata) });
}

/** The metadata with those snapshots only that a branch or tag names. */
function withRefsOnly(metadata: JsonObject): JsonObject {
  const refs = Object.values(optionalObject(metadata, "refs") ?? {}) as JsonObject[];
  const named = new Set(refs.map((ref) => String(ref["snapshot-id"])));
  const snapshots = objectsAt(metadata, "snapshots").filter((snapshot) =>
    named.has(String(snapshot["snapshot-id"])),
  );
  return { ...metadata, snapshots };
}

async function exists(asked: Asked): Promise<Response> {
  const name = datasetOf(tableOf(asked), "find");
  await asked.needs.catalog.load_table({ name }, asked.call);
  return noContent();
}

async function drop(asked: Asked): Promise<Response> {
  const name = datasetOf(tableOf(asked), "find");
  const purge = asked.url.searchParams.get("purgeRequested")?.toLowerCase() === "true";
  await asked.needs.catalog.drop_table({ name, purge }, asked.call);
  return noContent();
}

async function rename(asked: Asked): Promise<Response> {
  const body = await jsonBody(asked.request);
  const name = datasetOf(identifierAt(body, "source"), "find");
  const to = datasetOf(identifierAt(body, "destination"), "make");
  await asked.needs.catalog.rename({ name, to }, asked.call);
  return noContent();
}

/** A table's identifier in a body. */
export function identifierAt(body: JsonObject, field: string): TableIdentifier {
  const identifier = objectAt(body[field], `"${field}"`);
  return { namespace: textsAt(identifier, "namespace"), name: textAt(identifier, "name") };
}

async function register(asked: Asked): Promise<Response> {
  const body = await jsonBody(asked.request);
  const table = newTableOf(asked, body);
  mayWriteAt(asked, optionalText(body, "metadata-location"));
  const registered = await asked.needs.catalog.register_table(
    {
      name: datasetOf(table, "make"),
      metadata_location: textAt(body, "metadata-location"),
      overwrite: flagAt(body, "overwrite"),
    },
    asked.call,
  );
  return tableAnswer(asked, table, registered);
}

async function report(asked: Asked): Promise<Response> {
  const dataset = datasetOf(tableOf(asked), "find");
  const sent = await jsonBody(asked.request);
  const { principal, trace_id } = asked.call;
  asked.needs.tell?.({ dataset, principal: principal.name, trace_id, report: sent });
  return noContent();
}

async function credentials(asked: Asked): Promise<Response> {
  const table = tableOf(asked);
  await asked.needs.catalog.load_table({ name: datasetOf(table, "find") }, asked.call);
  // Whoever asks on this route asks for keys.
  const request = new Request(asked.url, {
    headers: { "x-iceberg-access-delegation": "vended-credentials" },
  });
  const access = tableAccess({ ...asked, request }, table);
  return jsonAnswer({ "storage-credentials": access.credentials });
}

/** Whether If-None-Match names this etag (RFC 9110 §13.1.2: weakly; proxies drop the `W/`). */
function holds(header: string | null, etag: string): boolean {
  const bare = (text: string) => text.trim().replace(/^W\//, "");
  return header !== null && header.split(",").some((one) => ["*", bare(etag)].includes(bare(one)));
}

/** A `LoadTableResult`, or 304 to a reader who has just this already. */
function tableAnswer(
  asked: Asked,
  named: TableIdentifier,
  table: { metadata_location: string | null; metadata: JsonObject },
): Response {
  const access = tableAccess(asked, named);
  const mode = asked.url.searchParams.get("snapshots") ?? "all";
  const etag = etagOf([table.metadata_location ?? "", mode, access.version]);
  // A staged table is not there yet, so nothing of it can be held.
  const headers = table.metadata_location === null ? {} : { etag };
  const { method, headers: sent } = asked.request;
  if (method === "GET" && holds(sent.get("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers });
  }
  const location = table.metadata_location;
  return jsonAnswer(
    {
      ...(location === null ? {} : { "metadata-location": location }),
      metadata: table.metadata,
      config: access.config,
      ...(access.credentials.length === 0 ? {} : { "storage-credentials": access.credentials }),
    },
    headers,
  );
}

function etagOf(parts: readonly string[]): string {
  const digest = createHash("sha256").update(parts.join("\n")).digest("hex");
  return `W/"${digest.slice(0, 32)}"`;
}
