// Translates OpenAI-shaped messages to Anthropic's turns, blocks and system text.
import { LakehouseError } from "#kernel/problem.ts";
import type { ChatMessage } from "#contracts/nouns.ts";
import { argumentsOf, asObject } from "./openai-shapes.ts";

type Loose = Readonly<Record<string, unknown>>;

export interface Turn {
  readonly role: "user" | "assistant";
  readonly content: Loose[];
}

/**
 * Turns in the order of the messages; those of one role are joined; tool results are a user's. What
 * the assistant is to go on with ends without white space, which Anthropic refuses there.
 */
export function toTurns(messages: readonly ChatMessage[]): Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    if (isSystem(message)) continue;
    const role = message.role === "assistant" ? "assistant" : "user";
    const last = turns.at(-1);
    const blocks = toBlocks(message);
    if (last?.role === role) last.content.push(...blocks);
    else turns.push({ role, content: blocks });
  }
  const said = turns.filter(({ content }) => content.length > 0);
  const final = said.at(-1);
  const block = final?.content.at(-1);
  if (final?.role === "assistant" && typeof block?.["text"] === "string") {
    final.content.splice(-1, 1, { ...block, text: block["text"].trimEnd() });
  }
  return said;
}

/** What the system messages say, in blocks. */
export function systemBlocks(messages: readonly ChatMessage[]): Loose[] {
  return messages.filter(isSystem).flatMap((message) => {
    const { content } = message;
    const parts = typeof content === "string" ? [{ type: "text", text: content }] : content;
    const blocks = (parts ?? []).flatMap((part): Loose[] => {
      const { text } = part as Loose;
      if (typeof text !== "string" || text.trim() === "") return [];
      return [{ type: "text", text, ...cacheMark(part) }];
    });
    return marked(blocks, message);
  });
}

/** One text of them all; undefined: they say nothing. */
export function systemText(messages: readonly ChatMessage[]): string | undefined {
  const texts = messages.filter(isSystem).map(({ content }) => textOf(content));
  const told = texts.filter((text) => text.trim() !== "");
  return told.length === 0 ? undefined : told.join("\n\n");
}

/** The first of them that marks the end of what Anthropic's prompt cache keeps. */
export function cacheMark(...told: readonly (Loose | undefined)[]): Loose {
  const cache_control = told
    .map((one) => one?.["cache_control"])
    .find((mark) => mark !== undefined && mark !== null);
  return cache_control === undefined ? {} : { cache_control };
}

/** As an answer of ours tells them. */
export function thoughtsOf(message: ChatMessage): Loose[] {
  const blocks: unknown = message["thinking_blocks"];
  if (!Array.isArray(blocks)) return [];
  return blocks.map(asObject).filter((block) => block !== undefined);
}

function isSystem({ role }: ChatMessage): boolean {
  return role === "system" || role === "developer";
}

function toBlocks(message: ChatMessage): Loose[] {
  const blocks = contentBlocks(message.content);
  if (message.role === "tool") {
    const tool_use_id = message["tool_call_id"];
    const content = blocks.length > 0 ? { content: blocks } : {};
    return [{ type: "tool_result", tool_use_id, ...content, ...cacheMark(message) }];
  }
  if (message.role !== "assistant") return marked(blocks, message);
  const calls = message["tool_calls"];
  const uses: Loose[] = Array.isArray(calls) ? calls.map(toToolUse) : [];
  return [...thoughtsOf(message), ...marked([...blocks, ...uses], message)];
}

/** A mark on a message stands on its last block. */
function marked(blocks: Loose[], message: ChatMessage): Loose[] {
  const last = blocks.at(-1);
  if (last === undefined || message["cache_control"] === undefined) return blocks;
  return [...blocks.slice(0, -1), { ...last, ...cacheMark(last, message) }];
}

/** Text that is empty, or of white space alone, is left out: Anthropic refuses it. */
function contentBlocks(content: ChatMessage["content"]): Loose[] {
  if (content === undefined || content === null) return [];
  const parts = typeof content === "string" ? [{ type: "text", text: content }] : content;
  return parts.filter(({ text }) => typeof text !== "string" || text.trim() !== "").map(toBlock);
}

/** A part of a message; what stands in Anthropic's own shape already is passed on. */
function toBlock(part: Loose): Loose {
  const { type } = part;
  if (type === "image_url") return { ...toImage(part), ...cacheMark(part) };
  if (type === "input_audio" || type === "file") {
    const message = `a message part of type ${type} cannot be sent to Anthropic`;
    throw new LakehouseError("invalid", message, {
      reason: "invalid_input",
      hint: "text and image_url can be sent, and Anthropic's own blocks, e.g. document",
    });
  }
  return part;
}

function toImage(part: Loose): Loose {
  const url = asObject(part["image_url"])?.["url"];
  const text = typeof url === "string" ? url : "";
  const data = /^data:([^;,]+)(?:;[^,]*?)?;base64,(.+)$/is.exec(text);
  if (data !== null) {
    const told = data[1]!.toLowerCase();
    // Many write it so; Anthropic takes the registered name only.
    const media_type = told === "image/jpg" ? "image/jpeg" : told;
    return { type: "image", source: { type: "base64", media_type, data: data[2] } };
  }
  if (/^https?:/i.test(text)) return { type: "image", source: { type: "url", url: text } };
  throw new LakehouseError("invalid", "image_url.url is neither a base64 data URL nor http(s)", {
    reason: "invalid_input",
  });
}

function toToolUse(call: unknown): Loose {
  const told = asObject(call);
  const wanted = asObject(told?.["function"]) ?? {};
  const input = argumentsOf(wanted["arguments"]);
  const { name } = wanted;
  return { type: "tool_use", id: told?.["id"], name, input, ...cacheMark(told, wanted) };
}

function textOf(content: ChatMessage["content"]): string {
  if (typeof content === "string") return content;
  return (content ?? [])
    .map((part) => (typeof part["text"] === "string" ? part["text"] : ""))
    .join("\n");
}
