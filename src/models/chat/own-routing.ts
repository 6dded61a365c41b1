// Models that a request names beside its own, for providers that route by themselves (OpenRouter).
import { LakehouseError } from "#kernel/problem.ts";
import type { AdmittedModel } from "#ports/call-ledger.ts";
import type { ChatDelta } from "#ports/chat-model.ts";
import type { AskedChat } from "./chat-request.ts";
import type { Route } from "./route-model.ts";

/** The names in `models`, `fallbacks` and `preset`, as the provider would read them. */
export function modelsBeside({ extra }: Pick<AskedChat, "extra">): string[] {
  if (extra === undefined) return [];
  const { models, fallbacks, preset } = extra;
  if ((models ?? fallbacks ?? preset) === undefined) return [];
  const names = [models, fallbacks].flatMap((list) =>
    Array.isArray(list) ? list.map(nameOf) : [],
  );
  return preset === undefined ? names : [...names, `@preset/${nameOf(preset)}`];
}

/** OpenRouter reads a preset behind a model too: `org/m@preset/slug`. */
function presetBehind(model: string): string[] {
  const at = model.indexOf("@preset/");
  return at > 0 ? [model.slice(at)] : [];
}

function nameOf(value: unknown): string {
  if (typeof value === "string") return value;
  const { model } = (value ?? {}) as { model?: unknown };
  return typeof model === "string" ? model : JSON.stringify(value);
}

/** More are a mistake, or an attack: each is looked up. */
const BESIDE_MAX = 16;

/** For a stand-in, which has models of its own and perhaps another provider. */
export function withoutModelsBeside(asked: AskedChat): AskedChat {
  if (modelsBeside(asked).length === 0) return asked;
  const { models: _models, fallbacks: _fallbacks, preset: _preset, ...extra } = asked.extra!;
  return { ...asked, extra };
}

/** Who answers: one of those beside, where the provider says so, or whoever was asked. */
export function speakerOf({ model }: ChatDelta, route: Route, asked: AskedChat): Route {
  if (model === undefined || !modelsBeside(asked).includes(model)) return route;
  return { ...route, model };
}

/**
 * Throws `invalid` where there are too many, `forbidden` (model_not_allowed) where the caller's key
 * may not ask one of them, `rate_limited` (key_budget_spent) where one costs more than is left.
 * Nobody is bound without a ledger.
 */
export function checkModelsBeside(
  asked: Pick<AskedChat, "extra">,
  { provider, model: asked_model }: Route,
  admitted: AdmittedModel | undefined,
): void {
  if (admitted === undefined) return;
  const names = [...presetBehind(asked_model), ...modelsBeside(asked)];
  if (names.length > BESIDE_MAX) {
    const message = `a request may name ${BESIDE_MAX} models beside its own`;
    throw new LakehouseError("invalid", message, { reason: "invalid_input" });
  }
  for (const model of names) {
    if (admitted.covers(provider, model)) continue;
    const message = `your key may not ask ${provider}/${model}, which the request names too`;
    throw new LakehouseError("forbidden", message, { reason: "model_not_allowed" });
  }
}
