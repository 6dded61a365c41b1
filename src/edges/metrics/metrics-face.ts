// GET /metrics, for Prometheus. Counting begins with the house; the library is loaded after it.
import type { EventInput } from "#contracts/observe.ts";
import type { HttpFace } from "#kernel/http-face.ts";
import type { Log } from "#kernel/log.ts";
import { problemResponse } from "#kernel/serve-http.ts";
import type { HouseMetrics, MetricsNeeds } from "./house-metrics.ts";

export interface MetricsFace extends HttpFace {
  /** Counts an event of the house, soon. Never throws. */
  take(event: EventInput): void;
  stop(): void;
}

const PATH = "/metrics";
const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";
/** Loading takes longer than the first answers of a house. */
const LOAD_AFTER_MS = 1_000;
/** Events that wait for it; with more it is loaded at once. */
const WAITING_MAX = 2_000;

export function createMetricsFace(needs: MetricsNeeds & { readonly log: Log }): MetricsFace {
  let waiting: EventInput[] = [];
  let metrics: HouseMetrics | undefined;
  let loading: Promise<HouseMetrics> | undefined;
  const timer = setTimeout(load, LOAD_AFTER_MS).unref();

  function load(): void {
    open().catch((err: unknown) => needs.log.error({ err }, "metrics cannot be counted"));
  }

  function open(): Promise<HouseMetrics> {
    clearTimeout(timer);
    loading ??= import("./house-metrics.ts").then(({ createHouseMetrics }) => {
      metrics = createHouseMetrics(needs);
      for (const event of waiting) metrics.take(event);
      waiting = [];
      return metrics;
    });
    return loading;
  }

  return {
    name: "metrics",
    handles: ({ method }, { pathname }) => pathname === PATH && method === "GET",
    async handle({ authenticate, trace_id }) {
      try {
        const { scopes } = authenticate("read");
        const text = await (await open()).text(scopes.includes("admin"));
        return new Response(text, { headers: { "content-type": CONTENT_TYPE } });
      } catch (error) {
        return problemResponse(error, trace_id);
      }
    },
    take(event) {
      if (metrics !== undefined) return metrics.take(event);
      waiting.push(event);
      if (waiting.length === WAITING_MAX) load();
    },
    stop: () => clearTimeout(timer),
  };
}
