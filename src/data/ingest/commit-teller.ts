// Tells the journal of commits that stand: a journal that fails turns no committed row into an
// error.
import type { journal } from "#contracts/journal.ts";
import type { Call } from "#kernel/call.ts";
import type { Client, ParsedInputOf } from "#kernel/contract.ts";
import type { Log } from "#kernel/log.ts";

type CommitEvent = ParsedInputOf<typeof journal.operations.append>;

export interface CommitTeller {
  /** Resolves when the journal has the event, or when it is counted as lost. */
  tell(event: CommitEvent, call: Call): Promise<void>;
  /** Events that the journal did not take since the start. */
  lost(): number;
}

/** The caller's deadline may be over by now; the event is told all the same. */
const TELL_TIMEOUT_MS = 10_000;

export function createCommitTeller(needs: {
  readonly journal: Client<typeof journal>;
  readonly log: Log;
}): CommitTeller {
  let lost = 0;
  return {
    async tell(event, call) {
      const deadline_ms = Date.now() + TELL_TIMEOUT_MS;
      const signal = AbortSignal.timeout(TELL_TIMEOUT_MS);
      try {
        await needs.journal.append(event, { ...call, deadline_ms, signal });
      } catch (error) {
        // The catalog's own event of this snapshot names the same source, so nothing is unknown.
        lost++;
        needs.log.error({ err: error, event }, "a commit stands that the journal was not told of");
      }
    },
    lost: () => lost,
  };
}
