// Which provider answers for a model's name. The one place where names are read.
import { LakehouseError } from "#kernel/problem.ts";

export interface RoutingTable {
  /** Names of the providers that are registered here. */
  readonly registered: readonly string[];
  /** Of others that the settings have: what they lack. */
  readonly keyless?: ReadonlyMap<string, string> | undefined;
  /** Tier → model. */
  readonly tiers: Readonly<Record<string, string>>;
  readonly default_model: string;
}

export interface Route {
  readonly provider: string;
  /** The model's name without its provider. */
  readonly model: string;
}

export function nameOf({ provider, model }: Route): string {
  return `${provider}/${model}`;
}

/** Names of providers that are known even where they are not registered. */
export const KNOWN_PROVIDERS: readonly string[] = [
  "anthropic",
  "ollama",
  "ollama_cloud",
  "openrouter",
  "opencode",
  "kimi",
  "local",
  "builtin",
];

const TIER_DEPTH_MAX = 4;

/**
 * Explicit provider, then `tier/<name>`, then the prefix, then `<m>:cloud`, then Ollama.
 * Errors: `not_found` (no_such_provider, no_such_model for a tier), `invalid`.
 */
export function routeModel(
  asked: { readonly model?: string | undefined; readonly provider?: string | undefined },
  table: RoutingTable,
): Route {
  const name = resolveTier(asked.model ?? table.default_model, table);
  const route = asked.provider === undefined ? byName(name, table) : byProvider(asked, name, table);
  if (!table.registered.includes(route.provider)) throw noSuchProvider(route.provider, table);
  if (route.model === "") {
    throw new LakehouseError("invalid", `"${name}" names a provider but no model`, {
      reason: "invalid_input",
      hint: `write ${route.provider}/<model>`,
    });
  }
  return route;
}

function resolveTier(model: string, table: RoutingTable): string {
  let name = model;
  for (let depth = 0; name.startsWith("tier/"); depth++) {
    const tier = name.slice("tier/".length);
    const target = Object.hasOwn(table.tiers, tier) ? table.tiers[tier] : undefined;
    if (target === undefined || depth >= TIER_DEPTH_MAX) throw noSuchTier(tier, target, table);
    name = target;
  }
  return name;
}

function byProvider(
  asked: { readonly model?: string | undefined; readonly provider?: string | undefined },
  name: string,
  table: RoutingTable,
): Route {
  const provider = asked.provider!;
  const prefix = `${provider}/`;
  if (name.startsWith(prefix)) return { provider, model: name.slice(prefix.length) };
  if (asked.model !== undefined) return { provider, model: name };
  if (!table.registered.includes(provider)) throw noSuchProvider(provider, table);
  throw new LakehouseError("invalid", `provider ${provider} is asked without a model`, {
    reason: "invalid_input",
    hint: `name one: "model": "${provider}/<model>"`,
  });
}

function byName(name: string, table: RoutingTable): Route {
  const slash = name.indexOf("/");
  const prefix = slash < 0 ? "" : name.slice(0, slash);
  if (KNOWN_PROVIDERS.includes(prefix) || table.registered.includes(prefix)) {
    return { provider: prefix, model: name.slice(slash + 1) };
  }
  // A host (hf.co/…) is part of an Ollama model's name; any other prefix is taken for a provider.
  if (prefix !== "" && !prefix.includes(".")) throw noSuchProvider(prefix, table);
  const cloud = ":cloud";
  if (name.endsWith(cloud))
    return { provider: "ollama_cloud", model: name.slice(0, -cloud.length) };
  return { provider: "ollama", model: name };
}

function noSuchProvider(provider: string, table: RoutingTable): LakehouseError {
  const registered = table.registered.join(", ");
  const lacks = table.keyless?.get(provider);
  const extra = { registered: [...table.registered] };
  if (lacks !== undefined) {
    return new LakehouseError("not_found", lacks, {
      reason: "no_such_provider",
      hint: `it is registered at the next start with its key; registered now: ${registered}`,
      extra,
    });
  }
  return new LakehouseError("not_found", `no provider "${provider}" is registered`, {
    reason: "no_such_provider",
    hint:
      `registered: ${registered}; a provider without its key or address is not; ` +
      "for an Ollama model with a slash in its name write ollama/<name>",
    extra,
  });
}

function noSuchTier(tier: string, target: string | undefined, table: RoutingTable): LakehouseError {
  const message =
    target === undefined ? `there is no tier "${tier}"` : `tier "${tier}" leads back to itself`;
  const known = Object.keys(table.tiers).join(", ") || "none";
  return new LakehouseError("not_found", message, {
    reason: "no_such_model",
    hint: `tiers stand in [models] of the settings; now there: ${known}`,
  });
}
