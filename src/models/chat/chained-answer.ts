// Asks the model that is wanted, then those that stand in for it: each has a line of its own.
import { remainingMs, type Call } from "#kernel/call.ts";
import { toLakehouseError, type LakehouseError } from "#kernel/problem.ts";
import type { AskedChat } from "./chat-request.ts";
import { failureClass, type FailureClass } from "./failure-class.ts";
import type { StartedAnswer } from "./hedged-answer.ts";
import { checkModelsBeside, withoutModelsBeside } from "./own-routing.ts";
import { nameOf, type Route } from "./route-model.ts";
import { passOn, type Settling } from "./settled-answer.ts";

export interface ChainedAnswer extends StartedAnswer {
  /** Who answers. */
  readonly route: Route;
}

/** One model, with its retries. */
type AskOne = (
  route: Route,
  asked: AskedChat,
  call: Call,
  settling: Settling,
) => Promise<StartedAnswer>;

/** A cheaper one may still be asked. */
const TOO_DEAR: ReadonlySet<string> = new Set(["key_budget_spent", "key_rate_limited"]);

/**
 * The first of the chain that speaks. Where none does, the error of the one that is wanted is
 * thrown, since it says best what is wrong, or that a stand-in costs too much; the ledger is told
 * how each of them failed. `fallback_on`: failures after which the next one is asked.
 */
export async function chainedAnswer(
  chain: readonly Route[],
  asked: AskedChat,
  call: Call,
  settling: Settling,
  ask: AskOne,
  fallback_on: readonly FailureClass[],
): Promise<ChainedAnswer> {
  const { tally, admitted, log } = settling;
  let why: LakehouseError | undefined;
  for (const next of chain) {
    const is_first = why === undefined;
    try {
      // A stand-in that the key may not ask is as if it were not there.
      if (!is_first && admitted?.covers(next.provider, next.model) === false) continue;
      if (is_first) checkModelsBeside(asked, next, admitted);
      else passOn(settling, next);
      const given = is_first ? asked : withoutModelsBeside(asked);
      return { route: next, ...(await ask(next, given, call, settling)) };
    } catch (thrown) {
      const error = toLakehouseError(thrown);
      const too_dear = TOO_DEAR.has(error.reason);
      // A stand-in that costs too much was not asked.
      if (is_first || !too_dear) tally.failed = error.reason;
      why = too_dear ? error : (why ?? error);
      const kind = failureClass(error);
      const goes_on = too_dear || (kind !== undefined && fallback_on.includes(kind));
      if (!goes_on || call.signal.aborted || remainingMs(call) === 0) throw why;
      const fields = { model: nameOf(next), reason: error.reason, trace_id: call.trace_id };
      log.warn(fields, "this model failed; the next one is asked, if there is one");
    }
  }
  throw why!;
}
