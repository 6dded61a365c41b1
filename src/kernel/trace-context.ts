// Trace ids across processes and vendors: W3C traceparent and tracestate beside our own header.
import { createHash } from "node:crypto";
import type { Call } from "./call.ts";
import { newId } from "./ids.ts";

export const TRACE_HEADER = "x-lakehouse-trace-id";
export const TRACEPARENT_HEADER = "traceparent";
const TRACESTATE_HEADER = "tracestate";

/** Where a request stands in a trace that began elsewhere, or with it. */
export interface TraceOrigin {
  readonly trace_id: string;
  /** The caller's span (16 hex digits), when it says one of this trace. */
  readonly parent_span_id: string | undefined;
  /** What other vendors keep in the trace; passed on as it came. */
  readonly tracestate: string | undefined;
}

const OWN_FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const HEX_TRACE = /^(?!0{32})[0-9a-f]{32}$/;
const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

/** Whether somebody else's trace id may be taken over as it is. */
function isTraceId(text: string): boolean {
  return /^[\w.:-]{1,128}$/.test(text);
}

/**
 * A trace id as W3C and OTLP write it, 32 hex digits: a UUIDv7 loses its dashes (`ownTraceId` puts
 * them back), 32 hex digits stay, any other text is named by its sha256.
 */
export function hexTraceId(trace_id: string): string {
  if (OWN_FORM.test(trace_id)) return withoutDashes(trace_id);
  if (HEX_TRACE.test(trace_id)) return trace_id;
  return createHash("sha256").update(trace_id).digest("hex").slice(0, 32);
}

function withoutDashes(id: string): string {
  return id.slice(0, 8) + id.slice(9, 13) + id.slice(14, 18) + id.slice(19, 23) + id.slice(24);
}

/** The trace id that 32 hex digits stand for: of a UUIDv7 its own form, else as they are. */
export function ownTraceId(hex: string): string {
  const dashed = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  return OWN_FORM.test(dashed) ? dashed : hex;
}

/** The parts of a traceparent (W3C Trace Context level 1, §3.2); undefined: not a valid one. */
export function parseTraceparent(text: string): { trace: string; span: string } | undefined {
  const [, version, trace, span, rest] = PARENT.exec(text.trim()) ?? [];
  if (trace === undefined || span === undefined || version === "ff") return undefined;
  if (version === "00" && rest !== undefined) return undefined;
  return /^0+$/.test(trace) || /^0+$/.test(span) ? undefined : { trace, span };
}

/** Longest tracestate that is passed on whole; a longer one may be dropped (§3.3.1.5). */
const STATE_LENGTH_MAX = 512;

/** Our own header names the trace; a traceparent adds the span above when it means the same one. */
export function traceOrigin(header: (name: string) => string | undefined): TraceOrigin {
  const own = header(TRACE_HEADER);
  const given = own !== undefined && isTraceId(own) ? own : undefined;
  const text = header(TRACEPARENT_HEADER);
  const parent = text === undefined ? undefined : parseTraceparent(text);
  if (parent === undefined || (given !== undefined && hexTraceId(given) !== parent.trace)) {
    return { trace_id: given ?? newId(), parent_span_id: undefined, tracestate: undefined };
  }
  const state = header(TRACESTATE_HEADER);
  const tracestate =
    state !== undefined && state.length <= STATE_LENGTH_MAX && /^[\x20-\x7e]+$/.test(state)
      ? state
      : undefined;
  return { trace_id: given ?? ownTraceId(parent.trace), parent_span_id: parent.span, tracestate };
}

type Traced = Pick<Call, "trace_id" | "span_id" | "tracestate">;

/** Headers that carry a call's trace to whom it asks; to strangers only what W3C defines. */
export function traceparentHeaders({ trace_id, span_id, tracestate }: Traced) {
  const headers: Record<string, string> = {};
  // Without a span above there is nothing that a traceparent could name.
  if (span_id === "") return headers;
  headers[TRACEPARENT_HEADER] = `00-${hexTraceId(trace_id)}-${span_id}-01`;
  if (tracestate !== undefined) headers[TRACESTATE_HEADER] = tracestate;
  return headers;
}
