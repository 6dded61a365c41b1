// What a key has spent, what its running calls may still spend, and whether one more may begin.
import { assert } from "#kernel/assert.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { createMinuteWindow } from "./minute-window.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

export interface Budget {
  readonly day_cost: number | null;
  readonly day_tokens: number | null;
  readonly month_cost: number | null;
  readonly month_tokens: number | null;
}

export interface KeyLimits {
  /** Absent: a virtual key. */
  readonly kind?: "key" | "token";
  readonly name: string;
  readonly requests_per_minute: number | null;
  readonly tokens_per_minute: number | null;
  readonly budget: Budget;
}

export interface Amount {
  readonly tokens: number;
  readonly cost: number;
}

export const NOTHING: Amount = { tokens: 0, cost: 0 };

/** What one call holds until it is settled. */
export interface Reservation {
  tokens: number;
  cost: number;
}

export type Spent = { readonly [K in keyof Budget]: number };

export interface KeyAccount {
  /** Holds the amount, or throws `rate_limited` (key_rate_limited, key_budget_spent). */
  reserve(limits: KeyLimits, most: Amount, now_ms: number): Reservation;
  /**
   * Makes a reservation large enough for a costlier model; throws as `reserve` does, but that it is
   * no further request.
   */
  raise(held: Reservation, limits: KeyLimits, most: Amount, now_ms: number): void;
  /** Gives back what a cheaper model cannot spend. */
  lower(held: Reservation, most: Amount): void;
  settle(held: Reservation, spent: Amount, now_ms: number): void;
  /** Counts a call of the past, read from the ledger. */
  restore(spent: Amount, time_ms: number, now_ms: number): void;
  spent(now_ms: number): Spent;
}

/** One that is no number would hold the key for ever. */
function checkAmount({ tokens, cost }: Amount): void {
  assert(Number.isFinite(tokens) && Number.isFinite(cost), "what a call may spend is no number");
}

/**
 * A call may begin while what was spent and what running calls hold is below every limit: since a
 * reservation is the most that its call can spend, a limit is passed by one call at the most.
 */
export function createKeyAccount(): KeyAccount {
  const requests = createMinuteWindow();
  const tokens = createMinuteWindow();
  const held_now = { tokens: 0, cost: 0 };
  const days = createPeriods();
  const months = createPeriods();
  let day_number = Number.NaN;
  let day = days.of("");
  let month = months.of("");

  function turn(now_ms: number): void {
    const number = Math.floor(now_ms / DAY_MS);
    if (number === day_number) return;
    day_number = number;
    const today = new Date(now_ms).toISOString().slice(0, 10);
    day = days.of(today);
    month = months.of(today.slice(0, 7));
  }

  function checkRequests(limits: KeyLimits, now_ms: number): void {
    const { requests_per_minute } = limits;
    if (requests_per_minute !== null && requests.sum(now_ms) >= requests_per_minute) {
      const wait_s = requests.secondsUntilBelow(requests_per_minute, now_ms);
      throw rateLimited(limits, `${requests_per_minute} requests`, wait_s);
    }
  }

  function checkTokens(limits: KeyLimits, now_ms: number, own: Amount = NOTHING): void {
    const { tokens_per_minute } = limits;
    if (tokens_per_minute === null) return;
    const held = held_now.tokens - own.tokens;
    if (tokens.sum(now_ms) + held < tokens_per_minute) return;
    const wait_s = tokens.secondsUntilBelow(tokens_per_minute - held, now_ms);
    throw rateLimited(limits, `${tokens_per_minute} tokens`, wait_s);
  }

  function checkBudget(limits: KeyLimits, now_ms: number, own: Amount = NOTHING): void {
    const now = { day, month };
    for (const period of ["day", "month"] as const) {
      for (const unit of ["cost", "tokens"] as const) {
        const limit = limits.budget[`${period}_${unit}`];
        if (limit === null || now[period][unit] + held_now[unit] - own[unit] < limit) continue;
        // Running calls often spend less than they hold: then it is worth asking again soon.
        const over = now[period][unit] >= limit;
        const wait_s = over ? secondsLeft(period, now_ms) : 1;
        throw budgetSpent(limits, period, unit, limit, wait_s);
      }
    }
  }

  return {
    reserve(limits, most, now_ms) {
      checkAmount(most);
      turn(now_ms);
      checkRequests(limits, now_ms);
      checkTokens(limits, now_ms);
      checkBudget(limits, now_ms);
      requests.add(1, now_ms);
      held_now.tokens += most.tokens;
      held_now.cost += most.cost;
      return { ...most };
    },
    raise(held, limits, most, now_ms) {
      checkAmount(most);
      if (most.tokens <= held.tokens && most.cost <= held.cost) return;
      turn(now_ms);
      // What it holds itself is no reason against it; what all others hold and spent is.
      checkTokens(limits, now_ms, held);
      checkBudget(limits, now_ms, held);
      for (const unit of ["tokens", "cost"] as const) {
        const more = Math.max(0, most[unit] - held[unit]);
        held[unit] += more;
        held_now[unit] += more;
      }
    },
    lower(held, most) {
      for (const unit of ["tokens", "cost"] as const) {
        const less = Math.max(0, held[unit] - most[unit]);
        held[unit] -= less;
        held_now[unit] -= less;
      }
    },
    settle(held, spent, now_ms) {
      turn(now_ms);
      held_now.tokens -= held.tokens;
      held_now.cost -= held.cost;
      checkAmount(spent);
      tokens.add(spent.tokens, now_ms);
      for (const period of [day, month]) {
        period.tokens += spent.tokens;
        period.cost += spent.cost;
      }
    },
    restore(spent, time_ms, now_ms) {
      turn(now_ms);
      const then = new Date(time_ms).toISOString();
      for (const period of [day, month]) {
        if (!then.startsWith(period.period)) continue;
        period.tokens += spent.tokens;
        period.cost += spent.cost;
      }
    },
    spent(now_ms) {
      turn(now_ms);
      return {
        day_cost: day.cost,
        day_tokens: day.tokens,
        month_cost: month.cost,
        month_tokens: month.tokens,
      };
    },
  };
}

interface Period {
  readonly period: string;
  tokens: number;
  cost: number;
}

/** A clock that is set right goes back: what was spent in the periods of late is still known. */
const PERIODS_KEPT = 4;

function createPeriods() {
  const kept = new Map<string, Period>();
  return {
    of(period: string): Period {
      const known = kept.get(period);
      if (known !== undefined) return known;
      const oldest = [...kept.keys()].toSorted()[0];
      if (kept.size === PERIODS_KEPT && oldest !== undefined) kept.delete(oldest);
      const fresh = { period, tokens: 0, cost: 0 };
      kept.set(period, fresh);
      return fresh;
    },
  };
}

/** Seconds to the end of the day or month (UTC). */
function secondsLeft(period: "day" | "month", now_ms: number): number {
  const now = new Date(now_ms);
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
  const end_ms = period === "day" ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1, 1);
  return Math.max(1, Math.ceil((end_ms - now_ms) / 1000));
}

/** As errors name it: key "ci", token "ci". */
export function nameOf({ kind = "key", name }: Pick<KeyLimits, "kind" | "name">): string {
  return `${kind} "${name}"`;
}

function rateLimited(limits: KeyLimits, what: string, wait_s: number): LakehouseError {
  return new LakehouseError("rate_limited", `${nameOf(limits)} may use ${what} a minute`, {
    reason: "key_rate_limited",
    extra: { retry_after_s: Math.max(1, wait_s) },
  });
}

function budgetSpent(
  limits: KeyLimits,
  period: "day" | "month",
  unit: "cost" | "tokens",
  limit: number,
  retry_after_s: number,
): LakehouseError {
  const amount = unit === "cost" ? `a cost of ${limit}` : `${limit} tokens`;
  const message = `the budget of ${nameOf(limits)} is ${amount} a ${period}, and it is used`;
  return new LakehouseError("rate_limited", message, {
    reason: "key_budget_spent",
    hint: "what running calls may still cost counts too",
    extra: { period, unit, limit, retry_after_s },
  });
}
