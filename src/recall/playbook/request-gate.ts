// The gate on what a domain reads in two queries: same reading, same request; else what differs.
import type { QueryDifference } from "./query-difference.ts";

type Reading = Readonly<Record<string, unknown>>;

/** Fields in which two readings (task class, newline, JSON object) differ; none when equal. */
export function requestDifferences(query: string, recorded: string): QueryDifference[] {
  if (query === recorded) return [];
  const [left_class, left] = split(query);
  const [right_class, right] = split(recorded);
  if (left_class !== right_class) {
    return [{ kind: "task", query: left_class, recorded: right_class }];
  }
  const found: QueryDifference[] = [];
  for (const field of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const [a, b] = [shown(left[field]), shown(right[field])];
    if (a !== b) found.push({ kind: field, query: a, recorded: b });
  }
  // Readings that are no JSON objects can only be told apart as a whole.
  return found.length > 0 ? found : [{ kind: "request", query, recorded }];
}

function split(reading: string): [string, Reading] {
  const cut = reading.indexOf("\n");
  const [task_class, text] = [reading.slice(0, cut), reading.slice(cut + 1)];
  try {
    const value: unknown = JSON.parse(text);
    return [task_class, typeof value === "object" && value !== null ? (value as Reading) : {}];
  } catch {
    return [task_class, {}];
  }
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
