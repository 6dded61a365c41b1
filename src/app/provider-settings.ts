// Settings of the providers of models, and what is known of the named ones beforehand.
import { z } from "zod";
import { secretReference } from "#kernel/secret-reference.ts";

const key = (reference: string) =>
  secretReference.default(reference).describe("reference: env:NAME or file:/path");

/** Undefined: an address to which paths can be added; a query stays behind them. */
function faultOf(base_url: string): string | undefined {
  const url = URL.parse(base_url);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return "it has to begin with http:// or https:// and a host";
  }
  // The address itself is not told: it holds a secret.
  if (url.username !== "" || url.password !== "") {
    return "it names a user or a password, which are not sent: a key goes into api_key";
  }
  return base_url.includes("#") ? "it has a fragment (#…), which is never sent" : undefined;
}

export function tellFault(base_url: string, tell: { addIssue(message: string): void }): void {
  const fault = base_url === "" ? undefined : faultOf(base_url);
  if (fault !== undefined) tell.addIssue(fault);
}

const address = (base_url: string) =>
  z.string().superRefine(tellFault).default(base_url).describe("empty: not registered");

/** A provider that is registered once its key is there. */
const preset = (base_url: string, variable: string) =>
  z
    .strictObject({
      base_url: address(base_url),
      api_key: key(`env:${variable}`),
    })
    .prefault({});

const anthropic = z
  .strictObject({
    base_url: address("https://api.anthropic.com"),
    api_key: key("env:ANTHROPIC_API_KEY"),
    max_tokens: z
      .int()
      .min(1)
      .default(4096)
      .describe("asked for where a request names none: the API wants a number always"),
  })
  .prefault({});

const local = z
  .strictObject({
    weights_dir: z
      .string()
      .default("")
      .describe("folder of GGUF files, asked as local/<file>; empty: models in the data folder"),
    context_tokens: z
      .int()
      .min(256)
      .default(4096)
      .describe("prompt and answer together; never more than the model was trained for"),
    gpu: z.boolean().default(false),
    threads: z.int().min(0).default(0).describe("0: half of the cores"),
    idle_unload_ms: z.int().min(1000).default(300_000).describe("unused weights leave memory"),
    waiting_max: z
      .int()
      .min(0)
      .default(32)
      .describe("requests that wait for the one being answered; more are refused with 429"),
  })
  .prefault({});

/** Names that lead elsewhere. One of a provider with a key stands in its place. */
const RESERVED = new Set(["builtin", "local", "ollama", "tier"]);

type TellAt = (issue: { code: "custom"; path: (string | number)[]; message: string }) => void;

function tellNamesTaken(endpoints: readonly { readonly name: string }[], tellAt: TellAt): void {
  for (const [at, { name }] of endpoints.entries()) {
    const is_second = endpoints.findIndex((one) => one.name === name) !== at;
    if (!is_second && !RESERVED.has(name)) continue;
    tellAt({ code: "custom", path: [at, "name"], message: `the name "${name}" is taken` });
  }
}

export const providersSettings = z.strictObject({
  ollama: address("http://127.0.0.1:11434").describe("base URL; empty: not registered"),
  connect_timeout_ms: z
    .int()
    .min(1)
    .max(600_000)
    .default(5_000)
    .describe("until the connection to a provider stands, TLS included (on Node)"),
  keys_dir: z
    .string()
    .default("/etc/lakehouse")
    .describe("<provider>.env here (mode 0600, NAME=key) where the reference gives no key"),
  anthropic,
  ollama_cloud: preset("https://ollama.com", "OLLAMA_API_KEY"),
  openrouter: preset("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
  opencode: preset("https://opencode.ai/zen/v1", "OPENCODE_API_KEY"),
  kimi: preset("https://api.moonshot.ai/v1", "MOONSHOT_API_KEY"),
  local,
  endpoints: z
    .array(
      z
        .strictObject({
          name: z
            .string()
            .regex(/^[a-z][a-z0-9_-]*$/, "small letters, digits, _ and -, a letter first")
            .describe("its models are asked as name/model"),
          base_url: z
            .url()
            .superRefine(tellFault)
            .describe("of an OpenAI-compatible API, with /v1"),
          api_key: key(""),
          embedding_model: z.string().default("").describe("also embed with this model"),
          embedding_dimension: z.int().min(0).default(0).describe("numbers in each of its vectors"),
          rerank_model: z.string().default("").describe("also rerank with this model, at /rerank"),
        })
        .refine((one) => one.embedding_model === "" || one.embedding_dimension > 0, {
          path: ["embedding_dimension"],
          error: "how many numbers the vectors of embedding_model have has to be said",
        }),
    )
    .superRefine((endpoints, { addIssue }) => tellNamesTaken(endpoints, addIssue))
    .default([])
    .describe("other servers that speak OpenAI's API")
    .meta({ examples: [{ name: "llamacpp", base_url: "http://127.0.0.1:8080/v1" }] }),
});
export type ProvidersSettings = z.output<typeof providersSettings>;
