// An answer whose call is in the ledger before its last piece is handed out, however it ends.
import { toLakehouseError, type LakehouseError } from "#kernel/problem.ts";
import type { Log } from "#kernel/log.ts";
import type { ChatDelta } from "#ports/chat-model.ts";
import type { AdmittedModel, ModelOutcome } from "#ports/call-ledger.ts";
import type { TokenUsage } from "#contracts/nouns.ts";
import type { Deltas } from "./guarded-answer.ts";

/** What is known of a call while it runs. */
export interface CallTally {
  provider: string;
  model: string;
  /** `performance.now()` */
  readonly began: number;
  first_token_ms: number | undefined;
  cache: ModelOutcome["cache"];
  retries: number;
  hedged: boolean;
}

export interface Settling {
  readonly tally: CallTally;
  /** Undefined: chat runs without a ledger. */
  readonly admitted: AdmittedModel | undefined;
  /** Whether the caller reads piece by piece. */
  readonly stream: boolean;
  readonly log: Log;
}

type End = Pick<ModelOutcome, "usage" | "finish_reason" | "error">;

/** Writes the line; resolves when it is durable. */
export async function settle({ tally, admitted }: Settling, end: End): Promise<void> {
  if (admitted === undefined) return;
  const { provider, model, first_token_ms, cache, retries, hedged } = tally;
  const known = { provider, model, first_token_ms, cache, retries, hedged };
  const { usage, finish_reason, error } = end;
  const duration_ms = performance.now() - tally.began;
  await admitted.settle({ ...known, usage, finish_reason, error, duration_ms });
}

/** Settles a call that failed before it spoke; the error is thrown in any case. */
export async function settleFailed(settling: Settling, thrown: unknown): Promise<never> {
  const error = toLakehouseError(thrown);
  await settle(settling, { usage: undefined, finish_reason: undefined, error: error.reason });
  throw error;
}

/** The pieces, the first of which is there already. A reader that leaves is settled too. */
export function settledAnswer(
  first: ChatDelta,
  rest: Deltas,
  settling: Settling,
  onWhole?: (deltas: readonly ChatDelta[]) => void,
): Deltas {
  let ahead: ChatDelta | undefined = first;
  let usage: TokenUsage | undefined;
  let over = false;
  const kept: ChatDelta[] | undefined = onWhole === undefined ? undefined : [];

  async function finish(delta: ChatDelta): Promise<void> {
    over = true;
    if (kept !== undefined) onWhole?.(kept);
    await settle(settling, { usage, finish_reason: delta.finish_reason, error: undefined });
  }

  async function fail(error: LakehouseError): Promise<never> {
    if (over) throw error;
    over = true;
    const finish_reason = error.code === "cancelled" ? "cancelled" : "error";
    await settle(settling, { usage, finish_reason, error: error.reason });
    throw error;
  }

  return {
    async next() {
      let item: IteratorResult<ChatDelta, undefined>;
      if (ahead !== undefined) {
        item = { done: false, value: ahead };
        ahead = undefined;
      } else {
        try {
          item = await rest.next();
        } catch (thrown) {
          return fail(toLakehouseError(thrown));
        }
      }
      if (item.done) return item;
      usage = item.value.usage ?? usage;
      kept?.push(item.value);
      if (item.value.finish_reason !== undefined && !over) await finish(item.value);
      return item;
    },
    leave() {
      rest.leave();
      if (over) return;
      over = true;
      settle(settling, { usage, finish_reason: "cancelled", error: "cancelled" }).catch(
        (err: unknown) => settling.log.error({ err }, "a call that was left is not in the ledger"),
      );
    },
  };
}
