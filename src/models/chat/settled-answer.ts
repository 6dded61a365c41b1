// An answer whose call is in the ledger before its last piece is handed out, however it ends.
import { toLakehouseError, type LakehouseError } from "#kernel/problem.ts";
import type { Log } from "#kernel/log.ts";
import type { ChatDelta } from "#ports/chat-model.ts";
import type { AdmittedModel, ModelOutcome, NextModel, TriesSoFar } from "#ports/call-ledger.ts";
import { sumOfUsages, toldUsage } from "#ports/told-usage.ts";
import type { TokenUsage } from "#contracts/nouns.ts";
import { mayHaveWorked } from "./failure-class.ts";
import type { Deltas } from "./guarded-answer.ts";

/** What is known of a call while it runs: of the model that is asked now, but for `lost`. */
export interface CallTally extends TriesSoFar {
  provider: string;
  model: string;
  /** `performance.now()` */
  began: number;
  first_token_ms: number | undefined;
  cache: ModelOutcome["cache"];
  retries: number;
  hedged: boolean;
  lost: number;
  told: TokenUsage[] | undefined;
  /** Why the model failed; another reason may be told to the caller. */
  failed: string | undefined;
}

export function startTally(
  { provider, model }: Pick<CallTally, "provider" | "model">,
  began: number,
): CallTally {
  return {
    provider,
    model,
    began,
    first_token_ms: undefined,
    cache: "off",
    retries: 0,
    hedged: false,
    lost: 0,
    told: undefined,
    failed: undefined,
  };
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
export function settle({ tally, admitted }: Settling, end: End): Promise<void> {
  if (admitted === undefined) return Promise.resolve();
  return admitted.settle(outcomeOf(tally, end));
}

function outcomeOf(tally: CallTally, end: End): ModelOutcome {
  const { provider, model, first_token_ms, cache, retries, hedged } = tally;
  const duration_ms = performance.now() - tally.began;
  return { provider, model, first_token_ms, cache, retries, hedged, ...end, duration_ms };
}

/**
 * A line for a model that failed, before `next` is asked in its place: from here on the tally is
 * that of `next`. Lines are written in order, so this one is there before the call's own.
 */
export function passOn({ tally, admitted, log }: Settling, next: NextModel): void {
  const outcome = outcomeOf(tally, failedFor(tally, tally.failed));
  admitted?.lost(outcome, next).catch((err: unknown) => {
    log.error({ err }, "a model that was stood in for is not in the ledger");
  });
  const { lost } = tally;
  // Its answer was not looked for in memory.
  Object.assign(tally, { ...startTally(next, performance.now()), lost });
}

function failedFor({ told }: CallTally, error: string | undefined): End {
  return { usage: sumOfUsages(told), finish_reason: undefined, error };
}

/** A try that failed after it was sent and before it spoke: what it told of tokens is kept. */
export function noteFailed(tally: CallTally, error: LakehouseError): void {
  const usage = toldUsage(error);
  if (usage !== undefined) (tally.told ??= []).push(usage);
  else if (mayHaveWorked(error)) tally.lost++;
}

/** A line for the slower of two tries: what it used is not known. Written before the call's own. */
export function noteLost(
  { tally, admitted, log }: Settling,
  { provider, model }: { readonly provider: string; readonly model: string },
  began: number,
): void {
  const outcome: ModelOutcome = {
    provider,
    model,
    usage: undefined,
    finish_reason: "cancelled",
    error: "hedge_lost",
    duration_ms: performance.now() - began,
    first_token_ms: undefined,
    cache: tally.cache,
    retries: tally.retries,
    hedged: true,
  };
  admitted?.lost(outcome).catch((err: unknown) => {
    log.error({ err }, "a try that was left is not in the ledger");
  });
}

/** Settles a call that failed before it spoke; the error is thrown in any case. */
export async function settleFailed(settling: Settling, thrown: unknown): Promise<never> {
  const error = toLakehouseError(thrown);
  const { tally } = settling;
  await settle(settling, failedFor(tally, tally.failed ?? error.reason));
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

  function finish(delta: ChatDelta): Promise<void> {
    over = true;
    if (kept !== undefined) onWhole?.(kept);
    return settle(settling, { usage, finish_reason: delta.finish_reason, error: undefined });
  }

  type Item = IteratorResult<ChatDelta, undefined>;

  /** The item, once what it ends is in the ledger. */
  function handOut(item: Item): Item | Promise<Item> {
    if (item.done) return item;
    usage = item.value.usage ?? usage;
    kept?.push(item.value);
    if (item.value.finish_reason === undefined || over) return item;
    return finish(item.value).then(() => item);
  }

  async function fail(error: LakehouseError): Promise<never> {
    if (over) throw error;
    over = true;
    const finish_reason = error.code === "cancelled" ? "cancelled" : "error";
    const used = toldUsage(error) ?? usage;
    await settle(settling, { usage: used, finish_reason, error: error.reason });
    throw error;
  }

  return {
    next() {
      if (ahead === undefined) {
        return rest.next().then(handOut, (thrown: unknown) => fail(toLakehouseError(thrown)));
      }
      const value = ahead;
      ahead = undefined;
      return Promise.resolve(handOut({ done: false, value }));
    },
    leave() {
      rest.leave();
      if (over) return;
      over = true;
      // What is there and nobody took may have told it.
      const told = usage ?? ahead?.usage;
      settle(settling, { usage: told, finish_reason: "cancelled", error: "cancelled" }).catch(
        (err: unknown) => settling.log.error({ err }, "a call that was left is not in the ledger"),
      );
    },
  };
}
