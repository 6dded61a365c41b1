// chat: one door to every model; finds the provider, guards its answer, speaks OpenAI's shapes too.
import { childCall, type Call } from "#kernel/call.ts";
import type { Clock } from "#kernel/clock.ts";
import type { ParsedInputOf } from "#kernel/contract.ts";
import { newId } from "#kernel/ids.ts";
import type { Service } from "#kernel/lifecycle.ts";
import { asOpenAiError } from "#kernel/openai-error.ts";
import { wholeBody } from "#kernel/whole-body.ts";
import type { chat, ChatAnswer } from "#contracts/chat.ts";
import { REFUSAL_LOGPROBS, type TokenLogprob, type TokenUsage } from "#contracts/nouns.ts";
import { joinMembers, type ChatDelta } from "#ports/chat-model.ts";
import type { ChatSettings } from "./chat-settings.ts";
import { completionRequest, type AskedChat } from "./chat-request.ts";
import type { Deltas } from "./guarded-answer.ts";
import { createAnswerOpener, type AnswerOpener, type OpenerNeeds } from "./open-answer.ts";
import { completionEvents, completionObject, NO_USAGE } from "./openai-completion.ts";
import {
  findModel,
  listedAs,
  listModels,
  listTiers,
  noSuchModel,
  probeProviders,
  routedName,
} from "./provider-list.ts";
import { createToolCallReader, joinToolCalls } from "./tool-calls.ts";

export interface ChatNeeds extends OpenerNeeds {
  readonly clock: Clock;
  /** Which models (`provider/model`) a caller may ask. Absent: everybody all of them. */
  readonly mayAsk?: MayAsk | undefined;
  /** Listed beside the models that can be asked. Absent: none. */
  readonly embedding_models?: readonly string[] | undefined;
}

export type MayAsk = (call: Call) => Promise<(full_name: string) => boolean>;

type CompletionsInput = ParsedInputOf<(typeof chat)["operations"]["completions"]>;

export async function createChat(
  needs: ChatNeeds,
  settings: ChatSettings,
): Promise<Service<typeof chat>> {
  const opener = createAnswerOpener(needs, settings);
  const { default_model } = settings;
  const embedding = needs.embedding_models ?? [];
  const probe = (call: Call) => childCall(call, { timeout_ms: settings.probe_timeout_ms });

  return {
    handlers: {
      async chat(input, call) {
        const clock = performance.now();
        const { provider, full_name, deltas } = await opener.open(input, call, false);
        const whole = await collect(deltas, input);
        const { refusal, reasoning, tool_calls, other, notes, logprobs } = whole;
        return {
          model: full_name,
          provider: provider.name,
          provider_kind: provider.kind,
          content: whole.content,
          finish_reason: whole.finish_reason,
          usage: whole.usage ?? NO_USAGE,
          ...(refusal === undefined ? {} : { refusal }),
          ...(reasoning === undefined ? {} : { reasoning }),
          ...(tool_calls === undefined ? {} : { tool_calls }),
          ...(other === undefined ? {} : { other }),
          ...(logprobs === undefined ? {} : { logprobs }),
          ...(notes === undefined ? {} : { notes }),
          duration_ms: performance.now() - clock,
          trace_id: call.trace_id,
        } satisfies ChatAnswer;
      },
      async *stream(input, call) {
        const { provider, full_name, deltas } = await opener.open(input, call, true);
        let read: ReturnType<typeof createToolCallReader> | undefined;
        for await (const { tool_calls, ...delta } of eachOf(deltas)) {
          if (tool_calls !== undefined) read ??= createToolCallReader();
          const tools = tool_calls === undefined ? {} : { tool_calls: read!(tool_calls) };
          yield { ...delta, ...tools, model: full_name, provider: provider.name };
        }
      },
      async completions(input, call) {
        try {
          return await complete(opener, needs.clock, input, call);
        } catch (error) {
          throw asOpenAiError(error);
        }
      },
      async models(_input, call) {
        const may = (await needs.mayAsk?.(call)) ?? (() => true);
        const models = await listModels(needs.providers, probe(call), needs.log);
        const tiers = listTiers(opener.table).filter(({ answers }) => may(answers));
        // Last, since many a client takes the first for its chats; some providers list them too.
        const embed = embedding.filter((name) => models.every(({ id }) => id !== name));
        return {
          object: "list",
          data: [
            ...models.filter(({ id }) => may(id)),
            ...tiers.map(({ listed }) => listed),
            ...embed.filter(may).map(listedAs),
          ],
        };
      },
      async model({ id }, call) {
        const may = await needs.mayAsk?.(call);
        const tier = listTiers(opener.table).find(({ listed }) => listed.id === id);
        if (tier === undefined && embedding.includes(id) && may?.(id) !== false) {
          return listedAs(id);
        }
        const answers = tier?.answers ?? routedName(id, opener.table);
        if (answers === undefined || may?.(answers) === false) throw noSuchModel(id);
        return tier?.listed ?? findModel(needs.providers, answers, id, probe(call));
      },
      async providers(_input, call) {
        const lanes = opener.lanes();
        const probed = await probeProviders(needs.providers, probe(call));
        return {
          default_model,
          providers: probed.map((one) => ({ ...one, ...lanes[one.name]! })),
        };
      },
    },
    health: async () => ({
      status: "ok",
      figures: {
        providers: needs.providers.map(({ name }) => name),
        default_model,
        lanes: opener.lanes(),
        cache: opener.cache(),
      },
    }),
    stop: async () => undefined,
  };
}

/** POST /v1/chat/completions: the object, or the event stream once its first piece is there. */
async function complete(opener: AnswerOpener, clock: Clock, input: CompletionsInput, call: Call) {
  const asked = completionRequest(input);
  // What fails before the first piece is an error of the request, with its own status.
  const stream = input.stream === true;
  const { full_name, deltas } = await opener.open(asked, call, stream);
  const head = {
    id: `chatcmpl-${newId()}`,
    created: Math.floor(clock.now() / 1000),
    model: full_name,
  };
  if (!stream) {
    const document = completionObject(head, await collect(deltas, asked));
    return { content_type: "application/json", body: wholeBody(JSON.stringify(document)) };
  }
  const include_usage = input.stream_options?.include_usage === true;
  const body = completionEvents(head, eachOf(deltas), include_usage);
  return { content_type: "text/event-stream; charset=utf-8", body: closing(body, deltas) };
}

async function collect(deltas: Deltas, asked: AskedChat) {
  let content = "";
  let refusal: string | undefined;
  let reasoning: string | undefined;
  let usage: TokenUsage | undefined;
  let finish_reason: ChatAnswer["finish_reason"] = "stop";
  let notes: string[] | undefined;
  let logprobs: TokenLogprob[] | undefined;
  let other: Record<string, unknown> | undefined;
  const pieces: unknown[] = [];
  for (let step = await deltas.next(); !step.done; step = await deltas.next()) {
    const { value } = step;
    content += value.content;
    if (value.refusal !== undefined) refusal = (refusal ?? "") + value.refusal;
    if (value.reasoning !== undefined) reasoning = (reasoning ?? "") + value.reasoning;
    if (value.tool_calls !== undefined) pieces.push(...value.tool_calls);
    if (value.other !== undefined) other = joinMembers(other, value.other);
    usage = value.usage ?? usage;
    if (value.logprobs !== undefined) logprobs = [...(logprobs ?? []), ...value.logprobs];
    notes = value.notes ?? notes;
    if (value.finish_reason === undefined) continue;
    // Nothing comes after the reason.
    finish_reason = value.finish_reason;
    break;
  }
  const likely = logprobs ?? other?.[REFUSAL_LOGPROBS];
  if (asked.logprobs === true && likely === undefined) {
    notes = [...(notes ?? []), "logprobs: whoever answered tells none"];
  }
  const tool_calls = pieces.length > 0 ? joinToolCalls(pieces) : undefined;
  const said = { content, refusal, reasoning, tool_calls, other };
  return { ...said, finish_reason, usage, logprobs, notes };
}

/** For loops: ending one early leaves the answer. */
function eachOf(deltas: Deltas): AsyncIterableIterator<ChatDelta, undefined> {
  return {
    next: () => deltas.next(),
    async return() {
      deltas.leave();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** A body whose reader may leave while the next piece is awaited: the provider is told at once. */
function closing(
  body: AsyncGenerator<Uint8Array>,
  deltas: Deltas,
): AsyncIterableIterator<Uint8Array> {
  return {
    next: () => body.next(),
    return() {
      deltas.leave();
      return body.return(undefined);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
