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
  "embed",
  "respond",
  "replay",
  "workflow",
  "contract",
]);

const ISO_FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * The time in the form in which it is kept; undefined: it is none. Many events are of one moment,
 * and reading a time takes as long as all the rest.
 */
const isoFormOf = createIsoFormOf();

function createIsoFormOf(): (text: string) => string | undefined {
  let last_text = "";
  let last: string | undefined;
  return (text) => {
    if (text === last_text) return last;
    const time_ms = Date.parse(text);
    last_text = text;
    if (Number.isNaN(time_ms)) last = undefined;
    else last = ISO_FORM.test(text) ? text : new Date(time_ms).toISOString();
    return last;
  };
}

/** `success` wins over `ok`; with neither, an event with an error failed, any other succeeded. */
export function toEvent(given: z.output<typeof eventInput>, clock: Clock): Event {
  const { ok, success, timestamp, source, endpoint, duration_ms } = given;
  const time = timestamp === undefined ? undefined : isoFormOf(timestamp);
  const event: Event & { ok?: unknown } = {
    ...given,
    event_id: newId(clock.now()),
    timestamp: time ?? isoTime(clock),
    source: source ?? "unknown",
    source_known: source !== undefined && KNOWN_SOURCES.has(source),
    endpoint: endpoint ?? "",
    success: success ?? ok ?? given.error === undefined,
    duration_ms: duration_ms ?? 0,
  };
  if ("ok" in event) delete event.ok;
  if (timestamp !== undefined && time === undefined) {
    event.details = { ...given.details, timestamp_given: timestamp };
  }
  return event;
}
