// Reads what Anthropic's Messages API answers: the events of a stream, and a whole message.
import type { TokenUsage } from "#contracts/nouns.ts";
import { type LakehouseError, retold } from "#kernel/problem.ts";
import type { ChatDelta } from "#ports/chat-model.ts";
import { badAnswer } from "#ports/provider-http.ts";
import { withUsage } from "#ports/told-usage.ts";
import { endOf } from "./finish-reasons.ts";
import { asCount, asObject, isCount } from "./openai-shapes.ts";

type Loose = Readonly<Record<string, unknown>>;

interface OpenBlock {
  /** Which tool call it is; undefined: text, or the JSON that was asked for. */
  readonly call: number | undefined;
  readonly kind: "text" | "json" | "tool" | "thinking" | "other";
  said: boolean;
  /** What a tool is called with where that is told at once. */
  input?: Loose;
  /** A thought as it has to be sent back with the results of tools: signed. */
  thinking?: { type: "thinking"; thinking: string; signature: string };
}

export interface AnthropicReader {
  /** Deltas of one event; the last has the reason and comes with message_stop. */
  read(event: Loose): readonly ChatDelta[];
  /** Whether the answer is whole but for its closing event. */
  readonly complete: () => boolean;
  /**
   * The error with which it fails here and what that costs: the tokens it told, or, where it wrote
   * something since, that there was work in it.
   */
  failed(error: LakehouseError): LakehouseError;
  last(): ChatDelta;
}

/** Follows one stream (Anthropic API reference, Streaming Messages); other events are passed. */
export function createAnthropicReader(json_tool: boolean): AnthropicReader {
  const blocks = new Map<unknown, OpenBlock>();
  let calls = 0;
  let stop_reason: string | undefined;
  let usage: Loose = {};
  /** Whether it wrote anything since it told them. */
  let went_on = false;

  function started(index: unknown, block: Loose): ChatDelta[] {
    if (block["type"] === "tool_use") {
      const input = asObject(block["input"]) ?? {};
      if (json_tool) {
        blocks.set(index, { kind: "json", call: undefined, said: false, input });
        return [];
      }
      const call = calls++;
      blocks.set(index, { kind: "tool", call, said: false, input });
      const wanted = { name: block["name"], arguments: "" };
      return [toolDelta({ index: call, id: block["id"], type: "function", function: wanted })];
    }
    if (block["type"] === "thinking") return beginsThinking(index, block);
    if (block["type"] === "redacted_thinking") {
      blocks.set(index, { kind: "other", call: undefined, said: false });
      return [thinkingBlock({ type: "redacted_thinking", data: block["data"] })];
    }
    // The results of Anthropic's own tools are no part of the answer's text.
    const kind = block["type"] === "text" && !json_tool ? "text" : "other";
    blocks.set(index, { kind, call: undefined, said: false });
    const { text } = block;
    return kind === "text" && typeof text === "string" && text !== "" ? [{ content: text }] : [];
  }

  function beginsThinking(index: unknown, block: Loose): ChatDelta[] {
    const [thinking, signature] = [asText(block["thinking"]), asText(block["signature"])];
    const told = { type: "thinking" as const, thinking, signature };
    blocks.set(index, { kind: "thinking", call: undefined, said: false, thinking: told });
    return thought(thinking);
  }

  function grown(block: OpenBlock | undefined, delta: Loose): ChatDelta[] {
    if (block === undefined) throw badAnswer("anthropic sent a delta of a block it never began");
    if (block.thinking !== undefined) {
      const said = asText(delta["thinking"]);
      block.thinking.thinking += said;
      block.thinking.signature += asText(delta["signature"]);
      return thought(said);
    }
    const text = delta["type"] === "text_delta" ? delta["text"] : delta["partial_json"];
    if (typeof text !== "string" || text === "" || block.kind === "other") return [];
    block.said = true;
    return block.kind === "tool" ? [argumentsDelta(block, text)] : [{ content: text }];
  }

  /** A tool that takes nothing is called without a word of input; some tell all of it at first. */
  function ended(block: OpenBlock | undefined): ChatDelta[] {
    if (block === undefined || block.said) return [];
    // Without its signature it cannot be sent back.
    if (block.thinking?.signature) return [thinkingBlock(block.thinking)];
    if (block.input === undefined) return [];
    const text = JSON.stringify(block.input);
    return block.kind === "json" ? [{ content: text }] : [argumentsDelta(block, text)];
  }

  function deltasOf(event: Loose): readonly ChatDelta[] {
    switch (event["type"]) {
      case "message_start":
        usage = { ...asObject(asObject(event["message"])?.["usage"]) };
        went_on = false;
        return [];
      case "content_block_start": {
        const block = asObject(event["content_block"]) ?? {};
        // Also what nobody is shown has cost something: thoughts kept hidden, tools of its own.
        went_on ||= block["type"] !== "text" || (block["text"] ?? "") !== "";
        return started(event["index"], block);
      }
      case "content_block_delta":
        went_on = true;
        return grown(blocks.get(event["index"]), asObject(event["delta"]) ?? {});
      case "content_block_stop":
        return ended(blocks.get(event["index"]));
      case "message_delta": {
        const reason = asObject(event["delta"])?.["stop_reason"];
        if (typeof reason === "string") stop_reason = reason;
        // Counts here are of the whole message and replace those of its start.
        const counts = withoutNulls(asObject(event["usage"]));
        usage = { ...usage, ...counts };
        if (isCount(counts["output_tokens"])) went_on = false;
        return [];
      }
      default:
        return [];
    }
  }

  return {
    read: deltasOf,
    failed(error) {
      if (!went_on) return withUsage(error, usageOf(usage).usage);
      return retold(error, { extra: { ...error.extra, broke_off: true } });
    },
    complete: () => stop_reason !== undefined,
    last: () => ({
      content: "",
      ...endedFor(stop_reason, json_tool),
      ...usageOf(usage),
    }),
  };
}

/** A server that does not stream answers with the whole message. */
export function wholeMessage(document: Loose, json_tool: boolean): readonly ChatDelta[] {
  const { content, stop_reason, usage } = document;
  if (!Array.isArray(content)) throw badAnswer("anthropic did not answer with a message");
  const reader = createAnthropicReader(json_tool);
  reader.read({ type: "message_start", message: { usage } });
  const deltas = content.flatMap((value, index) => {
    const block = asObject(value) ?? {};
    const input = block["type"] === "tool_use" ? JSON.stringify(block["input"] ?? {}) : undefined;
    return [
      ...reader.read({ type: "content_block_start", index, content_block: block }),
      ...(input === undefined
        ? []
        : reader.read({ type: "content_block_delta", index, delta: { partial_json: input } })),
      ...reader.read({ type: "content_block_stop", index }),
    ];
  });
  reader.read({ type: "message_delta", delta: { stop_reason } });
  return [...deltas, reader.last()];
}

const PAUSED = "pause_turn: not the whole answer; send it back as a message and it goes on";

function endedFor(word: string | undefined, json_tool: boolean) {
  const { finish_reason, note } = endOf(word ?? "end_turn");
  const notes = [...(word === "pause_turn" ? [PAUSED] : []), ...(note === undefined ? [] : [note])];
  return {
    finish_reason: json_tool && finish_reason === "tool_calls" ? "stop" : finish_reason,
    ...(notes.length === 0 ? {} : { notes }),
  } as const;
}

/** Tokens read from or written to its prompt cache are not in `input_tokens`; they are prompt. */
function usageOf(usage: Loose): { usage?: TokenUsage } {
  if (!isCount(usage["input_tokens"]) && !isCount(usage["output_tokens"])) return {};
  const cached_tokens = asCount(usage["cache_read_input_tokens"]);
  const cache_write_tokens = asCount(usage["cache_creation_input_tokens"]);
  const prompt_tokens = asCount(usage["input_tokens"]) + cached_tokens + cache_write_tokens;
  const completion_tokens = asCount(usage["output_tokens"]);
  const total_tokens = prompt_tokens + completion_tokens;
  const told: TokenUsage = { prompt_tokens, completion_tokens, total_tokens };
  if (cached_tokens + cache_write_tokens > 0) {
    const written = cache_write_tokens > 0 ? { cache_write_tokens } : {};
    const kept = asObject(usage["cache_creation"]);
    const cache_write_1h_tokens = asCount(kept?.["ephemeral_1h_input_tokens"]);
    const for_an_hour = cache_write_1h_tokens > 0 ? { cache_write_1h_tokens } : {};
    told.prompt_tokens_details = { cached_tokens, ...written, ...for_an_hour };
  }
  return { usage: told };
}

function withoutNulls(counts: Loose | undefined): Loose {
  return Object.fromEntries(Object.entries(counts ?? {}).filter(([, value]) => value !== null));
}

function thought(text: string): ChatDelta[] {
  return text === "" ? [] : [{ content: "", reasoning: text }];
}

/** Under the name that other gateways have for it. */
function thinkingBlock(block: Loose): ChatDelta {
  return { content: "", other: { thinking_blocks: [block] } };
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function argumentsDelta(block: OpenBlock, text: string): ChatDelta {
  return toolDelta({ index: block.call, function: { arguments: text } });
}

function toolDelta(call: Loose): ChatDelta {
  return { content: "", tool_calls: [call] };
}
