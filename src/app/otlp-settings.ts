// Settings of telemetry: where spans go beside the log on disk, and what is counted.
import { z } from "zod";
import { tellFault } from "./provider-settings.ts";

export const telemetrySettings = z.strictObject({
  metrics: z.boolean().default(true).describe("GET /metrics for Prometheus"),
  otlp_url: z
    .string()
    .superRefine(tellFault)
    .default("")
    .describe("traces endpoint of a collector, e.g. http://127.0.0.1:4318/v1/traces; empty: none"),
  otlp_headers: z
    .record(z.string(), z.string())
    .default({})
    .describe("sent with each batch; a value env:NAME or file:/path is the secret behind it"),
  queue_spans_max: z.int().min(1).max(1_000_000).default(20_000).describe("waiting at most"),
  batch_spans_max: z.int().min(1).max(10_000).default(512),
  flush_after_ms: z.int().min(1).default(1_000).describe("how long a span waits for its batch"),
  timeout_ms: z.int().min(1).default(10_000).describe("of one batch"),
});
export type TelemetrySettings = z.output<typeof telemetrySettings>;
