// The sessions under way and the latest that ended: for callers who left before they did.
import type { Call } from "#kernel/call.ts";
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
  const under_way = new Map<Promise<unknown>, string>();
  let ended: { readonly trace_id: string; readonly session: EndedSession }[] = [];

  function running(trace_id?: string): Promise<unknown> {
    const each = [...under_way].filter(([, of]) => trace_id === undefined || of === trace_id);
    return Promise.allSettled(each.map(([session]) => session));
  }

  return {
    async waitFor(session, call) {
      under_way.set(session, call.trace_id);
      try {
        return await session;
      } finally {
        under_way.delete(session);
      }
    },
    add({ session_id, kind, model, provider, iterations, final_verdict, trace_id }, call) {
      const parent_span_id = call.parent_span_id ?? null;
      const told = { session_id, kind, model, provider, iterations, final_verdict, parent_span_id };
      // Twice as many for a moment, so that not every session moves all of them.
      if (ended.length >= 2 * REMEMBERED_MAX) ended = ended.slice(-REMEMBERED_MAX);
      ended.push({ trace_id, session: told });
    },
    async of(trace_id) {
      await running(trace_id);
      return ended.filter((one) => one.trace_id === trace_id).map(({ session }) => session);
    },
    async settled(timeout_ms) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeout_ms)));
      await Promise.race([running(), late]);
      clearTimeout(timer);
    },
  };
}
