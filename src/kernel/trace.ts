// What the kernel tells the witness of each finished contract call.
import type { OperationKind } from "./contract.ts";
import type { LakehouseError } from "./problem.ts";

export interface SpanRecord {
  readonly service: string;
  readonly operation: string;
  readonly kind: OperationKind;
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_span_id: string | undefined;
  readonly principal: string;
  readonly started_ms: number;
  readonly duration_ms: number;
  /** undefined: the call succeeded. */
  readonly error: LakehouseError | undefined;
}

/** Takes a record at once and never throws; whatever is slow happens behind it. */
export type Witness = (record: SpanRecord) => void;
