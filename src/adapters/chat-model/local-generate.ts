// One answer of llama.cpp: the prompt is measured, held to its grammar, and made piece by piece.
import type { LlamaChat, LlamaChatResponse } from "node-llama-cpp";
import { newSpanId } from "#kernel/ids.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { FinishReason } from "#contracts/nouns.ts";
import type { ChatDelta, ChatRequest } from "#ports/chat-model.ts";
import {
  parallelOf,
  repeatPenaltyOf,
  samplingOf,
  stopsOf,
  toHeldAnswer,
  toHistory,
  type HeldAnswer,
} from "./local-request.ts";
import type { AnswerPiece } from "./local-messages.ts";
import { generateScored } from "./local-scored.ts";
import { cancelled } from "./local-turns.ts";
import type { LoadedWeights } from "./local-weights.ts";

type Response = LlamaChatResponse<Record<string, never>>;

/**
 * Resolves with the last delta: the reason, the tool calls and the usage. Errors: `rejected` (the
 * prompt is longer than the context), `invalid`, `cancelled`, `unavailable` (the engine).
 */
export async function generate(
  weights: LoadedWeights,
  request: ChatRequest,
  onPiece: (piece: AnswerPiece) => void,
): Promise<ChatDelta> {
  const chat = new weights.module.LlamaChat({ contextSequence: weights.sequence });
  try {
    return await respond(weights, chat, { ...request, stop: stopsOf(request) }, onPiece);
  } finally {
    chat.dispose();
  }
}

async function respond(
  weights: LoadedWeights,
  chat: LlamaChat,
  request: ChatRequest,
  onPiece: (piece: AnswerPiece) => void,
): Promise<ChatDelta> {
  const { model, sequence, llama } = weights;
  const { signal } = request;
  if (signal.aborted) throw cancelled();
  const history = toHistory(request.messages);
  const { functions, notes, ...held } = toHeldAnswer(request);
  const grammar = await grammarOf(llama, held.grammar);
  const noted = notes.length === 0 ? {} : { notes: [...notes] };
  const { contextText, stopGenerationTriggers } = chat.chatWrapper.generateContextState({
    chatHistory: [...history, { type: "model", response: [] }],
    ...(functions === undefined ? {} : { availableFunctions: functions }),
  });
  const prompt = contextText.tokenize(model.tokenizer);
  const prompt_tokens = prompt.length;
  const room = sequence.contextSize - prompt_tokens - 1;
  if (room < 1) throw promptTooLong(prompt_tokens, sequence.contextSize);
  // Within the context: nothing of the prompt is ever pushed out to make room.
  const maxTokens = Math.min(room, request.max_tokens ?? room);
  const before = sequence.tokenMeter.getState();
  const usage = () => {
    const completion_tokens = sequence.tokenMeter.diff(before).usedOutputTokens;
    return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
  };
  let response: Response;
  try {
    if (request.top_logprobs !== undefined && functions === undefined) {
      const ends = stopGenerationTriggers.map((text) => text.tokenize(model.tokenizer));
      const asked = { prompt, ends, maxTokens, grammar, request };
      const finish_reason = await generateScored(weights, asked, onPiece);
      return { content: "", finish_reason, usage: usage(), ...noted };
    }
    response = (await chat.generateResponse(history, {
      signal,
      onResponseChunk: ({ segmentType, text }) => {
        if (text === "") return;
        onPiece(segmentType === undefined ? { content: text } : { content: "", reasoning: text });
      },
      maxTokens,
      ...samplingOf(request),
      ...(request.stop === undefined ? {} : { customStopTriggers: request.stop }),
      ...(functions === undefined ? {} : { functions, ...parallelOf(request) }),
      ...(grammar === undefined ? {} : { grammar }),
      repeatPenalty: repeatPenaltyOf(request, grammar !== undefined),
    } as Parameters<LlamaChat["generateResponse"]>[1])) as Response;
  } catch (cause) {
    if (signal.aborted) throw cancelled();
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new LakehouseError("unavailable", `local/${request.model} failed: ${said}`, {
      reason: "provider_failed",
      cause,
    });
  }
  return {
    content: "",
    ...toolCallsOf(response),
    finish_reason: finishReasonOf(response.metadata.stopReason),
    usage: usage(),
    ...noted,
  };
}

async function grammarOf(llama: LoadedWeights["llama"], kind: HeldAnswer["grammar"]) {
  if (kind === undefined) return undefined;
  try {
    return kind === "json"
      ? await llama.getGrammarFor("json")
      : await llama.createGrammarForJsonSchema(kind as { type: "object" });
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new LakehouseError("invalid", `response_format: no grammar can be made of it: ${said}`, {
      reason: "invalid_input",
      cause,
    });
  }
}

function toolCallsOf(response: Response): Pick<ChatDelta, "tool_calls"> {
  const calls = (response.functionCalls ?? []) as readonly {
    readonly functionName: string;
    readonly params: unknown;
  }[];
  if (calls.length === 0) return {};
  return {
    tool_calls: calls.map(({ functionName, params }, index) => ({
      index,
      id: `call_${newSpanId()}`,
      type: "function",
      function: { name: functionName, arguments: JSON.stringify(params ?? {}) },
    })),
  };
}

function finishReasonOf(reason: Response["metadata"]["stopReason"]): FinishReason {
  if (reason === "maxTokens") return "length";
  return reason === "functionCalls" ? "tool_calls" : "stop";
}

function promptTooLong(prompt_tokens: number, context_tokens: number): LakehouseError {
  const message = `the prompt has ${prompt_tokens} tokens, the model reads ${context_tokens}`;
  return new LakehouseError("rejected", message, {
    reason: "provider_failed",
    hint: "shorten it, or raise providers.local.context_tokens where the model was trained for more",
  });
}
