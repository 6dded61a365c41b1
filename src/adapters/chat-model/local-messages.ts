// What the house and the process of local models say to each other.
import type { ErrorCode } from "#kernel/problem.ts";
import type { ChatDelta, ChatRequest } from "#ports/chat-model.ts";

export interface EngineOptions {
  /** Prompt and answer together; less where the model was trained for less. */
  readonly context_tokens: number;
  readonly gpu: boolean;
  /** 0: half of the cores. */
  readonly threads: number;
  /** Package or file that is the engine. */
  readonly engine_module: string;
}

/** A request without what cannot travel. */
export type LocalAsk = Omit<ChatRequest, "signal">;

/** Text and thoughts as they are made, with the likelihoods of tokens where they were asked for. */
export type AnswerPiece = Pick<ChatDelta, "content" | "reasoning" | "logprobs">;

export type LocalOrder =
  | { readonly kind: "open"; readonly options: EngineOptions }
  | { readonly kind: "ask"; readonly id: number; readonly path: string; readonly ask: LocalAsk }
  | { readonly kind: "stop"; readonly id: number };

export type LocalReply =
  | { readonly kind: "piece"; readonly id: number; readonly piece: AnswerPiece }
  | { readonly kind: "done"; readonly id: number; readonly last: ChatDelta }
  | {
      readonly kind: "failed";
      readonly id: number;
      readonly code: ErrorCode;
      readonly message: string;
      readonly reason: string;
      readonly hint?: string | undefined;
    }
  | {
      readonly kind: "log";
      readonly level: "info" | "warn";
      readonly fields: Readonly<Record<string, unknown>>;
      readonly message: string;
    };
