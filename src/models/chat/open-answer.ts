// Finds who answers a request and brings back the first piece: cache, limits, retries, fallbacks.
import { assert } from "#kernel/assert.ts";
import type { Call } from "#kernel/call.ts";
import { wasLeftUnsent } from "#kernel/http-dispatch.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import type { CallLedger, TriesSoFar } from "#ports/call-ledger.ts";
import type { ChatProvider, ProviderList } from "#ports/chat-model.ts";
import type { SameRequest } from "#ports/same-request.ts";
import {
  createAnswerCache,
  type AnswerCache,
  type CachedAnswer,
  type CacheHit,
} from "./answer-cache.ts";
import { chainedAnswer } from "./chained-answer.ts";
import {
  checkAsked,
  promptTokensMax,
  thoughtTokensMax,
  toChatRequest,
  type AskedChat,
} from "./chat-request.ts";
import type { ChatSettings } from "./chat-settings.ts";
import { guardedAnswer, type Deltas } from "./guarded-answer.ts";
import { guardedWhole } from "./guarded-whole.ts";
import { hedgedAnswer, type Attempt, type StartedAnswer } from "./hedged-answer.ts";
import { modelsBeside, speakerOf } from "./own-routing.ts";
import { createProviderLane, type LaneFigures, type ProviderLane } from "./provider-lane.ts";
import { retriedAnswer } from "./retried-answer.ts";
import { nameOf, routeModel, type Route, type RoutingTable } from "./route-model.ts";
import {
  noteFailed,
  noteLost,
  settledAnswer,
  settleFailed,
  startTally,
  type Settling,
} from "./settled-answer.ts";

export interface OpenerNeeds {
  readonly providers: ProviderList;
  /** Tier → model; asked for as `tier/<name>`. */
  readonly tiers: Readonly<Record<string, string>>;
  readonly ledger?: CallLedger | undefined;
  /** Absent: the cache answers equal requests only. */
  readonly same_request?: SameRequest | undefined;
  readonly log: Log;
}

/** An answer whose first piece is there. */
export interface OpenedAnswer {
  readonly provider: ChatProvider;
  /** `provider/model` of who answers. */
  readonly full_name: string;
  readonly deltas: Deltas;
}

export interface AnswerOpener {
  /** Resolves with the first piece; what fails before it is thrown. */
  open(asked: AskedChat, call: Call, stream: boolean): Promise<OpenedAnswer>;
  /** What names of models lead to. */
  readonly table: RoutingTable;
  lanes(): Readonly<Record<string, LaneFigures>>;
  cache(): ReturnType<AnswerCache["figures"]>;
}

interface Way {
  readonly provider: ChatProvider;
  readonly lane: ProviderLane;
}

export function createAnswerOpener(needs: OpenerNeeds, settings: ChatSettings): AnswerOpener {
  const now = () => performance.now();
  const ways = waysOf(needs.providers, settings, now);
  const cache = createAnswerCache(settings, now, needs.same_request);
  const { default_model } = settings;
  const { keyless } = needs.providers;
  const registered = [...ways.keys()];
  const table: RoutingTable = { registered, keyless, tiers: needs.tiers, default_model };
  const stand_ins = standIns(settings.fallbacks, table, needs.log);

  const may_ask_whole = mayAskWhole(settings);
  const { answer_characters_max } = settings;

  /** The deltas of one try, from the provider's queue to its first piece. */
  function attempt(route: Route, asked: AskedChat, call: Call, settling: Settling): Attempt {
    const { provider, lane } = ways.get(route.provider)!;
    const may_whole = !settling.stream && may_ask_whole;
    let deltas: Deltas | undefined;
    let left = false;
    const start = async (): Promise<StartedAnswer> => {
      const place = await lane.enter(call);
      if (left) {
        place.over({ spoke: false });
        throw new LakehouseError("cancelled", "another try has answered");
      }
      let given: AbortSignal | undefined;
      const request = (signal: AbortSignal) => {
        given = signal;
        return toChatRequest(asked, route.model, signal, call, settling, answer_characters_max);
      };
      try {
        if (may_whole && provider.whole !== undefined) {
          const ask = (signal: AbortSignal) => provider.whole!(request(signal));
          const first = await guardedWhole(provider.name, ask, settings, call, place.over);
          return { first, rest: NOTHING_MORE };
        }
        const open = (signal: AbortSignal) => provider.chat(request(signal));
        deltas = guardedAnswer(provider.name, open, settings, call, place.over);
        const first = await deltas.next();
        assert(!first.done, "a guarded answer ended without its last piece");
        return { first: first.value, rest: deltas };
      } catch (thrown) {
        // One that was left for a quicker one has a line of its own.
        const was_sent = given !== undefined && !wasLeftUnsent(given.reason);
        if (!left && was_sent) noteFailed(settling.tally, toLakehouseError(thrown));
        throw thrown;
      }
    };
    return {
      began: performance.now(),
      started: start(),
      leave() {
        left = true;
        deltas?.leave();
      },
    };
  }

  /** One model with its retries. */
  function ask(route: Route, asked: AskedChat, call: Call, settling: Settling) {
    const { tally } = settling;
    const { provider, lane } = ways.get(route.provider)!;
    const once = () =>
      hedgedAnswer(
        () => attempt(route, asked, call, settling),
        settings,
        lane.hasRoom,
        () => {
          tally.hedged = true;
        },
        ({ began }) => noteLost(settling, route, began),
      );
    return retriedAnswer(once, settings, call, (error, wait_ms) => {
      tally.retries++;
      const fields = { provider: provider.name, reason: error.reason, wait_ms };
      needs.log.warn({ ...fields, trace_id: call.trace_id }, "asking the provider again");
    });
  }

  /** The model that was asked for, then those that stand in for it. */
  function askInTurn(route: Route, asked: AskedChat, call: Call, settling: Settling) {
    const others = stand_ins.size === 0 ? undefined : stand_ins.get(nameOf(route));
    const chain = others === undefined ? [route] : [route, ...others];
    return chainedAnswer(chain, asked, call, settling, ask, settings.fallback_on);
  }

  function admit(route: Route, asked: AskedChat, call: Call, stream: boolean, tries: TriesSoFar) {
    const { trace_id, span_id, principal: caller } = call;
    // Asked again for each model that may answer, and as long as the prompt.
    let prompt_tokens: number | undefined;
    return needs.ledger?.admit({
      caller,
      operation: "chat",
      provider: route.provider,
      model: route.model,
      trace_id,
      span_id,
      stream,
      task_class: asked.task_class,
      max_tokens: asked.max_tokens,
      thought_tokens: thoughtTokensMax(asked),
      promptTokensMax: () => (prompt_tokens ??= promptTokensMax(asked)),
      tries,
    });
  }

  return {
    table,
    async open(asked, call, stream) {
      checkAsked(asked);
      const route = routeModel(asked, table);
      const tally = startTally(route, performance.now());
      const admitted = await admit(route, asked, call, stream, tally);
      // Who may have answered is not known then, nor who else may hear it.
      const key = modelsBeside(asked).length > 0 ? undefined : cache.keyOf(nameOf(route), asked);
      if (key !== undefined) tally.cache = "miss";
      const settling: Settling = { tally, admitted, stream, log: needs.log };
      const kept = key === undefined ? undefined : cache.get(key);
      if (kept !== undefined) return fromCache(kept, ways, settling);
      const answer = await askInTurn(route, asked, call, settling).catch((error: unknown) =>
        settleFailed(settling, error),
      );
      tally.first_token_ms = performance.now() - tally.began;
      const by = speakerOf(answer.first, answer.route, asked);
      tally.model = by.model;
      // What stood in for a model is not kept in its place: the next caller may not ask it.
      const keep =
        key === undefined || answer.route !== route
          ? undefined
          : (deltas: CachedAnswer["deltas"]) => cache.put(key, { ...route, deltas });
      return {
        provider: ways.get(answer.route.provider)!.provider,
        full_name: nameOf(by),
        deltas: settledAnswer(answer.first, answer.rest, settling, keep),
      };
    },
    lanes: () => Object.fromEntries([...ways].map(([name, { lane }]) => [name, lane.figures()])),
    cache: () => cache.figures(),
  };
}

const OVER = { done: true, value: undefined } as const;
const NOTHING_MORE: Deltas = { next: async () => OVER, leave: () => undefined };

/** Below these limits whoever set them wants to hear early that a provider is silent. */
const WHOLE_FIRST_TOKEN_MS = 60_000;
const WHOLE_GAP_MS = 30_000;

/** Silence can be told from work only where an answer comes in pieces. */
function mayAskWhole(settings: ChatSettings): boolean {
  const { ask_whole, first_token_timeout_ms, gap_timeout_ms, hedge_after_ms } = settings;
  const patient = first_token_timeout_ms >= WHOLE_FIRST_TOKEN_MS && gap_timeout_ms >= WHOLE_GAP_MS;
  return ask_whole && patient && hedge_after_ms === 0;
}

function waysOf(providers: readonly ChatProvider[], settings: ChatSettings, now: () => number) {
  const ways = new Map<string, Way>();
  for (const provider of providers) {
    const { name } = provider;
    assert(!ways.has(name), `two chat providers are named ${name}`);
    const rules = {
      concurrency_max: settings.provider_concurrency[name] ?? settings.provider_concurrency_max,
      queue_max: settings.provider_queue_max,
      breaker_failures: settings.breaker_failures,
      breaker_open_ms: settings.breaker_open_ms,
    };
    ways.set(name, { provider, lane: createProviderLane(name, rules, now) });
  }
  return ways;
}

/**
 * The chains of the settings by the model that they stand in for, whichever name of it is the key;
 * a model whose provider is not registered here is left out.
 */
function standIns(fallbacks: ChatSettings["fallbacks"], table: RoutingTable, log: Log) {
  const chains = new Map<string, readonly Route[]>();
  const routeOf = (model: string, fields: Readonly<Record<string, unknown>>): Route[] => {
    try {
      return [routeModel({ model }, table)];
    } catch (error) {
      const { reason } = toLakehouseError(error);
      log.warn({ model, reason, ...fields }, "a model of the fallbacks cannot be asked");
      return [];
    }
  };
  for (const [name, chain] of Object.entries(fallbacks)) {
    for (const route of routeOf(name, {})) {
      const routes = chain.flatMap((model) => routeOf(model, { stands_in_for: name }));
      chains.set(nameOf(route), routes);
    }
  }
  return chains;
}

/** A kept answer, piece by piece as it came; it costs nothing. */
function fromCache(
  { answer: kept, how }: CacheHit,
  ways: ReadonlyMap<string, Way>,
  settling: Settling,
): OpenedAnswer {
  const first_token_ms = performance.now() - settling.tally.began;
  const { provider, model, deltas } = kept;
  const tally = { ...settling.tally, provider, model, first_token_ms, cache: how };
  let at = 1;
  const rest: Deltas = {
    async next() {
      const delta = deltas[at++];
      return delta === undefined ? { done: true, value: undefined } : { done: false, value: delta };
    },
    leave: () => undefined,
  };
  return {
    provider: ways.get(provider)!.provider,
    full_name: nameOf(kept),
    deltas: settledAnswer(deltas[0]!, rest, { ...settling, tally }),
  };
}
