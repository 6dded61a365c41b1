// What a session came to whose caller left before it ended: its error carries nothing of it.
import { NEVER, type Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import type { LakehouseError } from "#kernel/problem.ts";
import type { iterate } from "#contracts/iterate.ts";

export interface LeftSession {
  readonly iterations: number;
  readonly model: string | null;
}

/** A session that nobody waits for ends at once: its model is told, its row is written. */
const ENDING_TIMEOUT_MS = 2_000;

/** undefined: it was not left, or there was none. Never throws. */
export async function leftSession(
  client: Client<typeof iterate>,
  error: LakehouseError,
  call: Call,
): Promise<LeftSession | undefined> {
  const is_left = error.code === "cancelled" || error.code === "deadline_exceeded";
  if (!is_left || error.extra["iterations"] !== undefined) return undefined;
  const deadline_ms = Date.now() + ENDING_TIMEOUT_MS;
  try {
    const { trace_id } = call;
    const told = await client.sessions({ trace_id }, { ...call, signal: NEVER, deadline_ms });
    const parent_span_id = call.span_id === "" ? null : call.span_id;
    // Drafts before a correction ended otherwise.
    const own = told.sessions.findLast(
      (one) => one.parent_span_id === parent_span_id && one.final_verdict === "infra_error",
    );
    if (own === undefined) return undefined;
    return { iterations: own.iterations, model: own.model === "" ? null : own.model };
  } catch {
    return undefined;
  }
}
