// Asks the model, held to the JSON schema of the artifact where the provider can do that.
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import type { chat, ChatAnswer } from "#contracts/chat.ts";
import type { ChatMessage, TokenUsage, ValidationError } from "#contracts/nouns.ts";
import type { Choices } from "./guided-choice.ts";
import type { AnswerRead } from "./read-answer.ts";
import { withWords } from "./said-to-model.ts";

type ChatInput = Parameters<Client<typeof chat>["chat"]>[0];

/** What an answer is held to: what the artifact's kind declares, or one question of several. */
export interface AskedSchema {
  readonly name: string;
  readonly schema: object;
  /** Said behind the last message where the schema cannot be sent. */
  readonly in_words?: string | undefined;
}

export interface AskedModel extends Omit<ChatInput, "messages" | "response_format"> {
  readonly schema?: AskedSchema | undefined;
  /** Set for small models: asked for one by one (`createChooser`). */
  readonly choices?: Choices | undefined;
}

export interface ModelAnswer extends ChatAnswer {
  /** Where several questions made the draft: what it is; `content` is what was said to them. */
  readonly read?: DraftRead | undefined;
}

/** `not_offered`: the draft is none that could be chosen; nobody need judge it. */
export type DraftRead = AnswerRead & { readonly not_offered?: ValidationError | undefined };

export type AskModel = (
  asked: AskedModel,
  messages: ChatMessage[],
  call: Call,
) => Promise<ModelAnswer>;

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
    if (schema === undefined) return client.chat({ ...asked, messages }, call);
    const askWithout = () => {
      return client.chat({ ...asked, messages: withWords(messages, schema.in_words) }, call);
    };
    // Some take objects only: what is refused of one schema says nothing of another.
    const who = `${asked.provider ?? ""}/${asked.model ?? ""} ${schema.name}`;
    if (!use_schema || refusers.has(who)) return askWithout();
    const response_format = {
      type: "json_schema",
      json_schema: { name: schema.name, strict: true, schema: schema.schema },
    };
    try {
      return await client.chat({ ...asked, messages, response_format }, call);
    } catch (thrown) {
      const error = toLakehouseError(thrown);
      if (!REFUSALS.has(error.code)) throw error;
      const answer = await askWithout();
      // Without the schema it went well: it was the schema that was refused.
      if (refusers.size < REFUSERS_MAX) refusers.add(who);
      const fields = { model: answer.model, schema: schema.name, trace_id: call.trace_id };
      const said = { reason: error.reason, err: error.message };
      log.info({ ...fields, ...said }, "this model does not take this JSON schema");
      return answer;
    }
  };
}

export const NO_USAGE: TokenUsage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

/**
 * Several questions that make one draft: its usage is that of all of them. Where one of them fails,
 * the error carries what the others took (`spentBefore`).
 */
export async function askTogether(
  ask: AskModel,
  questions: (ask: AskModel) => Promise<ModelAnswer>,
): Promise<ModelAnswer> {
  let usage: TokenUsage | undefined;
  const counted: AskModel = async (asked, messages, call) => {
    const answer = await ask(asked, messages, call);
    usage = usage === undefined ? answer.usage : sumOf(usage, answer.usage);
    return answer;
  };
  try {
    const answer = await questions(counted);
    return { ...answer, usage: usage ?? NO_USAGE };
  } catch (thrown) {
    const error = toLakehouseError(thrown);
    if (usage === undefined) throw error;
    const { code, message, reason, hint, issues, extra } = error;
    throw new LakehouseError(code, message, {
      reason,
      ...(hint === undefined ? {} : { hint }),
      issues,
      extra: { ...extra, [SPENT]: usage },
      cause: error,
    });
  }
}

const SPENT = "spent";

/** What the questions before the one that failed took; null: there were none. */
export function spentBefore({ extra }: LakehouseError): TokenUsage | null {
  return (extra[SPENT] as TokenUsage | undefined) ?? null;
}

function sumOf(one: TokenUsage, other: TokenUsage): TokenUsage {
  return {
    ...other,
    prompt_tokens: one.prompt_tokens + other.prompt_tokens,
    completion_tokens: one.completion_tokens + other.completion_tokens,
    total_tokens: one.total_tokens + other.total_tokens,
  };
}
