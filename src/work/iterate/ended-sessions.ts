// The sessions under way and the latest that ended: for callers who left before they did.
import type { Call } from "#kernel/call.ts";
import { createWorkUnderWay } from "#kernel/work-under-way.ts";
import type { EndedSession, SessionRow } from "#contracts/iterate.ts";

export interface EndedSessions {
  /** The session's answer; until it is there the session is under way. */
  waitFor<T>(session: Promise<T>, call: Call): Promise<T>;
  add(row: SessionRow, call: Call): void;
  /** Those of a trace, oldest first, once none of them is under way. */
  of(trace_id: string): Promise<EndedSession[]>;
  /** Resolves when none is under way, or after so long. */
  settled(timeout_ms: number): Promise<void>;
}

const REMEMBERED_MAX = 1_000;

export function createEndedSessions(): EndedSessions {
  const under_way = createWorkUnderWay();
  let ended: { readonly trace_id: string; readonly session: EndedSession }[] = [];

  return {
    waitFor: (session, call) => under_way.follow(session, call.trace_id),
    add({ session_id, kind, model, provider, iterations, final_verdict, trace_id }, call) {
      const parent_span_id = call.parent_span_id ?? null;
      const told = { session_id, kind, model, provider, iterations, final_verdict, parent_span_id };
      // Twice as many for a moment, so that not every session moves all of them.
      if (ended.length >= 2 * REMEMBERED_MAX) ended = ended.slice(-REMEMBERED_MAX);
      ended.push({ trace_id, session: told });
    },
    async of(trace_id) {
      await under_way.endOf(trace_id);
      return ended.filter((one) => one.trace_id === trace_id).map(({ session }) => session);
    },
    settled: under_way.settled,
  };
}
