// Namespaces over the Iceberg REST protocol: list, make, look at, change, drop.
import { LakehouseError } from "#kernel/problem.ts";
import { levelsOf, namespaceOf } from "./iceberg-names.ts";
import { jsonAnswer, jsonBody, noContent, pageOf, propertiesAt } from "./iceberg-request.ts";
import { bad, textsAt } from "./iceberg-request.ts";
import type { Asked, IcebergRoute } from "./iceberg-route.ts";

const ONE = "namespaces/{namespace}";

export const namespaceRoutes: readonly IcebergRoute[] = [
  { method: "GET", path: "namespaces", scope: "read", answer: list },
  { method: "POST", path: "namespaces", scope: "write", answer: create },
  {
    method: "GET",
    path: ONE,
    scope: "read",
    async answer(asked) {
      const { namespace, properties } = await presentNamespace(asked);
      const location = await locationOf(asked, namespace);
      return jsonAnswer({ namespace: [namespace], properties: { ...location, ...properties } });
    },
  },
  {
    method: "HEAD",
    path: ONE,
    scope: "read",
    async answer(asked) {
      await presentNamespace(asked);
      return noContent();
    },
  },
  {
    method: "DELETE",
    path: ONE,
    scope: "write",
    async answer(asked) {
      const namespace = namespaceOf(levelsOf(asked.params["namespace"]!), "find");
      await asked.needs.catalog.drop_namespace({ namespace }, asked.call);
      return noContent();
    },
  },
  { method: "POST", path: `${ONE}/properties`, scope: "write", answer: change },
];

/**
 * Where engines that choose the place of a new table themselves put it. Trino does, and without
 * this creates the table first and then complains that its place is not empty.
 */
async function locationOf(asked: Asked, namespace: string): Promise<{ location?: string }> {
  if (asked.needs.storage === undefined) return {};
  const { buckets } = await asked.needs.storage.buckets({}, asked.call);
  const main = buckets.find((bucket) => bucket.main);
  return main === undefined ? {} : { location: `s3://${main.name}/datasets/${namespace}` };
}

async function list(asked: Asked): Promise<Response> {
  const query = asked.url.searchParams;
  const { namespaces } = await asked.needs.catalog.namespaces({}, asked.call);
  const names = namespaces.map(({ namespace }) => namespace);
  const parent = query.get("parent") ?? "";
  if (parent !== "") {
    // No namespace has others below it; one that is not there is an error.
    mustBeIn(names, namespaceOf(levelsOf(parent), "find"));
    return jsonAnswer({ namespaces: [], "next-page-token": null });
  }
  const page = pageOf(names, query);
  const wrapped = page.names.map((name) => [name]);
  return jsonAnswer({ namespaces: wrapped, "next-page-token": page.next });
}

async function create(asked: Asked): Promise<Response> {
  const body = await jsonBody(asked.request);
  const namespace = namespaceOf(textsAt(body, "namespace"), "make");
  const properties = propertiesAt(body, "properties");
  const made = await asked.needs.catalog.create_namespace({ namespace, properties }, asked.call);
  return jsonAnswer({ namespace: [made.namespace], properties: made.properties });
}

async function change(asked: Asked): Promise<Response> {
  const namespace = namespaceOf(levelsOf(asked.params["namespace"]!), "find");
  const body = await jsonBody(asked.request);
  const removals = textsAt(body, "removals");
  const updates = propertiesAt(body, "updates");
  const both = removals.filter((name) => Object.hasOwn(updates, name));
  if (both.length > 0) {
    const message = `to be removed and set at once: ${both.join(", ")}`;
    throw new LakehouseError("rejected", message, { reason: "removed_and_set" });
  }
  if (new Set(removals).size < removals.length) throw bad("a removal is named twice");
  const changes = { namespace, set_properties: updates, remove_properties: removals };
  const { missing } = await asked.needs.catalog.alter_namespace(changes, asked.call);
  const removed = removals.filter((name) => !missing.includes(name));
  return jsonAnswer({ updated: Object.keys(updates), removed, missing });
}

/** The namespace of the path, if it is there; else `not_found`. */
export async function presentNamespace(asked: Asked) {
  const name = namespaceOf(levelsOf(asked.params["namespace"]!), "find");
  const { namespaces } = await asked.needs.catalog.namespaces({}, asked.call);
  const names = namespaces.map(({ namespace }) => namespace);
  mustBeIn(names, name);
  return namespaces[names.indexOf(name)]!;
}

function mustBeIn(names: readonly string[], name: string): void {
  if (names.includes(name)) return;
  const message = `there is no namespace "${name}"`;
  throw new LakehouseError("not_found", message, { reason: "no_such_namespace" });
}
