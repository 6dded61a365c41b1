// permission: decides by policy and confidence; a decision is on disk before it is told.
import { join } from "node:path";
import type { Clock } from "#kernel/clock.ts";
import { newId } from "#kernel/ids.ts";
import { openJsonlLog } from "#kernel/jsonl-log.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { permission, PermissionDecision } from "#contracts/permission.ts";
import { choosePermission } from "./choose-policy.ts";
import type { PermissionSettings } from "./permission-settings.ts";

export interface PermissionNeeds {
  /** Folder of the log of decisions. */
  readonly dir: string;
  readonly clock: Clock;
  readonly log: Log;
}

export async function createPermission(
  needs: PermissionNeeds,
  settings: PermissionSettings,
): Promise<Service<typeof permission>> {
  const { policies } = settings;
  const twice = policies.find((one, at) => policies.findIndex(sameAction(one)) !== at);
  if (twice !== undefined) {
    const message = `there are two permission policies for ${twice.action}`;
    throw new LakehouseError("invalid", message, { reason: "bad_settings" });
  }
  const file = await openJsonlLog<PermissionDecision>(join(needs.dir, "decisions.jsonl"), {
    onCorrupt: (line) => needs.log.warn({ ...line }, "an unreadable decision was skipped"),
  });
  const counts = { auto: 0, dry_run: 0, simulation: 0, block: 0 };

  return {
    handlers: {
      async decide({ action, confidence, actor, target, details }, call) {
        const row: PermissionDecision = {
          schema: "permission.v1",
          decision_id: newId(),
          ...choosePermission(policies, action, confidence),
          action,
          confidence,
          actor: actor ?? null,
          target: target ?? null,
          details,
          principal: call.principal.name,
          decided_at: new Date(needs.clock.now()).toISOString(),
          trace_id: call.trace_id,
        };
        await file.append(row).catch((cause: unknown) => {
          const message = "the decision could not be logged, so none is given";
          throw new LakehouseError("unavailable", message, { reason: "log_failed", cause });
        });
        counts[row.decision]++;
        return row;
      },
      policies: async () => ({ policies: [...policies] }),
      async decisions({ action, limit, after }) {
        const decisions: PermissionDecision[] = [];
        let next_after: string | null = null;
        for await (const { row, end } of rowsAfter(readCursor(after))) {
          if (action !== undefined && row.action !== action) continue;
          decisions.push(row);
          if (decisions.length < limit) continue;
          if (end < file.size()) next_after = String(end);
          break;
        }
        return { decisions, next_after };
      },
    },
    health: async () => ({ status: "ok", figures: { policies: policies.length, ...counts } }),
    stop: () => file.close(),
  };

  /** Rows with where the next one starts. */
  async function* rowsAfter(offset: number) {
    let before: { row: PermissionDecision } | undefined;
    for await (const one of file.read(offset)) {
      if (before !== undefined) yield { row: before.row, end: one.offset };
      before = one;
    }
    if (before !== undefined) yield { row: before.row, end: file.size() };
  }

  function readCursor(after: string | undefined): number {
    if (after === undefined) return 0;
    const offset = /^\d{1,15}$/.test(after) ? Number(after) : -1;
    if (offset >= 0 && offset <= file.size()) return offset;
    const message = "after must be the next_after of the page before";
    throw new LakehouseError("invalid", message, { reason: "bad_cursor" });
  }
}

function sameAction({ action }: { readonly action: string }) {
  return (other: { readonly action: string }) => other.action === action;
}
