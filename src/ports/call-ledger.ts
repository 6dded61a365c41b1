// Port: who may ask which model now, and a durable line for each call that was made.
import type { FinishReason, TokenUsage } from "#contracts/nouns.ts";
import type { Principal } from "#kernel/call.ts";

export interface AskedModel {
  readonly caller: Principal;
  /** What is asked of it, as GenAI spans name it; `rerank` is not in the conventions. */
  readonly operation: "chat" | "embeddings" | "rerank";
  readonly provider: string;
  /** Without its provider prefix. */
  readonly model: string;
  readonly trace_id: string;
  readonly span_id: string;
  readonly task_class: string | undefined;
  readonly stream: boolean;
  /** The most tokens that the answer may have, as far as it was said. */
  readonly max_tokens?: number | undefined;
  /** Of thoughts, which come on top of an answer whose length was not said. */
  readonly thought_tokens?: number | undefined;
  /** An upper bound of the prompt's tokens; asked for only where a budget needs it. */
  readonly promptTokensMax?: (() => number) | undefined;
  /** Of whoever may ask more than once for a call; absent: how it ends tells what is paid. */
  readonly tries?: TriesSoFar | undefined;
}

/** Read while the call runs. */
export interface TriesSoFar {
  /**
   * How many have ended so that there may be work in them, and nobody told how much. Only grows:
   * what was reserved for the models asked until then is charged, whatever comes of the call.
   */
  readonly lost: number;
  /** What tries of the model asked now used that failed and told it; charged in the same way. */
  readonly told?: readonly TokenUsage[] | undefined;
}

export interface ModelOutcome {
  /** Who answered in the end; another than was asked after a fallback. */
  readonly provider: string;
  readonly model: string;
  readonly usage: TokenUsage | undefined;
  readonly finish_reason: FinishReason | undefined;
  /** Reason of the error; undefined when it was answered. */
  readonly error: string | undefined;
  readonly duration_ms: number;
  readonly first_token_ms: number | undefined;
  /** `semantic`: kept for the same request in other words. */
  readonly cache: "off" | "miss" | "hit" | "semantic";
  readonly retries: number;
  /** A second request was sent because the first was slow. */
  readonly hedged?: boolean | undefined;
  /** A model was asked, and may have worked whatever came of it; not where `tries` are told. */
  readonly sent?: boolean | undefined;
  /** The provider was lost after it was asked, and before its answer. */
  readonly broke_off?: boolean | undefined;
}

/** Who is asked in the place of a model that failed. */
export type NextModel = Pick<AskedModel, "provider" | "model">;

export interface AdmittedModel {
  /** Of the span that the model asked now will have; undefined: nobody makes one. */
  readonly span_id?: string | undefined;
  /**
   * Whether the caller may be answered by this model too; reserves what that may cost, beside what
   * failed tries are charged, or throws `rate_limited` (key_budget_spent, key_rate_limited).
   */
  covers(provider: string, model: string): boolean;
  /**
   * A line beside the call's own. For a try that was left for a quicker one: it is never charged.
   * With `next` for a model that failed, before that one is asked in its place: it is charged its
   * tries, and the call goes on as that of `next`, which holds no more than it costs itself.
   */
  lost(outcome: ModelOutcome, next?: NextModel): Promise<void>;
  /** Resolves when the line is durable; once for each admission, whatever happened. */
  settle(outcome: ModelOutcome): Promise<void>;
}

export interface CallLedger {
  /**
   * Throws `forbidden` (model_not_allowed), `rate_limited` (key_rate_limited, key_budget_spent;
   * extra.retry_after_s), `unauthenticated` (unknown_key, key_expired).
   */
  admit(asked: AskedModel): Promise<AdmittedModel>;
  /** What a call cost, in the currency of the price table; null: no price or no tokens known. */
  costOf(outcome: ModelOutcome): number | null;
}
