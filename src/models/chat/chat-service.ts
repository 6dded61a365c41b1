// chat: one door to every model; finds the provider, guards its answer, speaks OpenAI's shapes too.
import { assert } from "#kernel/assert.ts";
import { childCall, type Call } from "#kernel/call.ts";
import type { Clock } from "#kernel/clock.ts";
import type { ParsedInputOf } from "#kernel/contract.ts";
import { newId } from "#kernel/ids.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import { asOpenAiError } from "#kernel/openai-error.ts";
import type { chat, ChatAnswer } from "#contracts/chat.ts";
import type { ChatDelta, ChatProvider } from "#ports/chat-model.ts";
import type { ChatSettings } from "./chat-settings.ts";
import { completionRequest, toChatRequest, type AskedChat } from "./chat-request.ts";
import { guardedAnswer } from "./guarded-answer.ts";
import { completionEvents, completionObject, NO_USAGE } from "./openai-completion.ts";
import { listModels, probeProviders } from "./provider-list.ts";
import { retriedAnswer } from "./retried-answer.ts";
import { routeModel } from "./route-model.ts";
import { joinToolCalls } from "./tool-calls.ts";

export interface ChatNeeds {
  readonly providers: readonly ChatProvider[];
  /** Tier → model; asked for as `tier/<name>`. */
  readonly tiers: Readonly<Record<string, string>>;
  readonly log: Log;
  readonly clock: Clock;
}

/** A request that has found who answers it. */
interface Opened {
  readonly provider: ChatProvider;
  /** `provider/model`: asking for it again leads to the same. */
  readonly full_name: string;
  readonly deltas: AsyncGenerator<ChatDelta>;
}

type CompletionsInput = ParsedInputOf<(typeof chat)["operations"]["completions"]>;

export async function createChat(
  needs: ChatNeeds,
  settings: ChatSettings,
): Promise<Service<typeof chat>> {
  const open = createOpener(needs, settings);
  const probe = (call: Call) => childCall(call, { timeout_ms: settings.probe_timeout_ms });

  return {
    handlers: {
      async chat(input, call) {
        const clock = performance.now();
        const { provider, full_name, deltas } = open(input, call);
        const { tool_calls, ...whole } = await collect(deltas);
        return {
          model: full_name,
          provider: provider.name,
          provider_kind: provider.kind,
          ...whole,
          ...(tool_calls === undefined ? {} : { tool_calls }),
          duration_ms: performance.now() - clock,
          trace_id: call.trace_id,
        } satisfies ChatAnswer;
      },
      async *stream(input, call) {
        const { provider, full_name, deltas } = open(input, call);
        for await (const { tool_calls, ...delta } of deltas) {
          const tools = tool_calls === undefined ? {} : { tool_calls: [...tool_calls] };
          yield { ...delta, ...tools, model: full_name, provider: provider.name };
        }
      },
      async completions(input, call) {
        try {
          return await complete(open, needs.clock, input, call);
        } catch (error) {
          throw asOpenAiError(error);
        }
      },
      async models(_input, call) {
        return { object: "list", data: await listModels(needs.providers, probe(call), needs.log) };
      },
      async providers(_input, call) {
        const { default_model } = settings;
        return { default_model, providers: await probeProviders(needs.providers, probe(call)) };
      },
    },
    health: async () => ({
      status: "ok",
      figures: {
        providers: needs.providers.map(({ name }) => name),
        default_model: settings.default_model,
      },
    }),
    stop: async () => undefined,
  };
}

type Open = (asked: AskedChat, call: Call) => Opened;

/** Finds the provider of a request and asks it; nothing is sent before the first delta is read. */
function createOpener(needs: ChatNeeds, settings: ChatSettings): Open {
  const providers = new Map<string, ChatProvider>();
  for (const provider of needs.providers) {
    assert(!providers.has(provider.name), `two chat providers are named ${provider.name}`);
    providers.set(provider.name, provider);
  }
  const table = {
    registered: [...providers.keys()],
    tiers: needs.tiers,
    default_model: settings.default_model,
  };
  return (asked, call) => {
    const route = routeModel(asked, table);
    const provider = providers.get(route.provider)!;
    const attempt = () =>
      guardedAnswer(
        provider.name,
        (signal) => provider.chat(toChatRequest(asked, route.model, signal)),
        settings,
        call,
      );
    const deltas = retriedAnswer(attempt, settings, call, (error, wait_ms) => {
      const fields = { provider: provider.name, reason: error.reason, wait_ms };
      needs.log.warn({ ...fields, trace_id: call.trace_id }, "asking the provider again");
    });
    return { provider, full_name: `${route.provider}/${route.model}`, deltas };
  };
}

/** POST /v1/chat/completions: the object, or the event stream once its first piece is there. */
async function complete(open: Open, clock: Clock, input: CompletionsInput, call: Call) {
  const asked = completionRequest(input);
  const leaving = new AbortController();
  const { full_name, deltas } = open(asked, childCall(call, { signal: leaving.signal }));
  const head = {
    id: `chatcmpl-${newId()}`,
    created: Math.floor(clock.now() / 1000),
    model: full_name,
  };
  if (!input.stream) {
    const document = completionObject(head, await collect(deltas));
    const bytes = new TextEncoder().encode(JSON.stringify(document));
    return { content_type: "application/json", body: once(bytes) };
  }
  // What fails before the first piece is an error of the request, with its own status.
  const first = await deltas.next();
  const include_usage = input.stream_options?.include_usage === true;
  const body = completionEvents(head, continued(first, deltas), include_usage);
  return { content_type: "text/event-stream; charset=utf-8", body: closing(body, leaving) };
}

async function collect(deltas: AsyncIterable<ChatDelta>) {
  let content = "";
  let usage = NO_USAGE;
  let finish_reason: ChatAnswer["finish_reason"] = "stop";
  const pieces: unknown[] = [];
  for await (const delta of deltas) {
    content += delta.content;
    pieces.push(...(delta.tool_calls ?? []));
    usage = delta.usage ?? usage;
    finish_reason = delta.finish_reason ?? finish_reason;
  }
  const tool_calls = pieces.length > 0 ? joinToolCalls(pieces) : undefined;
  return { content, tool_calls, finish_reason, usage };
}

async function* continued<T>(first: IteratorResult<T>, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

/** A body whose reader may leave while the next piece is awaited: the provider is told at once. */
function closing(
  body: AsyncGenerator<Uint8Array>,
  leaving: AbortController,
): AsyncIterableIterator<Uint8Array> {
  return {
    next: () => body.next(),
    return() {
      leaving.abort();
      return body.return(undefined);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
