// Names of models and providers in the settings: each must lead somewhere. Whether a provider has
// its key and answers is another matter, and no fault of the settings.
import type { ChatSettings } from "#models/chat/chat-settings.ts";
import { KNOWN_PROVIDERS, routeModel, type RoutingTable } from "#models/chat/route-model.ts";
import { toLakehouseError } from "#kernel/problem.ts";
import { tiersOf, type ModelsSettings } from "./model-tiers.ts";
import type { ProvidersSettings } from "./provider-settings.ts";

export interface NamingSettings {
  readonly chat: ChatSettings;
  readonly models: ModelsSettings;
  readonly providers: ProvidersSettings;
}

export interface NameFault {
  readonly path: string[];
  readonly message: string;
}

/** Every name that no request could be sent to, with those that are known. */
export function modelNameFaults(settings: NamingSettings): NameFault[] {
  const { chat, models, providers } = settings;
  const named = providers.endpoints.map(({ name }) => name);
  const table: RoutingTable = {
    registered: [...KNOWN_PROVIDERS, ...named.filter((name) => !KNOWN_PROVIDERS.includes(name))],
    tiers: tiersOf(models),
    default_model: chat.default_model,
  };
  const faults: NameFault[] = [];
  const check = (path: string[], model: string) => {
    const message = faultOf(model, table);
    if (message !== undefined) faults.push({ path, message });
  };
  for (const [tier, model] of Object.entries(table.tiers)) check(["models", tier], model);
  check(["chat", "default_model"], chat.default_model);
  for (const [name, chain] of Object.entries(chat.fallbacks)) {
    const path = ["chat", "fallbacks", name];
    check(path, name);
    for (const model of chain) check(path, model);
  }
  for (const provider of Object.keys(chat.provider_concurrency)) {
    if (table.registered.includes(provider)) continue;
    const message = `there is no provider "${provider}" (known: ${table.registered.join(", ")})`;
    faults.push({ path: ["chat", "provider_concurrency", provider], message });
  }
  return faults.length > 0 ? faults : doubledChains(chat, table);
}

function faultOf(model: string, table: RoutingTable): string | undefined {
  try {
    routeModel({ model }, table);
    return undefined;
  } catch (thrown) {
    const { message, reason } = toLakehouseError(thrown);
    if (reason === "no_such_provider") {
      const known = table.registered.join(", ");
      const slash = "an Ollama model with a slash in its name is ollama/<name>";
      return `"${model}" names no known provider (known: ${known}; ${slash})`;
    }
    if (reason !== "no_such_model") return message;
    return `${message} (tiers in [models]: ${Object.keys(table.tiers).join(", ") || "none"})`;
  }
}

/** A model has one chain: a tier and the model that it stands for are the same. */
function doubledChains(chat: ChatSettings, table: RoutingTable): NameFault[] {
  const seen = new Map<string, string>();
  const faults: NameFault[] = [];
  for (const name of Object.keys(chat.fallbacks)) {
    const { provider, model } = routeModel({ model: name }, table);
    const before = seen.get(`${provider}/${model}`);
    seen.set(`${provider}/${model}`, name);
    if (before === undefined) continue;
    const message = `"${before}" is the same model, ${provider}/${model}; it has one chain`;
    faults.push({ path: ["chat", "fallbacks", name], message });
  }
  return faults;
}
