// Commits over the Iceberg REST protocol: requirements and updates of one table, or of many.
import { datasetOf } from "./iceberg-names.ts";
import { bad, jsonAnswer, jsonBody, noContent, objectsAt } from "./iceberg-request.ts";
import type { JsonObject } from "./iceberg-request.ts";
import type { Asked, IcebergRoute } from "./iceberg-route.ts";
import { mayMoveTo } from "./table-places.ts";
import { identifierAt, tableOf } from "./table-routes.ts";

export const commitRoutes: readonly IcebergRoute[] = [
  {
    method: "POST",
    path: "namespaces/{namespace}/tables/{table}",
    scope: "write",
    commit: true,
    answer: commitOne,
  },
  {
    method: "POST",
    path: "transactions/commit",
    scope: "write",
    commit: true,
    answer: commitMany,
  },
];

async function commitOne(asked: Asked): Promise<Response> {
  const body = await jsonBody(asked.request);
  const change = changeOf(asked, body, datasetOf(tableOf(asked), purposeOf(body)));
  if (body["identifier"] !== undefined && body["identifier"] !== null) {
    const named = datasetOf(identifierAt(body, "identifier"), "make");
    if (named !== change.name) {
      throw bad(`the path is for "${change.name}", the body's identifier for "${named}"`);
    }
  }
  const { tables } = await asked.needs.catalog.commit_tables({ changes: [change] }, asked.call);
  const [table] = tables;
  if (table === undefined) throw new Error("a commit of one table answers that table");
  return jsonAnswer({ "metadata-location": table.metadata_location, metadata: table.metadata });
}

async function commitMany(asked: Asked): Promise<Response> {
  const body = await jsonBody(asked.request);
  const asked_changes = objectsAt(body, "table-changes");
  if (asked_changes.length === 0) throw bad('"table-changes" must hold at least one');
  const changes = asked_changes.map((change) =>
    changeOf(asked, change, datasetOf(identifierAt(change, "identifier"), purposeOf(change))),
  );
  if (new Set(changes.map(({ name }) => name)).size < changes.length) {
    throw bad('"table-changes" names a table twice');
  }
  await asked.needs.catalog.commit_tables({ changes }, asked.call);
  return noContent();
}

function changeOf(asked: Asked, body: JsonObject, name: string) {
  mayMoveTo(asked, objectsAt(body, "updates"));
  return {
    name,
    requirements: objectsAt(body, "requirements").map((one) => ({ ...one })),
    updates: objectsAt(body, "updates").map((one) => ({ ...one })),
  };
}

/** A transaction that creates its table has `assert-create` among its requirements. */
function purposeOf(body: JsonObject): "make" | "find" {
  const creates = objectsAt(body, "requirements").some((one) => one["type"] === "assert-create");
  return creates ? "make" : "find";
}
