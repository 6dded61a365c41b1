// The rewrite service: rows deleted and small files joined, by writing data files anew.
import type { rewrite } from "#contracts/rewrite.ts";
import type { Call } from "#kernel/call.ts";
import { createKeyedLock } from "#kernel/keyed-lock.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import { compactFiles } from "./compact-files.ts";
import { deleteRows, type Rewritten } from "./delete-rows.ts";
import { untilItStands, type RewriteParts } from "./rewrite-parts.ts";
import type { RewriteSettings } from "./rewrite-settings.ts";
import { createRewriteTurns } from "./rewrite-turns.ts";

export interface RewriteNeeds extends Omit<RewriteParts, "settings"> {
  readonly log: Log;
}

export async function createRewrite(
  needs: RewriteNeeds,
  settings: RewriteSettings,
): Promise<Service<typeof rewrite>> {
  const parts: RewriteParts = { ...needs, settings };
  const locks = createKeyedLock();
  const turns = createRewriteTurns(settings.running_max);
  const stopping = new AbortController();
  let running = 0;

  /** One rewrite of a dataset at a time: two would only stand in each other's way. */
  async function alone<T extends Rewritten>(
    name: string,
    call: Call,
    work: (call: Call) => Promise<T>,
  ) {
    const signal = AbortSignal.any([call.signal, stopping.signal]);
    const started = performance.now();
    return locks.run(name, async () => {
      const leave = await turns.take(signal);
      running++;
      try {
        const done = await work({ ...call, signal });
        const duration_ms = performance.now() - started;
        const report = { dataset: name, ...done, duration_ms };
        needs.log.info(report, "rewritten");
        return report;
      } finally {
        running--;
        leave();
      }
    });
  }

  return {
    handlers: {
      delete_rows: ({ dataset: name, where, params }, call) =>
        alone(name, call, (inner) =>
          untilItStands(settings.tries_max, inner, () =>
            deleteRows(parts, { name, where, params }, inner),
          ),
        ),
      compact: ({ dataset: name, target_file_mb, min_files, all }, call) => {
        const target_bytes = (target_file_mb ?? settings.target_file_mb) * 1024 * 1024;
        const wish = { target_bytes, min_files, all };
        return alone(name, call, (inner) => compactFiles(parts, name, wish, inner));
      },
    },
    health: async () => ({ status: "ok", figures: { running } }),
    stop: async () => stopping.abort(new Error("the service stops")),
  };
}
