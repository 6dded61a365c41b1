// Operations of contracts, by how long they took and how they ended.
import type { Registry } from "prom-client";
import type { EventInput } from "#contracts/observe.ts";
import { prometheusName } from "./prometheus-name.ts";
import { SPAN } from "#kernel/span-names.ts";
import { createDistributions, observe, type Distribution } from "./series.ts";

const ERROR = prometheusName(SPAN.error_type);
const BUCKETS_S = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
];

export function operationCounts(registry: Registry): (event: EventInput) => void {
  const words = {
    name: "lakehouse_operation_duration_seconds",
    help: "Operations of the API; error_type is the code of the error, or empty.",
    labelNames: ["operation", ERROR],
  };
  const durations = createDistributions(registry, words, BUCKETS_S);
  const without_error = new Map<string, Distribution>();
  return ({ endpoint = "", error, duration_ms = 0 }) => {
    let seen = error === undefined ? without_error.get(endpoint) : undefined;
    if (seen === undefined) {
      seen = durations(endpoint, codeOf(error));
      if (error === undefined) without_error.set(endpoint, seen);
    }
    observe(seen, duration_ms / 1000);
  };
}

/** Of an event's `code/reason: message`. */
function codeOf(error: string | undefined): string {
  return error === undefined ? "" : error.slice(0, Math.max(0, error.indexOf("/")));
}
