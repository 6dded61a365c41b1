// The providers of models that the settings name; one without its key is not registered.
import { join } from "node:path";
import type { Log } from "#kernel/log.ts";
import type { ChatProvider, ProviderList } from "#ports/chat-model.ts";
import type { ProvidersSettings } from "./provider-settings.ts";
import { resolveSecret } from "./settings.ts";

export interface ProviderNeeds {
  readonly settings: ProvidersSettings;
  readonly data_dir: string;
  readonly log: Log;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

const PRESETS = ["anthropic", "ollama_cloud", "openrouter", "opencode", "kimi"] as const;

type Note = (note: string, fields: Readonly<Record<string, unknown>>) => void;

export async function openProviders(needs: ProviderNeeds): Promise<ProviderList> {
  const { settings, log } = needs;
  const note: Note = (text, fields) => log.warn(fields, text);
  const { createSolverProvider } = await import("#adapters/chat-model/solver-provider.ts");
  const { createOllamaProvider } = await import("#adapters/chat-model/ollama-provider.ts");
  const list: ChatProvider[] = [createSolverProvider(), await openLocal(needs)];
  const { connect_timeout_ms } = settings;
  if (settings.ollama !== "") {
    const base_url = settings.ollama;
    list.push(createOllamaProvider({ name: "ollama", base_url, connect_timeout_ms, note }));
  }
  // An endpoint that bears the name of a preset stands in its place.
  const named = new Set(settings.endpoints.map(({ name }) => name));
  const keyless = new Map<string, string>();
  for (const name of PRESETS) {
    const { base_url, api_key: reference } = settings[name];
    if (base_url === "" || named.has(name)) continue;
    const api_key = await presetKey(name, reference, needs);
    if (api_key === "") keyless.set(name, presetLacks(name, reference, settings));
    else {
      const endpoint = { base_url, api_key, connect_timeout_ms };
      list.push(await openPreset(name, endpoint, settings, note));
    }
  }
  if (keyless.size > 0) {
    log.info({ providers: [...keyless.keys()] }, "no key: these providers are not registered");
  }
  list.push(...(await openEndpoints(needs, note, keyless)));
  return Object.assign(list, { keyless });
}

async function openEndpoints(
  needs: ProviderNeeds,
  note: Note,
  keyless: Map<string, string>,
): Promise<ChatProvider[]> {
  const { createOpenAiCompatibleProvider } =
    await import("#adapters/chat-model/openai-compatible-provider.ts");
  const list: ChatProvider[] = [];
  for (const { name, base_url, api_key: reference } of needs.settings.endpoints) {
    const api_key = await resolveSecret(reference, needs.variables);
    if (reference !== "" && api_key === "") {
      needs.log.warn({ provider: name, reference }, "no key: this provider is not registered");
      keyless.set(name, endpointLacks(name, reference));
      continue;
    }
    const key = api_key === "" ? {} : { api_key };
    const { connect_timeout_ms } = needs.settings;
    const endpoint = { name, base_url, connect_timeout_ms, ...key };
    list.push(createOpenAiCompatibleProvider(endpoint, note));
  }
  return list;
}

interface Preset {
  readonly base_url: string;
  readonly api_key: string;
  readonly connect_timeout_ms: number;
}

async function openPreset(
  name: (typeof PRESETS)[number],
  endpoint: Preset,
  settings: ProvidersSettings,
  note: Note,
): Promise<ChatProvider> {
  if (name === "anthropic") {
    const { createAnthropicProvider } = await import("#adapters/chat-model/anthropic-provider.ts");
    const max_tokens_default = settings.anthropic.max_tokens;
    return createAnthropicProvider({ name, ...endpoint, max_tokens_default, note });
  }
  if (name === "ollama_cloud") {
    const { createOllamaProvider } = await import("#adapters/chat-model/ollama-provider.ts");
    return createOllamaProvider({ name, ...endpoint, note });
  }
  const { createOpenAiCompatibleProvider } =
    await import("#adapters/chat-model/openai-compatible-provider.ts");
  return createOpenAiCompatibleProvider({ name, ...endpoint }, note);
}

/** The key behind the reference, else the one in the provider's file of `keys_dir`. */
async function presetKey(name: string, reference: string, needs: ProviderNeeds): Promise<string> {
  const key = await resolveSecret(reference, needs.variables);
  if (key !== "" || needs.settings.keys_dir === "") return key;
  return resolveSecret(`file:${join(needs.settings.keys_dir, `${name}.env`)}`, needs.variables);
}

/** What callers are told of a preset that is asked for, and how it gets its key. */
function presetLacks(name: string, reference: string, { keys_dir }: ProvidersSettings): string {
  let way = reference === "" ? "set its api_key" : `${reference} gives none`;
  if (reference.startsWith("env:")) way = `set ${reference.slice(4)}`;
  const file = keys_dir === "" ? "" : `, or write ${join(keys_dir, `${name}.env`)}`;
  return `${name} has no key: ${way}${file}`;
}

/** The reference itself is no secret. */
function endpointLacks(name: string, reference: string): string {
  const how = reference.startsWith("env:") ? "is not set" : "gives no key";
  return `${name} is in the settings, but ${reference} ${how}`;
}

/** Where the GGUF files of `local/<model>` are. */
export function weightsFolder(settings: ProvidersSettings, data_dir: string): string {
  return settings.local.weights_dir === "" ? join(data_dir, "models") : settings.local.weights_dir;
}

async function openLocal({ settings, data_dir, log }: ProviderNeeds): Promise<ChatProvider> {
  const { createLocalProvider } = await import("#adapters/chat-model/local-provider.ts");
  const { weights_dir: _folder, ...options } = settings.local;
  return createLocalProvider({ ...options, weights_dir: weightsFolder(settings, data_dir), log });
}
