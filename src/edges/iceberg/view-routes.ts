// Views are not kept here: clients that ask all the same learn that there are none.
import { LakehouseError } from "#kernel/problem.ts";
import { jsonAnswer } from "./iceberg-request.ts";
import type { IcebergRoute } from "./iceberg-route.ts";
import { presentNamespace } from "./namespace-routes.ts";

const ALL = "namespaces/{namespace}/views";
const ONE = `${ALL}/{view}`;

/** None is announced, so newer clients never come here; older ones list and look. */
export const viewRoutes: readonly IcebergRoute[] = [
  {
    method: "GET",
    path: ALL,
    scope: "read",
    announced: false,
    async answer(asked) {
      await presentNamespace(asked);
      return jsonAnswer({ identifiers: [], "next-page-token": null });
    },
  },
  ...(["GET", "HEAD", "DELETE"] as const).map((method) => ({
    method,
    path: ONE,
    scope: "read" as const,
    announced: false,
    async answer(asked: { params: Readonly<Record<string, string>> }): Promise<Response> {
      throw new LakehouseError("not_found", `there is no view "${asked.params["view"]}"`, {
        reason: "no_such_view",
      });
    },
  })),
  ...[ALL, ONE, "views/rename"].map((path) => ({
    method: "POST" as const,
    path,
    scope: "write" as const,
    announced: false,
    async answer(): Promise<Response> {
      throw new LakehouseError("unimplemented", "this catalog keeps no views");
    },
  })),
];
