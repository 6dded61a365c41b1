// Port: who may ask which model now, and a durable line for each call that was made.
import type { FinishReason, TokenUsage } from "#contracts/nouns.ts";
import type { Principal } from "#kernel/call.ts";

export interface AskedModel {
  readonly caller: Principal;
  readonly provider: string;
  /** Without its provider prefix. */
  readonly model: string;
  readonly trace_id: string;
  readonly span_id: string;
  readonly task_class: string | undefined;
  readonly stream: boolean;
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
  readonly cache: "off" | "miss" | "hit";
  readonly retries: number;
}

export interface AdmittedModel {
  /** Resolves when the line is durable; once for each admission, whatever happened. */
  settle(outcome: ModelOutcome): Promise<void>;
}

export interface CallLedger {
  /** Throws `forbidden` (model, scope), `rate_limited` (rate, budget), `unauthenticated` (key). */
  admit(asked: AskedModel): Promise<AdmittedModel>;
}
