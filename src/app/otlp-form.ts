// Events of the witness as OTLP/HTTP JSON: the protobuf JSON mapping of opentelemetry-proto v1.
import type { EventInput } from "#contracts/observe.ts";
import { GEN_AI, isModelCall, OWN, SPAN } from "#kernel/span-names.ts";
import { hexTraceId } from "#kernel/trace-context.ts";

/** opentelemetry.proto.common.v1.AnyValue; 64-bit whole numbers are text in protobuf JSON. */
type AnyValue =
  | { stringValue: string }
  | { boolValue: boolean }
  | { intValue: string }
  | { doubleValue: number }
  | { arrayValue: { values: AnyValue[] } };

export interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

/** opentelemetry.proto.trace.v1.Span; ids are hex, not base64 (OTLP spec, "JSON Protobuf"). */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly KeyValue[];
  readonly status: { readonly code?: number; readonly message?: string };
}

const SPAN_KIND: Readonly<Record<string, number>> = { internal: 1, server: 2, client: 3 };
const STATUS_ERROR = 2;
const SPAN_ID = /^(?!0{16})[0-9a-f]{16}$/;

/** Events that stand for a span of their own; others only mention the span that they belong to. */
function isSpan(event: EventInput): boolean {
  return event.source === "contract" || isAttempt(event) || isModelCall(event);
}

function isAttempt({ source, endpoint }: EventInput): boolean {
  return source === "iterate" && endpoint === "iterate.attempt";
}

/** The span of an event; undefined when it is none, or has no ids that OTLP can carry. */
export function toOtlpSpan(event: EventInput, now_ms = Date.now()): OtlpSpan | undefined {
  const { trace_id, span_id, parent_span_id: parent } = event;
  if (!isSpan(event) || trace_id === undefined || !SPAN_ID.test(span_id ?? "")) return undefined;
  const duration_ms = event.duration_ms ?? 0;
  // An event without a time is told as it ends.
  const given_ms =
    event.timestamp === undefined ? now_ms - duration_ms : Date.parse(event.timestamp);
  const details = (event.details ?? {}) as Record<string, unknown>;
  const failed = event.success === false;
  return {
    traceId: hexTraceId(trace_id),
    spanId: span_id!,
    ...(parent !== undefined && SPAN_ID.test(parent) ? { parentSpanId: parent } : {}),
    name: nameOf(event, details),
    kind: SPAN_KIND[String(details["span_kind"])] ?? SPAN_KIND["internal"]!,
    startTimeUnixNano: nanoseconds(given_ms),
    endTimeUnixNano: nanoseconds(given_ms + duration_ms),
    attributes: attributesOf(event, details),
    status: failed ? { code: STATUS_ERROR, message: event.error ?? "" } : {},
  };
}

/** `{operation} {model}`, as the conventions name inference spans. */
function nameOf({ endpoint = "" }: EventInput, details: Record<string, unknown>): string {
  const { [GEN_AI.request_model]: model, [GEN_AI.operation_name]: operation } =
    attributesIn(details);
  return typeof model === "string" && typeof operation === "string"
    ? `${operation} ${model}`
    : endpoint;
}

function attributesIn(details: Record<string, unknown>): Record<string, unknown> {
  const { attributes } = details;
  return typeof attributes === "object" && attributes !== null ? { ...attributes } : {};
}

function attributesOf(event: EventInput, details: Record<string, unknown>): KeyValue[] {
  const all: Record<string, unknown> = {
    [SPAN.session_id]: event.trace_id,
    [OWN.trace_id]: event.trace_id,
    [OWN.operation]: event.endpoint,
    [OWN.operation_kind]: details["kind"],
    [OWN.principal]: event.principal,
    [SPAN.user_id]: event.principal,
    [OWN.task_class]: event.task_class,
    [OWN.verdict]: event.event_kind,
    [OWN.iteration]: details["iteration"],
    ...(event.success === false ? { [SPAN.error_type]: errorType(event) } : {}),
    ...attributesIn(details),
  };
  return Object.entries(all).flatMap(([key, given]) => {
    const value = anyValue(given);
    return value === undefined ? [] : [{ key, value }];
  });
}

/** What a collector groups by where nothing says it (OpenTelemetry, "error.type"). */
const OTHER_ERROR = "_OTHER";

/**
 * One of few words, never what somebody wrote: of an attempt its verdict, of a contract call the
 * reason in `code/reason: message`, of a model call its reason.
 */
function errorType(event: EventInput): string {
  const { error = "", event_kind } = event;
  if (isAttempt(event)) return event_kind ?? OTHER_ERROR;
  return /^(?:\w+\/([\w.]+):|(\w+)$)/.exec(error)?.slice(1).find(Boolean) ?? OTHER_ERROR;
}

function anyValue(value: unknown): AnyValue | undefined {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") {
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  }
  if (!Array.isArray(value)) return undefined;
  const values = value.map(anyValue).filter((one) => one !== undefined);
  return { arrayValue: { values } };
}

/** Milliseconds with a fraction as whole nanoseconds, exact to a microsecond. */
function nanoseconds(time_ms: number): string {
  const whole_ms = Math.floor(time_ms);
  const rest_us = Math.floor((time_ms - whole_ms) * 1000);
  return String((BigInt(whole_ms) * 1000n + BigInt(rest_us)) * 1000n);
}

/** opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest */
export function exportRequest(spans: readonly OtlpSpan[], version: string): object {
  const resource = {
    attributes: [
      { key: SPAN.service_name, value: { stringValue: "lakehouse" } },
      { key: SPAN.service_version, value: { stringValue: version } },
    ],
  };
  const scopeSpans = [{ scope: { name: "lakehouse", version }, spans }];
  return { resourceSpans: [{ resource, scopeSpans }] };
}
