// Calls of models: by provider and model as OpenTelemetry's GenAI metrics, by caller as counters.
// Source: OpenTelemetry semantic conventions, "Generative AI client metrics".
import type { Registry } from "prom-client";
import type { EventInput } from "#contracts/observe.ts";
import { GEN_AI, OWN, SPAN } from "#kernel/span-names.ts";
import { prometheusName } from "./prometheus-name.ts";
import { add, createDistributions, createSums, observe } from "./series.ts";

const OPERATION = prometheusName(GEN_AI.operation_name);
const PROVIDER = prometheusName(GEN_AI.provider_name);
const REQUEST_MODEL = prometheusName(GEN_AI.request_model);
const RESPONSE_MODEL = prometheusName(GEN_AI.response_model);
const TOKEN_TYPE = prometheusName(GEN_AI.token_type);
const ERROR = prometheusName(SPAN.error_type);
const OF_MODEL = [OPERATION, PROVIDER, REQUEST_MODEL, RESPONSE_MODEL];
const OF_CALLER = ["caller", "provider", "model"];

/** The bounds that the conventions advise; of the first chunk those of their server's metric. */
const DURATION_S = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
const TOKENS = Array.from({ length: 14 }, (_, power) => 4 ** power);
const FIRST_CHUNK_S = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

const TOKEN_TYPES = [
  { type: "input", attribute: GEN_AI.usage_input_tokens },
  { type: "output", attribute: GEN_AI.usage_output_tokens },
] as const;

const HEDGE_LOST = "hedge_lost";

/** Callers may ask for any name: models beyond so many are counted together, as `other`. */
const MODELS_MAX = 500;

export function modelCounts(registry: Registry): (event: EventInput) => void {
  const to = instruments(registry);
  const known = boundedNames(MODELS_MAX);
  const kinds = new Map<string, CallKind>();
  return (event) => {
    const said = event.details?.["attributes"] as Attributes | undefined;
    // The slower of two requests of one call is no call of its own, as in the reports of usage.
    if (said === undefined || event.error === HEDGE_LOST) return;
    const provider = textOf(said, GEN_AI.provider_name);
    const requested = known(provider, textOf(said, GEN_AI.request_model));
    const model = known(provider, textOf(said, GEN_AI.response_model));
    const operation = textOf(said, GEN_AI.operation_name);
    const { principal = "", error = "" } = event;
    const names = [operation, provider, requested, model, error, principal];
    const key = names.join("\0");
    let kind = kinds.get(key);
    if (kind === undefined) {
      kind = kindOf(to, { operation, provider, requested, model, error, caller: principal });
      kinds.set(key, kind);
    }
    countCall(kind, said, (event.duration_ms ?? 0) / 1000);
    countRest(to, said, { caller: principal, provider, model });
  };
}

interface CallNames {
  readonly operation: string;
  readonly provider: string;
  readonly requested: string;
  readonly model: string;
  readonly error: string;
  readonly caller: string;
}

/** The series that a call of these names adds to. */
type CallKind = ReturnType<typeof kindOf>;

function kindOf(to: ReturnType<typeof instruments>, names: CallNames) {
  const { provider, model, error, caller } = names;
  const of_model = [names.operation, provider, names.requested, model] as const;
  return {
    duration: to.duration(...of_model, error),
    first_chunk: to.first_chunk(...of_model),
    calls: to.calls(caller, provider, model, error),
    tokens: TOKEN_TYPES.map(({ type, attribute }) => ({
      attribute,
      seen: to.token_usage(...of_model, type),
      sum: to.tokens(caller, provider, model, type),
    })),
  };
}

function countCall(kind: CallKind, said: Attributes, duration_s: number): void {
  observe(kind.duration, duration_s);
  add(kind.calls, 1);
  for (const { attribute, seen, sum } of kind.tokens) {
    const count = numberOf(said, attribute);
    if (count === undefined) continue;
    observe(seen, count);
    add(sum, count);
  }
  const first_s = numberOf(said, GEN_AI.response_first_chunk_s);
  if (first_s !== undefined && said[GEN_AI.request_stream] === true) {
    observe(kind.first_chunk, first_s);
  }
}

type Attributes = Readonly<Record<string, unknown>>;

/** What most calls have nothing of. */
function countRest(
  to: ReturnType<typeof instruments>,
  said: Attributes,
  caller: { readonly caller: string; readonly provider: string; readonly model: string },
): void {
  const { provider, model } = caller;
  const cost = numberOf(said, OWN.cost) ?? 0;
  if (cost > 0) add(to.cost(caller.caller, provider, model), cost);
  const retries = numberOf(said, OWN.retries) ?? 0;
  if (retries > 0) add(to.retries(provider, model), retries);
  const cache = textOf(said, OWN.cache);
  if (cache !== "" && cache !== "off") add(to.cached(provider, model, cache), 1);
}

function instruments(registry: Registry) {
  const counter = (name: string, help: string, labelNames: string[]) =>
    createSums(registry, { name, help, labelNames });
  const histogram = (name: string, help: string, labelNames: string[], bounds: number[]) =>
    createDistributions(registry, { name, help, labelNames }, bounds);
  return {
    duration: histogram(
      "gen_ai_client_operation_duration_seconds",
      "Calls of models, until their last piece; error_type is the reason of the error, or empty.",
      [...OF_MODEL, ERROR],
      DURATION_S,
    ),
    first_chunk: histogram(
      "gen_ai_client_operation_time_to_first_chunk_seconds",
      "Streams: how long until the first piece.",
      OF_MODEL,
      FIRST_CHUNK_S,
    ),
    token_usage: histogram(
      "gen_ai_client_token_usage",
      "Tokens of a call, as its provider counts them.",
      [...OF_MODEL, TOKEN_TYPE],
      TOKENS,
    ),
    calls: counter(
      "lakehouse_model_calls_total",
      "Calls of models, stand-ins too, by caller: a virtual key, an access token, or local.",
      [...OF_CALLER, ERROR],
    ),
    tokens: counter("lakehouse_model_tokens_total", "Tokens by caller.", [...OF_CALLER, "type"]),
    cost: counter(
      "lakehouse_model_cost_total",
      "What calls cost by the price table, in its currency.",
      OF_CALLER,
    ),
    retries: counter(
      "lakehouse_model_retries_total",
      "Requests to a provider beyond the first of a call of its model.",
      ["provider", "model"],
    ),
    cached: counter(
      "lakehouse_model_cache_total",
      "Calls whose answer was looked for in memory: hit, semantic or miss.",
      ["provider", "model", "cache"],
    ),
  };
}

function textOf(said: Attributes, name: string): string {
  const value = said[name];
  return typeof value === "string" ? value : "";
}

function numberOf(said: Attributes, name: string): number | undefined {
  const value = said[name];
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** The model itself while those of its provider are few enough, else `other`. */
function boundedNames(models_max: number): (provider: string, model: string) => string {
  const known = new Map<string, Set<string>>();
  return (provider, model) => {
    const models = known.get(provider) ?? new Set<string>();
    known.set(provider, models);
    if (models.has(model)) return model;
    if (models.size >= models_max) return "other";
    models.add(model);
    return model;
  };
}
