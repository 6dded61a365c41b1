// journal: every mutation as an event in a hash chain; durable when append answers.
import { isoTime, type Clock } from "#kernel/clock.ts";
import type { Handlers } from "#kernel/contract.ts";
import { newId } from "#kernel/ids.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { journal } from "#contracts/journal.ts";
import { openJournalStore } from "./journal-store.ts";
import type { JournalSettings } from "./journal-settings.ts";
import { listEvents } from "./list-events.ts";
import { verifyChain } from "./verify-chain.ts";

export interface JournalNeeds {
  /** Folder of its own; holds `journal.jsonl`. */
  readonly dir: string;
  readonly log: Log;
  readonly clock: Clock;
}

export async function createJournal(
  needs: JournalNeeds,
  settings: JournalSettings,
): Promise<Service<typeof journal>> {
  const store = await openJournalStore(needs.dir, needs.log);

  const handlers: Handlers<typeof journal> = {
    append: ({ action, subject, before, after, details }, call) =>
      store.append({
        event_id: newId(needs.clock.now()),
        recorded_at: isoTime(needs.clock),
        actor: call.principal.name,
        action,
        subject,
        before,
        after,
        details: plainDetails(details, settings.details_bytes_max),
        trace_id: call.trace_id,
      }),
    async list(input, call) {
      const total = store.head().next_seq;
      return { events: await listEvents(store.path, store.size(), input, call), total };
    },
    verify: (_input, call) => verifyChain(store.path, store.size(), store.head(), call),
  };

  return {
    handlers,
    health: async () => ({
      status: "ok",
      figures: { events: store.head().next_seq, bytes: store.size() },
    }),
    stop: () => store.close(),
  };
}

/** The details as JSON says them, so that the hash is over what will be read back. */
function plainDetails(details: Record<string, unknown>, bytes_max: number) {
  let text: string;
  try {
    text = JSON.stringify(details);
  } catch (error) {
    throw new LakehouseError("invalid", "details must be JSON values", { cause: error });
  }
  if (Buffer.byteLength(text) <= bytes_max) return JSON.parse(text) as Record<string, unknown>;
  throw new LakehouseError("too_large", `details may have at most ${bytes_max} bytes`, {
    reason: "details_too_large",
  });
}
