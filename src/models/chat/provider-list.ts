// What can be asked now: the providers that answer, and their models.
import { NEVER, remainingMs, type Call } from "#kernel/call.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import type { ChatModelInfo, ChatProvider } from "#ports/chat-model.ts";
import { nameOf, routeModel, type RoutingTable } from "./route-model.ts";

/** Models as OpenAI lists them; a provider that does not answer in time has none. */
export async function listModels(providers: readonly ChatProvider[], call: Call, log: Log) {
  const lists = await Promise.all(
    providers.map(async (provider) => {
      try {
        return await modelsInTime(provider, call);
      } catch (error) {
        const fields = { provider: provider.name, trace_id: call.trace_id, err: error };
        log.debug(fields, "a provider did not list its models");
        return [];
      }
    }),
  );
  return lists.flat().map(asListed);
}

/** `provider/model` that answers by a name; undefined: nobody would. */
export function routedName(model: string, table: RoutingTable): string | undefined {
  try {
    return nameOf(routeModel({ model }, table));
  } catch {
    return undefined;
  }
}

/**
 * One of them by its listed id, with or without Ollama's `:latest`; `asked` is what the caller
 * wrote. Errors: `not_found` (no_such_model), and those of its provider.
 */
export async function findModel(
  providers: readonly ChatProvider[],
  full_name: string,
  asked: string,
  call: Call,
) {
  const provider = providers.find(({ name }) => full_name.startsWith(`${name}/`));
  const models =
    provider === undefined
      ? []
      : (await knownModels(provider, full_name, asked, call)).map(asListed);
  const found =
    models.find(({ id }) => id === full_name) ??
    models.find(({ id }) => id === `${full_name}:latest`);
  if (found === undefined) throw noSuchModel(asked);
  return found;
}

/** Of a name that leads here only because it names no provider, nothing is known without it. */
async function knownModels(provider: ChatProvider, full_name: string, asked: string, call: Call) {
  try {
    return await modelsInTime(provider, call);
  } catch (error) {
    const is_away = toLakehouseError(error).reason === "provider_unreachable";
    throw is_away && asked !== full_name ? noSuchModel(asked) : error;
  }
}

/**
 * Tiers that lead to a registered provider, as models: they are asked by these names. `answers`
 * tells the `provider/model` of each.
 */
export function listTiers(table: RoutingTable) {
  return Object.keys(table.tiers).flatMap((tier) => {
    try {
      const { provider, model } = routeModel({ model: `tier/${tier}` }, table);
      const answers = `${provider}/${model}`;
      return [{ listed: listed(`tier/${tier}`, provider), answers }];
    } catch {
      // Its provider is not registered here: it cannot be asked.
      return [];
    }
  });
}

export function noSuchModel(full_name: string): LakehouseError {
  return new LakehouseError("not_found", `there is no model "${full_name}" that can be asked`, {
    reason: "no_such_model",
    hint: "GET /v1/models lists the models that can be asked",
  });
}

const asListed = ({ id, provider }: ChatModelInfo) => listed(`${provider}/${id}`, provider);

/** `id`: `provider/model`. */
export const listedAs = (id: string) => listed(id, id.slice(0, id.indexOf("/")));

function listed(id: string, owned_by: string) {
  return { id, object: "model" as const, created: 0, owned_by };
}

/** Each provider, and whether it answers now. */
export function probeProviders(providers: readonly ChatProvider[], call: Call) {
  return Promise.all(
    providers.map(async (provider) => {
      const { name, kind } = provider;
      try {
        const { length } = await modelsInTime(provider, call);
        const detail = `${length} model${length === 1 ? "" : "s"}`;
        const engines = `${length} deterministic engine${length === 1 ? "" : "s"}`;
        return { name, kind, reachable: true, detail: kind === "model" ? detail : engines };
      } catch (error) {
        return { name, kind, reachable: false, detail: toLakehouseError(error).message };
      }
    }),
  );
}

async function modelsInTime(provider: ChatProvider, call: Call): Promise<readonly ChatModelInfo[]> {
  const wait_ms = remainingMs(call);
  const limit = new AbortController();
  const leave = () => limit.abort(call.signal.reason);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    limit.abort();
  }, wait_ms);
  if (call.signal.aborted) leave();
  else if (call.signal !== NEVER) call.signal.addEventListener("abort", leave, { once: true });
  try {
    return await provider.models(limit.signal);
  } catch (error) {
    if (!late) throw error;
    const message = `${provider.name} did not answer within ${wait_ms} ms`;
    throw new LakehouseError("unavailable", message, {
      reason: "provider_unreachable",
      cause: error,
    });
  } finally {
    clearTimeout(timer);
    if (call.signal !== NEVER) call.signal.removeEventListener("abort", leave);
  }
}
