// Asks the model, held to the JSON schema of the artifact where the provider can do that.
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import { sha256Hex } from "#kernel/ids.ts";
import type { Log } from "#kernel/log.ts";
import { type LakehouseError, retold, toLakehouseError } from "#kernel/problem.ts";
import type { chat, ChatAnswer } from "#contracts/chat.ts";
import type { ChatMessage, TokenUsage, ValidationError } from "#contracts/nouns.ts";
import type { Choices } from "./guided-choice.ts";
import { inTime } from "./in-time.ts";
import type { AnswerRead } from "./read-answer.ts";
import { withWords } from "./said-to-model.ts";

type ChatInput = Parameters<Client<typeof chat>["chat"]>[0];

/** What an answer is held to: what the artifact's kind declares, or one question of several. */
export interface AskedSchema {
  readonly name: string;
  readonly schema: object;
  /** The same in a whole session: what is refused of one part of it is refused of the others. */
  readonly part_of?: object | undefined;
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

/** Refusals that are remembered, of a model and a schema, at most. */
const REFUSALS_MAX = 1_000;

/** What a provider answers that does not know response formats, or not this schema. */
export const REFUSALS: ReadonlySet<string> = new Set(["rejected", "invalid", "unimplemented"]);

/**
 * A model that refuses a schema is asked once more without it, and for this very schema from then
 * on without it at once; one that takes none is asked with one now and then only. Errors are those
 * of chat.
 */
export function createModelAsker(
  client: Client<typeof chat>,
  log: Log,
  use_schema: boolean,
): AskModel {
  const refusals = createRefusals();

  return async ({ schema, ...asked }, messages, call) => {
    if (schema === undefined) return client.chat({ ...asked, messages }, call);
    const askWithout = () => {
      return client.chat({ ...asked, messages: withWords(messages, schema.in_words) }, call);
    };
    if (!use_schema || refusals.has(asked, schema)) return askWithout();
    const response_format = {
      type: "json_schema",
      json_schema: { name: schema.name, strict: true, schema: schema.schema },
    };
    try {
      const answer = await client.chat({ ...asked, messages, response_format }, call);
      refusals.taken(asked);
      return answer;
    } catch (thrown) {
      const error = toLakehouseError(thrown);
      if (!REFUSALS.has(error.code)) throw error;
      const answer = await askWithout();
      // Without the schema it went well: it was the schema that was refused.
      refusals.add(asked, schema);
      const fields = { model: answer.model, schema: schema.name, trace_id: call.trace_id };
      const said = { reason: error.reason, err: error.message };
      log.info({ ...fields, ...said }, "this model does not take this JSON schema");
      return answer;
    }
  };
}

type Named = Pick<ChatInput, "model" | "provider">;

/** So many refused schemas in a row, and none taken, say that a model takes none. */
const TAKES_NONE_AFTER = 3;
/** Every so many calls it is asked whether that still holds. */
const ASK_EVERY = 20;

/** Of a model and a schema by its content: what is refused of one says nothing of another. */
function createRefusals() {
  const known = new Set<string>();
  const in_a_row = new Map<string, { refused: number; passed: number }>();
  const hashes = new WeakMap<object, string>();

  const nameOf = ({ model = "", provider = "" }: Named) => `${provider}/${model}`;

  function keyOf(who: Named, { schema, part_of }: AskedSchema): string {
    const whole = part_of ?? schema;
    const hash = hashes.get(whole) ?? sha256Hex(JSON.stringify(whole));
    hashes.set(whole, hash);
    return `${nameOf(who)} ${part_of === undefined ? "" : "part of "}${hash}`;
  }

  return {
    has(who: Named, schema: AskedSchema): boolean {
      if (known.size === 0) return false;
      const row = in_a_row.get(nameOf(who));
      if (row !== undefined && row.refused >= TAKES_NONE_AFTER) {
        if (++row.passed % ASK_EVERY !== 0) return true;
      }
      const key = keyOf(who, schema);
      // Those that are met are forgotten last.
      return known.delete(key) && known.add(key).size > 0;
    },
    taken(who: Named): void {
      if (in_a_row.size > 0) in_a_row.delete(nameOf(who));
    },
    add(who: Named, schema: AskedSchema): void {
      const key = keyOf(who, schema);
      // Drafts that were asked side by side are refused the same schema once.
      if (known.has(key)) return;
      if (in_a_row.size >= REFUSALS_MAX) in_a_row.clear();
      const row = in_a_row.get(nameOf(who)) ?? { refused: 0, passed: 0 };
      row.refused++;
      in_a_row.set(nameOf(who), row);
      const [oldest] = known;
      if (known.size >= REFUSALS_MAX) known.delete(oldest!);
      known.add(key);
    },
  };
}

/** One answer, of however many a draft takes, that comes within `timeout_ms` or not at all. */
export function withinLimit(ask: AskModel, timeout_ms: number): AskModel {
  return (asked, messages, call) => {
    const limit = { who: asked.model ?? "the model", timeout_ms };
    return inTime(call, limit, (limited) => ask(asked, messages, limited));
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
    throw retold(error, { extra: { ...error.extra, [SPENT]: usage } });
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
