// Asks the model, held to the JSON schema of the artifact where the provider can do that.
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import type { Log } from "#kernel/log.ts";
import { toLakehouseError } from "#kernel/problem.ts";
import type { chat, ChatAnswer } from "#contracts/chat.ts";
import type { ChatMessage, TokenUsage } from "#contracts/nouns.ts";
import type { Choices } from "./guided-choice.ts";

type ChatInput = Parameters<Client<typeof chat>["chat"]>[0];

export interface AskedModel extends Omit<ChatInput, "messages" | "response_format"> {
  /** JSON Schema that the artifact's kind declares. */
  readonly schema?: { readonly name: string; readonly schema: object } | undefined;
  /** Set for small models: asked for one by one (`createChooser`). */
  readonly choices?: Choices | undefined;
}

export type AskModel = (
  asked: AskedModel,
  messages: ChatMessage[],
  call: Call,
) => Promise<ChatAnswer>;

/** Refusals that are remembered, of a model and a schema's name, at most. */
const REFUSERS_MAX = 1_000;

/** What a provider answers that does not know response formats, or not this schema. */
export const REFUSALS: ReadonlySet<string> = new Set(["rejected", "invalid", "unimplemented"]);

/**
 * A model that refuses a schema is asked once more without it, and for this schema from then on
 * without it at once. Errors are those of chat.
 */
export function createModelAsker(
  client: Client<typeof chat>,
  log: Log,
  use_schema: boolean,
): AskModel {
  const refusers = new Set<string>();

  return async ({ schema, ...asked }, messages, call) => {
    if (!use_schema || schema === undefined) return client.chat({ ...asked, messages }, call);
    // Some take objects only: what is refused of one schema says nothing of another.
    const who = `${asked.provider ?? ""}/${asked.model ?? ""} ${schema.name}`;
    if (refusers.has(who)) return client.chat({ ...asked, messages }, call);
    const response_format = {
      type: "json_schema",
      json_schema: { name: schema.name, strict: true, schema: schema.schema },
    };
    try {
      return await client.chat({ ...asked, messages, response_format }, call);
    } catch (thrown) {
      const error = toLakehouseError(thrown);
      if (!REFUSALS.has(error.code)) throw error;
      const answer = await client.chat({ ...asked, messages }, call);
      // Without the schema it went well: it was the schema that was refused.
      if (refusers.size < REFUSERS_MAX) refusers.add(who);
      const fields = { model: answer.model, schema: schema.name, trace_id: call.trace_id };
      const said = { reason: error.reason, err: error.message };
      log.info({ ...fields, ...said }, "this model does not take this JSON schema");
      return answer;
    }
  };
}

/** What two questions took together. */
export function sumOf(one: TokenUsage | undefined, other: TokenUsage): TokenUsage {
  if (one === undefined) return other;
  return {
    ...other,
    prompt_tokens: one.prompt_tokens + other.prompt_tokens,
    completion_tokens: one.completion_tokens + other.completion_tokens,
    total_tokens: one.total_tokens + other.total_tokens,
  };
}
