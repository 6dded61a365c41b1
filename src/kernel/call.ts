// What travels with every call: trace, deadline, cancellation, who asks, idempotency key.
import { newId, newSpanId } from "./ids.ts";
import { LIMITS } from "./limits.ts";
import { LakehouseError } from "./problem.ts";
import type { SpanAttributes } from "./trace.ts";

export type Scope = "read" | "write" | "admin";

/** Who asks. `local` is the owner of the process; others come from tokens. */
export interface Principal {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** The virtual key that was shown, if it was one. */
  readonly key_id?: string | undefined;
  /** May ask models and embeddings and nothing else, whatever the scopes; held at the door. */
  readonly models_only?: boolean | undefined;
}

export interface Call {
  /** Joins everything done for one request; UUIDv7 unless the caller brought its own. */
  readonly trace_id: string;
  /** 16 hex digits; "" at the root of a trace: its first span is made below it. */
  readonly span_id: string;
  readonly parent_span_id: string | undefined;
  /** What other vendors keep in the trace (W3C tracestate); passed on as it came. */
  readonly tracestate?: string | undefined;
  /** True for what came from another process: the span below it is a `server` one. */
  readonly from_edge?: boolean | undefined;
  /** True in the operation that another process asked for, not in those that it asks in turn. */
  readonly outermost?: boolean | undefined;
  /** Attributes of this call's span, filled by `noteOnSpan`. */
  readonly noted?: SpanAttributes | undefined;
  /** Epoch milliseconds after which nobody waits for the answer any more. */
  readonly deadline_ms: number;
  /** Aborts when the caller leaves or the deadline passes. */
  readonly signal: AbortSignal;
  readonly principal: Principal;
  readonly idempotency_key: string | undefined;
}

export const LOCAL_PRINCIPAL: Principal = { name: "local", scopes: ["read", "write", "admin"] };

export interface CallOptions {
  readonly trace_id?: string | undefined;
  /** The span above, of another process; absent: there is none yet. */
  readonly span_id?: string | undefined;
  readonly tracestate?: string | undefined;
  readonly from_edge?: boolean | undefined;
  readonly timeout_ms?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly principal?: Principal | undefined;
  readonly idempotency_key?: string | undefined;
}

/** The signal of a call that nobody can cancel; whoever waits need not listen to it. */
export const NEVER = new AbortController().signal;

/** A call at the root of a trace. */
export function startCall(options: CallOptions = {}): Call {
  return {
    trace_id: options.trace_id ?? newId(),
    span_id: options.span_id ?? "",
    parent_span_id: undefined,
    tracestate: options.tracestate,
    from_edge: options.from_edge,
    outermost: false,
    noted: undefined,
    deadline_ms: Date.now() + (options.timeout_ms ?? LIMITS.call_timeout_ms),
    signal: options.signal ?? NEVER,
    principal: options.principal ?? LOCAL_PRINCIPAL,
    idempotency_key: options.idempotency_key,
  };
}

interface CallBounds {
  timeout_ms?: number;
  signal?: AbortSignal;
}

/**
 * The same call with its span, for a part of its work that must end sooner: what is asked with it
 * stands below that span, as without the bound. A span of one's own is `childCall`, and is told.
 */
export function boundedCall(call: Call, bounds: CallBounds): Call {
  return { ...call, deadline_ms: deadlineOf(call, bounds), signal: signalOf(call, bounds) };
}

function deadlineOf(call: Call, { timeout_ms }: CallBounds): number {
  return timeout_ms === undefined
    ? call.deadline_ms
    : Math.min(call.deadline_ms, Date.now() + timeout_ms);
}

function signalOf(call: Call, { signal }: CallBounds): AbortSignal {
  return signal ? AbortSignal.any([call.signal, signal]) : call.signal;
}

/**
 * A call made on behalf of another: same trace, a span below it, a deadline never later. Clients
 * make their own: who makes one here tells its span, or those below hang in the air.
 */
export function childCall(
  parent: Call,
  options: CallBounds & { noted?: SpanAttributes; outermost?: boolean } = {},
): Call {
  return {
    trace_id: parent.trace_id,
    span_id: newSpanId(),
    parent_span_id: parent.span_id === "" ? undefined : parent.span_id,
    tracestate: parent.tracestate,
    from_edge: false,
    outermost: options.outermost ?? false,
    noted: options.noted,
    deadline_ms: deadlineOf(parent, options),
    signal: signalOf(parent, options),
    principal: parent.principal,
    idempotency_key: parent.idempotency_key,
  };
}

/** Milliseconds left; 0 when the deadline has passed. */
export function remainingMs(call: Call): number {
  return Math.max(0, call.deadline_ms - Date.now());
}

/** Throws `cancelled` or `deadline_exceeded` when nobody waits for this call any more. */
export function throwIfOver(call: Call): void {
  if (call.signal.aborted) throw cancelledError(call);
  if (Date.now() > call.deadline_ms) {
    throw new LakehouseError("deadline_exceeded", "the deadline of the call has passed");
  }
}

/**
 * The error for a call that is over: `deadline_exceeded` unless it was aborted before, then what
 * the one who aborted it says, else `cancelled`.
 */
export function cancelledError(call: Call): LakehouseError {
  if (call.signal.reason instanceof LakehouseError) return call.signal.reason;
  // A timer may fire a moment before the clock shows its time.
  return !call.signal.aborted || Date.now() >= call.deadline_ms
    ? new LakehouseError("deadline_exceeded", "the deadline of the call has passed")
    : new LakehouseError("cancelled", "the call was cancelled by its caller");
}
