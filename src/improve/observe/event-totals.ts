// Running totals of every event ever taken, and figures by endpoint over the ring.
import type { Event } from "#contracts/observe.ts";
import { KNOWN_SOURCES } from "./event-form.ts";

export interface Totals {
  total: number;
  successes: number;
  failures: number;
  /** A map: a source may be called like a property of every object. Bounded by SOURCES_MAX. */
  by_source: Map<string, number>;
}

export function emptyTotals(): Totals {
  return { total: 0, successes: 0, failures: 0, by_source: new Map() };
}

export function addToTotals(totals: Totals, event: Pick<Event, "success" | "source">): void {
  totals.total++;
  if (event.success) totals.successes++;
  else totals.failures++;
  const name = countedAs(totals.by_source, event.source);
  totals.by_source.set(name, (totals.by_source.get(name) ?? 0) + 1);
}

/** Names that are counted apart; sources the house knows always have their place among them. */
const SOURCES_MAX = 200;
const OTHER = "other";
const UNKNOWN_MAX = SOURCES_MAX - KNOWN_SOURCES.size - 1;

/** Anybody may send any source: once there are too many, new ones are counted together. */
function countedAs(by_source: ReadonlyMap<string, number>, source: string): string {
  if (by_source.has(source) || KNOWN_SOURCES.has(source)) return source;
  return by_source.size < UNKNOWN_MAX ? source : OTHER;
}

export interface EndpointFigures {
  endpoint: string;
  total: number;
  failures: number;
  p50_ms: number;
  p95_ms: number;
}

/** Busiest first. */
export function figuresByEndpoint(events: Iterable<Event>): EndpointFigures[] {
  const seen = new Map<string, { failures: number; durations: number[] }>();
  for (const event of events) {
    const entry = seen.get(event.endpoint) ?? { failures: 0, durations: [] };
    if (!event.success) entry.failures++;
    entry.durations.push(event.duration_ms);
    seen.set(event.endpoint, entry);
  }
  const figures = [...seen].map(([endpoint, { failures, durations }]) => {
    const sorted = durations.toSorted((a, b) => a - b);
    return {
      endpoint,
      total: sorted.length,
      failures,
      p50_ms: quantile(sorted, 0.5),
      p95_ms: quantile(sorted, 0.95),
    };
  });
  return figures.toSorted((a, b) => b.total - a.total || (a.endpoint < b.endpoint ? -1 : 1));
}

/** Nearest rank: the smallest value that at least the fraction `q` does not exceed. */
function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? 0;
}
