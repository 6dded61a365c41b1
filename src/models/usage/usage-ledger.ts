// The ledger: admits callers within the limits of their keys, writes a line for each call.
import type { Principal } from "#kernel/call.ts";
import { isoTime, type Clock } from "#kernel/clock.ts";
import type { JsonlLog } from "#kernel/jsonl-log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { UsageLine } from "#contracts/usage.ts";
import type {
  AdmittedModel,
  AskedModel,
  CallLedger,
  ModelOutcome,
  TriesSoFar,
} from "#ports/call-ledger.ts";
import type { HeldCaller } from "./held-tokens.ts";
import { createKeyAccount, nameOf, NOTHING, type Amount, type KeyAccount } from "./key-account.ts";
import { cachedTokens, cacheWriteTokens, type PriceTable } from "./price-table.ts";
import { checkExpiry, unknownKey, type VirtualKeys } from "./virtual-keys.ts";

export interface LedgerNeeds {
  readonly file: JsonlLog<UsageLine>;
  readonly keys: VirtualKeys;
  /** Access tokens with limits, by name. */
  readonly tokens: ReadonlyMap<string, HeldCaller>;
  readonly prices: PriceTable;
  readonly clock: Clock;
  readonly reserve_completion_tokens: number;
}

export interface UsageLedger extends CallLedger {
  accountOf(key_id: string): KeyAccount;
  /** Tells of each model (`provider/model`) whether this caller may ask it. */
  allowedTo(caller: Principal): (full_name: string) => boolean;
  forget(key_id: string): void;
}

export function createUsageLedger(needs: LedgerNeeds): UsageLedger {
  const accounts = new Map<string, KeyAccount>();
  /** The longest answer that a key has had: the next may be as long, if nobody bounds it. */
  const longest = new Map<string, number>();

  function accountOf(key_id: string): KeyAccount {
    const account = accounts.get(key_id) ?? createKeyAccount();
    accounts.set(key_id, account);
    return account;
  }

  /** The most that the call may spend when this model answers. */
  function mostOf(asked: AskedModel, key: HeldCaller, full_name: string): Amount {
    if (!isMetered(key)) return NOTHING;
    const prompt_tokens = asked.promptTokensMax?.() ?? 0;
    const seen = longest.get(key.key_id) ?? 0;
    const completion_tokens = asked.max_tokens ?? Math.max(needs.reserve_completion_tokens, seen);
    const cost = needs.prices.costMost(full_name, prompt_tokens, completion_tokens);
    return { tokens: prompt_tokens + completion_tokens, cost };
  }

  function keyOf(caller: Principal): HeldCaller | undefined {
    if (caller.key_id === undefined) return needs.tokens.get(caller.name);
    const key = needs.keys.get(caller.key_id);
    if (key === undefined) throw unknownKey();
    checkExpiry(key, needs.clock.now());
    return key;
  }

  function open(asked: AskedModel): AdmittedModel {
    const key = keyOf(asked.caller);
    const full_name = `${asked.provider}/${asked.model}`;
    if (key === undefined)
      return {
        covers: () => true,
        lost: (outcome, next) => write(asked, outcome, NOTHING, next !== undefined),
        settle: (outcome) => write(asked, outcome),
      };
    if (!key.allows(full_name)) throw notAllowed(key, full_name);
    const account = accountOf(key.key_id);
    const held = account.reserve(key, mostOf(asked, key, full_name), needs.clock.now());
    let settled = false;
    let lost_tries = 0;
    /** For lost tries, which no usage tells of, and which no line tells of yet. */
    let charged: Amount = NOTHING;

    /** What was held is spent; who is asked after that is held for anew. */
    function chargeLost(): void {
      const { lost } = asked.tries ?? NO_TRIES;
      if (lost === lost_tries) return;
      // Of two requests that were sent side by side both may have worked.
      const times = lost - lost_tries;
      lost_tries = lost;
      const spent = { tokens: held.tokens * times, cost: held.cost * times };
      account.settle(held, spent, needs.clock.now());
      held.tokens = held.cost = 0;
      charged = sumOf(charged, spent);
    }

    return {
      covers(provider, model) {
        const other = `${provider}/${model}`;
        if (!key.allows(other)) return false;
        chargeLost();
        account.raise(held, key, mostOf(asked, key, other), needs.clock.now());
        return true;
      },
      lost(outcome, next) {
        if (next === undefined) return write(asked, outcome, NOTHING);
        const own = charged;
        charged = NOTHING;
        return write(asked, outcome, own, true).catch((error: unknown) => {
          // The next line tells of it.
          charged = sumOf(charged, own);
          throw error;
        });
      },
      settle(outcome) {
        if (settled) return Promise.resolve();
        settled = true;
        // Of two requests side by side the lost one does not pay for the one that answered.
        const most = { tokens: held.tokens, cost: held.cost };
        chargeLost();
        const { usage } = outcome;
        const seen = Math.max(longest.get(key.key_id) ?? 0, usage?.completion_tokens ?? 0);
        longest.set(key.key_id, seen);
        const spent = chargeOf(outcome, most);
        account.settle(held, spent, needs.clock.now());
        return write(asked, outcome, charged === NOTHING ? spent : sumOf(charged, spent));
      },
    };
  }

  /** What a budget counts: what the provider says, or all that was held when it does not say. */
  function chargeOf(outcome: ModelOutcome, held: Amount): Amount {
    if (isKept(outcome)) return NOTHING;
    if (outcome.usage === undefined) return mayHaveWorked(outcome) ? held : NOTHING;
    const cost = needs.prices.costOf(`${outcome.provider}/${outcome.model}`, outcome.usage) ?? 0;
    return { tokens: outcome.usage.total_tokens, cost };
  }

  function costOf(outcome: ModelOutcome): number | null {
    if (isKept(outcome)) return 0;
    const { provider, model, usage } = outcome;
    return usage === undefined ? null : needs.prices.costOf(`${provider}/${model}`, usage);
  }

  async function write(
    asked: AskedModel,
    outcome: ModelOutcome,
    charged?: Amount,
    passed_on = false,
  ): Promise<void> {
    const { provider, model, usage, cache } = outcome;
    const spent = charged ?? chargeOf(outcome, NOTHING);
    await needs.file.append({
      schema: "usage.call.v1",
      time: isoTime(needs.clock),
      trace_id: asked.trace_id,
      span_id: asked.span_id,
      caller: asked.caller.name,
      key_id: asked.caller.key_id ?? null,
      asked: `${asked.provider}/${asked.model}`,
      provider,
      model,
      task_class: asked.task_class ?? null,
      stream: asked.stream,
      prompt_tokens: usage?.prompt_tokens ?? null,
      completion_tokens: usage?.completion_tokens ?? null,
      total_tokens: usage?.total_tokens ?? null,
      cached_tokens: usage === undefined ? null : cachedTokens(usage),
      cache_write_tokens: usage === undefined ? null : cacheWriteTokens(usage),
      cost: costOf(outcome),
      charged_tokens: spent.tokens,
      charged_cost: spent.cost,
      latency_ms: rounded(outcome.duration_ms),
      first_token_ms: outcome.first_token_ms === undefined ? null : rounded(outcome.first_token_ms),
      cache,
      retries: outcome.retries,
      hedged: outcome.hedged ?? false,
      passed_on,
      finish_reason: outcome.finish_reason ?? null,
      error: outcome.error ?? null,
    });
  }

  return {
    admit: async (asked) => open(asked),
    costOf,
    accountOf,
    allowedTo: (caller) => keyOf(caller)?.allows ?? (() => true),
    forget(key_id) {
      accounts.delete(key_id);
      longest.delete(key_id);
    },
  };
}

/** Whether what a call may spend matters before it is made. */
function isMetered({ budget, tokens_per_minute }: HeldCaller): boolean {
  return tokens_per_minute !== null || Object.values(budget).some((limit) => limit !== null);
}

const NO_TRIES: TriesSoFar = { lost: 0 };

function sumOf(one: Amount, other: Amount): Amount {
  return { tokens: one.tokens + other.tokens, cost: one.cost + other.cost };
}

/** Microseconds are enough. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function notAllowed(key: HeldCaller, full_name: string): LakehouseError {
  return new LakehouseError("forbidden", `${nameOf(key)} may not ask ${full_name}`, {
    reason: "model_not_allowed",
    hint: `it may ask: ${key.models.join(", ")}`,
  });
}

/**
 * How a call that tells no tries (of embedders and rerankers) ends where certainly no work was
 * done, or none that is paid for.
 */
const UNPAID: ReadonlySet<string | undefined> = new Set([
  "provider_unreachable",
  "provider_rate_limited",
  "provider_failed",
  "no_such_model",
  // Before anything is asked of them.
  "queue_full",
  "left_queue",
  "too_large",
  "no_documents",
  "weights_missing",
  "weights_differ",
  "embedder_closed",
]);

/** Leaving before an answer, or one that cannot be read, does not make its work free. */
function mayHaveWorked({ first_token_ms, sent, error, broke_off }: ModelOutcome): boolean {
  if (first_token_ms !== undefined) return true;
  return sent === true && error !== undefined && (broke_off === true || !UNPAID.has(error));
}

/** Answered from memory: nobody was asked, and nothing is paid. */
function isKept({ cache }: ModelOutcome): boolean {
  return cache === "hit" || cache === "semantic";
}
