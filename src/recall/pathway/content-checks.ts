// What content must be to come in, and which trace may be changed; each refusal says what works.
import type { Call } from "#kernel/call.ts";
import type { Clock } from "#kernel/clock.ts";
import { LakehouseError } from "#kernel/problem.ts";
import {
  contentStanding,
  isEarlierVersion,
  livingEnd,
  wasSaid,
  type ContentStanding,
} from "./content-standing.ts";
import { traceOrThrow } from "./pathway-form.ts";
import type { PathwayScope } from "./pathway-row.ts";
import type { PathwaySettings } from "./pathway-settings.ts";
import type { PathwayStore } from "./pathway-store.ts";
import type { RecallGuard } from "./recall-guard.ts";
import { contentHash, contentValues, saysSomething } from "./trace-content.ts";

export interface CheckParts {
  readonly store: PathwayStore;
  readonly guard: RecallGuard;
  readonly clock: Clock;
  readonly settings: PathwaySettings;
}

/** What content must be to come in. */
export function createContentChecks({ store, guard, clock, settings }: CheckParts) {
  function standing(scope: PathwayScope, hash: string): ContentStanding {
    const { table } = store.state;
    const state = table.scope(scope);
    return state === undefined ? { is: "new" } : contentStanding(table, state.number, hash);
  }

  function refuseRetired(trace: number): never {
    const hint = "if it holds after all, say so in other words";
    refuse("retired_content", "this content was retired", store.state.table.idOf(trace), hint);
  }

  /** Whether the content is what an earlier version of this trace's chain said. */
  function goesBack(scope: PathwayScope, hash: string, pathway_id: string): boolean {
    const { table } = store.state;
    const trace = table.traceIn(scope, pathway_id);
    const state = table.scope(scope);
    if (trace === undefined || state === undefined) return false;
    return isEarlierVersion(table, state.number, hash, trace);
  }

  function refuseRecalled(scope: PathwayScope, content: unknown, sourced: boolean, call: Call) {
    const { table } = store.state;
    const state = table.scope(scope);
    const found = state && guard.sourceOf(state.number, call.trace_id, contentValues(content));
    if (found === undefined) return;
    // An exact copy that came in by another way is told as unchanged, not as an error.
    const is_known = sourced || wasSaid(table, state!.number, contentHash(content));
    if (!found.same_trace && is_known) return;
    const hint = "what was recalled is no evidence; from another trace, name its source span";
    throw new LakehouseError("rejected", "this text was handed out by a search", {
      reason: "recalled_text",
      hint,
      extra: { pathway_id: found.pathway_id },
    });
  }

  return {
    isEcho(trace: number): boolean {
      const at = store.state.table.columns.recalled_at.values[trace]!;
      return at > 0 && clock.now() - at < settings.recall_window_ms;
    },
    /**
     * The trace that this content is evidence for; undefined: there is none. What was retired, or
     * replaced by what still stands, is not taken in again.
     */
    known(scope: PathwayScope, hash: string): number | undefined {
      const found = standing(scope, hash);
      if (found.is === "retired") refuseRetired(found.trace);
      if (found.is === "superseded") {
        const id = store.state.table.idOf(found.newest);
        const message = `this content was replaced; ${id} is what stands in its place`;
        refuse("superseded_content", message, id, `if it holds again, revise ${id} with it`);
      }
      return found.is === "active" ? found.trace : undefined;
    },
    /**
     * The hash of content that is no copy of what search handed out. `changes` is the trace it is
     * to be the new text of: going back to what an earlier version of it said is no copy.
     */
    accept(
      scope: PathwayScope,
      content: unknown,
      sources: readonly unknown[],
      call: Call,
      changes?: string,
    ): string {
      const { length } = JSON.stringify(content);
      if (length > settings.content_characters_max) {
        const message = `the content has ${length} characters, more than ${settings.content_characters_max}`;
        throw new LakehouseError("too_large", message, { reason: "content_too_large" });
      }
      if (!saysSomething(contentValues(content))) {
        throw new LakehouseError("invalid", "content: nothing is said, so nothing could be found", {
          reason: "empty_content",
          hint: "give a text, or JSON with a value that is a text, a number, true or false",
          issues: [{ path: "content", message: "must say something" }],
        });
      }
      const hash = contentHash(content);
      if (changes !== undefined && goesBack(scope, hash, changes)) return hash;
      refuseRecalled(scope, content, sources.length > 0, call);
      return hash;
    },
    /** Refuses content that a trace has now, or that was retired. */
    notThere(scope: PathwayScope, hash: string): void {
      const found = standing(scope, hash);
      if (found.is === "retired") refuseRetired(found.trace);
      if (found.is !== "active" || !found.current) return;
      const id = store.state.table.idOf(found.trace);
      refuse("duplicate_content", "this content stands there already", id, "use that trace");
    },
    origins(input: PathwayScope & { derived_from: readonly string[] }): void {
      for (const id of input.derived_from) {
        if (store.state.table.traceIn(input, id) !== undefined) continue;
        const message = `derived_from names ${id}, which does not stand in this scope`;
        throw new LakehouseError("invalid", message, { reason: "unknown_origin" });
      }
    },
    /** A trace that may be updated or revised: the newest of its chain, not retired. */
    changeable(scope: PathwayScope, pathway_id: string): number {
      const { table } = store.state;
      const trace = traceOrThrow(table, scope, pathway_id);
      const status = table.statusOf(trace);
      if (status === "active") return trace;
      const newest = livingEnd(table, trace);
      const hint = newest === undefined ? "add anew" : `change ${table.idOf(newest)} instead`;
      if (status === "retired") refuse("retired", "the trace was retired", pathway_id, hint);
      const message =
        newest === undefined
          ? "a newer version stood in its place, and was retired"
          : "a newer version stands in its place";
      refuse(newest === undefined ? "retired" : "superseded", message, pathway_id, hint);
    },
  };
}

function refuse(reason: string, message: string, pathway_id: string, hint: string): never {
  throw new LakehouseError("conflict", message, { reason, hint, extra: { pathway_id } });
}
