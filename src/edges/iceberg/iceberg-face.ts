// The Iceberg REST catalog protocol on /iceberg/v1: a thin translation to the catalog contract.
import { startCall } from "#kernel/call.ts";
import type { FaceRequest, HttpFace } from "#kernel/http-face.ts";
import { toLakehouseError } from "#kernel/problem.ts";
import type { Log } from "#kernel/log.ts";
import { ICEBERG_ROOT } from "./iceberg-root.ts";
import { commitRoutes } from "./commit-routes.ts";
import { configAnswer, tokenAnswer } from "./config-routes.ts";
import { errorAnswer } from "./iceberg-error.ts";
import { endpointOf, findRoute, type IcebergNeeds, type IcebergRoute } from "./iceberg-route.ts";
import { namespaceRoutes } from "./namespace-routes.ts";
import { tableRoutes } from "./table-routes.ts";
import { viewRoutes } from "./view-routes.ts";

export type { IcebergNeeds, MetricsReport } from "./iceberg-route.ts";
export type { StorageKeys, Vend } from "./table-access.ts";

/** Dropping with purge removes objects one by one; nothing else takes long. */
const TIMEOUT_MS = 600_000;

/**
 * The face that engines attach to as `http://host:port/iceberg`. Source of all shapes: the public
 * Iceberg REST Catalog API (`rest-catalog-open-api.yaml` of apache/iceberg).
 */
export function createIcebergFace(needs: IcebergNeeds & { readonly log?: Log }): HttpFace {
  const answered = [...namespaceRoutes, ...tableRoutes, ...commitRoutes, ...viewRoutes];
  const endpoints = answered.filter((route) => route.announced !== false).map(endpointOf);
  const config: IcebergRoute = {
    method: "GET",
    path: "config",
    scope: "read",
    answer: async (asked) => configAnswer(asked, endpoints),
  };
  const routes = [config, ...answered];

  async function answer(asked: FaceRequest, onRoute: (route: IcebergRoute) => void) {
    const { request, url, trace_id, signal } = asked;
    const path = url.pathname.slice(ICEBERG_ROOT.length);
    if (request.method === "POST" && path === "oauth/tokens") return tokenAnswer(request, needs);
    // Before the path is looked at: strangers do not learn which routes there are.
    const reader = asked.authenticate("read");
    const { route, params } = findRoute(routes, request.method, path);
    onRoute(route);
    const principal = route.scope === "read" ? reader : asked.authenticate(route.scope);
    const idempotency_key = request.headers.get("idempotency-key") ?? undefined;
    const { parent_span_id: span_id, tracestate } = asked.origin ?? {};
    const call = startCall({
      trace_id,
      span_id,
      tracestate,
      from_edge: true,
      principal,
      signal,
      idempotency_key,
      timeout_ms: TIMEOUT_MS,
    });
    return route.answer({ request, url, params, call, needs });
  }

  return {
    name: "iceberg",
    handles: (_request, url) => url.pathname.startsWith(ICEBERG_ROOT),
    async handle(asked) {
      let commit = false;
      try {
        return await answer(asked, (route) => (commit = route.commit ?? false));
      } catch (thrown) {
        const { request, trace_id } = asked;
        const error = toLakehouseError(thrown);
        if (error.code === "internal") needs.log?.error({ trace_id, err: error }, "a call broke");
        return errorAnswer(error, { head: request.method === "HEAD", commit });
      }
    },
  };
}
