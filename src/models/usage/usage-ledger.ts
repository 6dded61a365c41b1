// The ledger: admits callers within the limits of their keys, writes a line for each call.
import type { Principal } from "#kernel/call.ts";
import { isoTime, type Clock } from "#kernel/clock.ts";
import type { JsonlLog } from "#kernel/jsonl-log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { TokenUsage } from "#contracts/nouns.ts";
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
import { answerTokens, type PriceTable } from "./price-table.ts";
import { usageLine } from "./usage-line.ts";
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
    const completion_tokens = asked.max_tokens ?? Math.max(unsaidMost(asked), seen);
    const cost = needs.prices.costMost(full_name, prompt_tokens, completion_tokens);
    return { tokens: prompt_tokens + completion_tokens, cost };
  }

  /** Of an answer whose length nobody said. */
  function unsaidMost({ thought_tokens = 0 }: AskedModel): number {
    return needs.reserve_completion_tokens + thought_tokens;
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
        lost: (outcome, next) => write(asked, outcome, undefined, next !== undefined),
        settle: (outcome) => write(asked, outcome),
      };
    if (!key.allows(full_name)) throw notAllowed(key, full_name);
    const account = accountOf(key.key_id);
    const held = account.reserve(key, mostOf(asked, key, full_name), needs.clock.now());
    let settled = false;
    let asked_now = full_name;
    let lost_tries = 0;
    let told_tries = 0;
    /** For tries that failed, and which no line tells of yet. */
    let charged: Amount = NOTHING;

    /** What was held is spent; who is asked after that is held for anew. */
    function chargeTries(): void {
      const { lost, told = NONE_TOLD } = asked.tries ?? NO_TRIES;
      if (lost === lost_tries && told.length === told_tries) return;
      // Of two requests that were sent side by side both may have worked.
      const times = lost - lost_tries;
      let spent: Amount = { tokens: held.tokens * times, cost: held.cost * times };
      for (const usage of told.slice(told_tries)) spent = sumOf(spent, amountOf(asked_now, usage));
      lost_tries = lost;
      told_tries = told.length;
      account.settle(held, spent, needs.clock.now());
      held.tokens = held.cost = 0;
      charged = sumOf(charged, spent);
    }

    return {
      covers(provider, model) {
        const other = `${provider}/${model}`;
        if (!key.allows(other)) return false;
        chargeTries();
        account.raise(held, key, mostOf(asked, key, other), needs.clock.now());
        return true;
      },
      lost(outcome, next) {
        if (next === undefined) return write(asked, outcome, NOTHING);
        const own = charged;
        charged = NOTHING;
        told_tries = 0;
        asked_now = `${next.provider}/${next.model}`;
        account.lower(held, mostOf(asked, key, asked_now));
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
        chargeTries();
        const { usage } = outcome;
        const seen = usage === undefined ? 0 : answerTokens(usage);
        longest.set(key.key_id, Math.max(longest.get(key.key_id) ?? 0, seen));
        // What fails before its first piece is charged by its tries.
        const { error, first_token_ms } = outcome;
        const by_tries = error !== undefined && first_token_ms === undefined;
        const is_charged = by_tries && asked.tries !== undefined;
        const spent = is_charged ? NOTHING : chargeOf(outcome, most);
        account.settle(held, spent, needs.clock.now());
        return write(asked, outcome, charged === NOTHING ? spent : sumOf(charged, spent));
      },
    };
  }

  /** What a budget counts: what the provider says, or all that was held when it does not say. */
  function chargeOf(outcome: ModelOutcome, held: Amount): Amount {
    if (isKept(outcome)) return NOTHING;
    if (outcome.usage === undefined) return mayHaveWorked(outcome) ? held : NOTHING;
    return amountOf(`${outcome.provider}/${outcome.model}`, outcome.usage);
  }

  function amountOf(full_name: string, usage: TokenUsage): Amount {
    return { tokens: usage.total_tokens, cost: needs.prices.costOf(full_name, usage) ?? 0 };
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
    const spent = charged ?? chargeOf(outcome, NOTHING);
    const costs = { spent, cost: costOf(outcome) };
    await needs.file.append(usageLine(asked, outcome, costs, passed_on, isoTime(needs.clock)));
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
const NONE_TOLD: readonly TokenUsage[] = [];

function sumOf(one: Amount, other: Amount): Amount {
  return { tokens: one.tokens + other.tokens, cost: one.cost + other.cost };
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
