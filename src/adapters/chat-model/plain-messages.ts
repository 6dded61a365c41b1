// Older and rarer spellings of OpenAI's messages in the usual one, for providers with their own.
import type { ChatMessage } from "#contracts/nouns.ts";
import { asObject } from "./openai-shapes.ts";

/**
 * A `function_call` becomes a tool call, the message of role `function` that answers it one of role
 * `tool`; what an assistant refused is its text.
 */
export function plainMessages(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const ids = new Map<unknown, string>();
  return messages.map((message, at) => {
    const { role, name } = message;
    if (role === "function") {
      return { ...message, role: "tool" as const, tool_call_id: ids.get(name) ?? `call_${at}` };
    }
    if (role !== "assistant") return message;
    const told = withRefusal(message);
    const wanted = asObject(told["function_call"]);
    const calls = told["tool_calls"];
    if (wanted === undefined || (Array.isArray(calls) && calls.length > 0)) return told;
    const id = `call_${at}`;
    ids.set(wanted["name"], id);
    return { ...told, tool_calls: [{ id, type: "function", function: wanted }] };
  });
}

function withRefusal(message: ChatMessage): ChatMessage {
  const { content, refusal } = message;
  if (Array.isArray(content)) {
    if (content.every(({ type }) => type !== "refusal")) return message;
    return { ...message, content: content.map(readRefusal) };
  }
  const is_refused = !content && typeof refusal === "string" && refusal !== "";
  return is_refused ? { ...message, content: refusal } : message;
}

function readRefusal(part: { readonly type: string; readonly [name: string]: unknown }) {
  const { type, refusal, ...more } = part;
  return type === "refusal" ? { ...more, type: "text", text: refusal } : part;
}
