// What the kernel tells the witness of each finished contract call.
import type { Call } from "./call.ts";
import type { OperationKind } from "./contract.ts";
import type { LakehouseError } from "./problem.ts";

/** As OpenTelemetry has them: `server` spans were asked from outside the process. */
export type SpanKind = "server" | "internal" | "client";

export type SpanAttributes = Record<string, string | number | boolean | readonly string[]>;

export interface SpanRecord {
  readonly service: string;
  readonly operation: string;
  readonly kind: OperationKind;
  readonly span_kind?: SpanKind | undefined;
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_span_id: string | undefined;
  readonly principal: string;
  readonly started_ms: number;
  readonly duration_ms: number;
  /** What the operation noted of itself. */
  readonly attributes?: Readonly<SpanAttributes> | undefined;
  /** undefined: the call succeeded. */
  readonly error: LakehouseError | undefined;
}

/** Takes a record at once and never throws; whatever is slow happens behind it. */
export type Witness = (record: SpanRecord) => void;

/** Adds attributes to the span of a call that is still open (names: OpenTelemetry's or ours). */
export function noteOnSpan(call: Call, attributes: SpanAttributes): void {
  const noted = call.noted;
  if (noted !== undefined) Object.assign(noted, attributes);
}
