// An event as it is kept: id, time and source filled in, unknown sources flagged, never refused.
import { isoTime, type Clock } from "#kernel/clock.ts";
import { newId } from "#kernel/ids.ts";
import type { z } from "zod";
import type { Event, eventInput } from "#contracts/observe.ts";

/** Sources the house knows; `contract` is what the kernel saw of a call between services. */
export const KNOWN_SOURCES: ReadonlySet<string> = new Set([
  "mcp",
  "scenario",
  "langfuse",
  "overseer_correction",
  "auditor",
  "bot",
  "scrum",
  "iterate",
  "chat",
  "respond",
  "replay",
  "workflow",
  "contract",
]);

/** Most times come in the form in which they are kept, and are not written anew. */
function inIsoForm(text: string, time_ms: number): string {
  return ISO_FORM.test(text) ? text : new Date(time_ms).toISOString();
}

const ISO_FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** `success` wins over `ok`; with neither, an event with an error failed, any other succeeded. */
export function toEvent(given: z.output<typeof eventInput>, clock: Clock): Event {
  const { ok, success, timestamp, source, endpoint, duration_ms, ...rest } = given;
  const given_ms = timestamp === undefined ? NaN : Date.parse(timestamp);
  const event: Event = {
    ...rest,
    event_id: newId(clock.now()),
    timestamp: Number.isNaN(given_ms) ? isoTime(clock) : inIsoForm(timestamp!, given_ms),
    source: source ?? "unknown",
    source_known: source !== undefined && KNOWN_SOURCES.has(source),
    endpoint: endpoint ?? "",
    success: success ?? ok ?? given.error === undefined,
    duration_ms: duration_ms ?? 0,
  };
  if (timestamp !== undefined && Number.isNaN(given_ms)) {
    event.details = { ...rest.details, timestamp_given: timestamp };
  }
  return event;
}
