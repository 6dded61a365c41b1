// usage: the ledger of model calls and the virtual keys whose limits it holds.
import { join } from "node:path";
import type { Principal } from "#kernel/call.ts";
import type { Clock } from "#kernel/clock.ts";
import { openJsonlLog } from "#kernel/jsonl-log.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { KeyView, usage, UsageLine } from "#contracts/usage.ts";
import type { CallLedger } from "#ports/call-ledger.ts";
import { offsetOfTime } from "./ledger-offset.ts";
import { heldTokens, type HeldCaller, type TokenLimits } from "./held-tokens.ts";
import type { Spent } from "./key-account.ts";
import { createPriceTable } from "./price-table.ts";
import { createUsageLedger, type UsageLedger } from "./usage-ledger.ts";
import { toldNumber, usageReport, type ReportQuery } from "./usage-report.ts";
import type { UsageSettings } from "./usage-settings.ts";
import { openVirtualKeys, type LiveKey } from "./virtual-keys.ts";

export interface UsageNeeds {
  /** Folder of its own; holds `usage.jsonl` and `keys.jsonl`. */
  readonly dir: string;
  readonly log: Log;
  readonly clock: Clock;
  /** Access tokens of the settings; absent: none. */
  readonly tokens?: readonly TokenLimits[] | undefined;
}

/** The service, and what the same process asks of it on every call. */
export interface UsageService extends Service<typeof usage> {
  readonly ledger: CallLedger;
  /** Whose secret this is; undefined when it is none of a virtual key; throws when not good. */
  readonly holderOf: (secret: string) => Principal | undefined;
  /** Tells of each model (`provider/model`) whether this caller may ask it. */
  readonly allowedTo: UsageLedger["allowedTo"];
}

export async function createUsage(
  needs: UsageNeeds,
  settings: UsageSettings,
): Promise<UsageService> {
  const { dir, log, clock } = needs;
  const keys = await openVirtualKeys(dir, clock, log);
  const tokens = heldTokens(needs.tokens ?? []);
  const file = await openJsonlLog<UsageLine>(join(dir, "usage.jsonl"), {
    onCorrupt: (line) => log.error({ ...line }, "unreadable line in the ledger"),
    onSyncFailed: (err) => log.error({ err }, "lines of the ledger could not be synced"),
    ...(settings.durability === "power" ? {} : { sync_after_ms: settings.sync_after_ms }),
  });
  if (file.repaired_bytes > 0) log.warn({ bytes: file.repaired_bytes }, "torn line set aside");
  const { reserve_completion_tokens, groups_max } = settings;
  const prices = createPriceTable(settings.prices);
  const ledger = createUsageLedger({
    file,
    keys,
    tokens,
    prices,
    clock,
    reserve_completion_tokens,
  });
  const since = async (time_ms: number) =>
    file.read(await offsetOfTime(file.path, file.size(), time_ms));
  if (keys.list().length + tokens.size > 0) {
    const lines = await since(monthStart(clock.now()));
    const callerOf = (row: UsageLine) =>
      row.key_id === null ? tokens.get(row.caller) : keys.get(row.key_id);
    await restoreSpent(lines, callerOf, ledger, clock);
  }

  const viewOf = ({ allows: _a, sha256: _s, former: _f, older: _o, ...key }: LiveKey) =>
    ({
      ...key,
      scopes: [...key.scopes],
      models: [...key.models],
      budget: { ...key.budget },
      spent: toldSpent(ledger.accountOf(key.key_id).spent(clock.now())),
    }) satisfies KeyView;

  return {
    ledger,
    holderOf: keys.holderOf,
    allowedTo: ledger.allowedTo,
    handlers: {
      async report(input, call) {
        checkTimes(input);
        const from_ms = input.from === undefined ? -Infinity : Date.parse(input.from);
        return usageReport(await since(from_ms), input, groups_max, call);
      },
      keys: async () => ({ keys: keys.list().map(viewOf) }),
      async own_key(_input, { principal }) {
        const key = principal.key_id === undefined ? undefined : keys.get(principal.key_id);
        if (key === undefined) throw asksWithoutKey(principal.name);
        return { key: viewOf(key) };
      },
      async create_key(input) {
        checkExpires(input.expires_at, clock.now());
        const { key, secret } = await keys.create(input);
        return { key: viewOf(key), secret };
      },
      async rotate_key({ key_id, grace_s }) {
        const { key, secret } = await keys.rotate(key_id, grace_s);
        return { key: viewOf(key), secret };
      },
      async delete_key({ key_id }) {
        await keys.remove(key_id);
        ledger.forget(key_id);
        return { key_id };
      },
    },
    health: async () => ({
      status: "ok",
      figures: { ledger_bytes: file.size(), keys: keys.list().length },
    }),
    async stop() {
      await keys.close();
      await file.close();
    },
  };
}

function asksWithoutKey(name: string): LakehouseError {
  return new LakehouseError("not_found", `${name} does not ask with a virtual key`, {
    reason: "no_such_key",
    hint: "GET /v1/keys lists them, GET /v1/usage tells what was spent",
  });
}

function toldSpent(spent: Spent): Spent {
  const { day_cost, month_cost } = spent;
  return { ...spent, day_cost: toldNumber(day_cost), month_cost: toldNumber(month_cost) };
}

function checkTimes({ from, to }: Pick<ReportQuery, "from" | "to">): void {
  if (from === undefined || to === undefined || Date.parse(from) < Date.parse(to)) return;
  const message = `from (${from}) has to be before to (${to}), which is exclusive`;
  throw new LakehouseError("invalid", message, { reason: "invalid_input" });
}

/** A key that is over when it is made is a mistake. */
function checkExpires(expires_at: string | null, now_ms: number): void {
  if (expires_at === null || Date.parse(expires_at) > now_ms) return;
  const message = `expires_at: ${expires_at} is over; name a time to come`;
  throw new LakehouseError("invalid", message, { reason: "invalid_input" });
}

/** When the month of a time began (UTC). */
function monthStart(time_ms: number): number {
  const time = new Date(time_ms);
  return Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), 1);
}

/** What keys and tokens have spent this month, from the ledger. */
async function restoreSpent(
  lines: AsyncIterable<{ readonly row: UsageLine }>,
  callerOf: (row: UsageLine) => HeldCaller | undefined,
  ledger: UsageLedger,
  clock: Clock,
): Promise<void> {
  const now_ms = clock.now();
  for await (const { row } of lines) {
    const caller = callerOf(row);
    if (caller === undefined) continue;
    const spent = { tokens: row.charged_tokens, cost: row.charged_cost };
    ledger.accountOf(caller.key_id).restore(spent, Date.parse(row.time), now_ms);
  }
}
