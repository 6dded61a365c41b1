// How a content stands in a scope: there, replaced by something newer, retired, or not at all.
import { keyOf } from "./key-table.ts";
import type { TraceTable } from "./trace-table.ts";

export type ContentStanding =
  | { readonly is: "new" }
  /** A trace says so; or it did (`current` is false) and was corrected to what it says now. */
  | { readonly is: "active"; readonly trace: number; readonly current: boolean }
  /** A newer version stands in its place; `newest` may be revised. */
  | { readonly is: "superseded"; readonly trace: number; readonly newest: number }
  | { readonly is: "retired"; readonly trace: number };

interface Version {
  readonly trace: number;
  /** Whether the trace says so now; false: it was corrected since. */
  readonly current: boolean;
}

/**
 * What stands there comes first, then what was retired, then what was replaced. A version whose
 * chain ends with a retired one keeps nobody out: it was not retired itself, and nothing newer is
 * left that could be revised.
 */
export function contentStanding(table: TraceTable, scope: number, hash: string): ContentStanding {
  const versions = versionsOf(table, scope, hash);
  const is = (status: string) => (one: Version) => table.statusOf(one.trace) === status;
  const current = versions.filter((one) => one.current);
  const active = current.find(is("active"));
  if (active !== undefined) return { is: "active", ...active };
  const retired = current.find(is("retired"));
  if (retired !== undefined) return { is: "retired", trace: retired.trace };
  for (const { trace } of versions.filter(is("superseded"))) {
    const newest = livingEnd(table, trace);
    if (newest !== undefined) return { is: "superseded", trace, newest };
  }
  const corrected = versions.find(is("active"));
  if (corrected !== undefined) return { is: "active", ...corrected };
  const gone = versions.find(is("retired"));
  return gone === undefined ? { is: "new" } : { is: "retired", trace: gone.trace };
}

/** The newest version of a trace's chain where that may be changed; undefined: it was retired. */
export function livingEnd(table: TraceTable, trace: number): number | undefined {
  const newest = table.newestOf(trace);
  return newest >= 0 && !table.isRetired(newest) ? newest : undefined;
}

/** Whether this content is what a version before the newest of a chain said. */
export function isEarlierVersion(
  table: TraceTable,
  scope: number,
  hash: string,
  newest: number,
): boolean {
  return versionsOf(table, scope, hash).some(
    ({ trace }) => table.statusOf(trace) === "superseded" && table.newestOf(trace) === newest,
  );
}

/** Whether any version of a scope says or said this. */
export function wasSaid(table: TraceTable, scope: number, hash: string): boolean {
  return versionsOf(table, scope, hash).length > 0;
}

/** Text versions of a scope with this hash, the newest first. */
function versionsOf(table: TraceTable, scope: number, hash: string): Version[] {
  const traceOf = (doc: number) => table.docs.trace.values[doc]!;
  return table.hashes
    .find(keyOf(hash)!)
    .filter((doc) => table.columns.scope.values[traceOf(doc)] === scope)
    .toSorted((a, b) => b - a)
    .map((doc) => {
      const trace = traceOf(doc);
      return { trace, current: table.columns.doc.values[trace] === doc };
    });
}
