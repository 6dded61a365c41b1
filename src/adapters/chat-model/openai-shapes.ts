// Reads what OpenAI-compatible servers answer; lenient where they differ from one another.
import { newSpanId } from "#kernel/ids.ts";
import {
  BESIDE_MESSAGE,
  REFUSAL_LOGPROBS,
  type TokenLogprob,
  type TokenUsage,
} from "#contracts/nouns.ts";
import type { OtherMembers } from "#ports/chat-model.ts";

export interface ChoicePart {
  readonly content: string;
  readonly refusal: string | undefined;
  readonly reasoning: string | undefined;
  readonly tool_calls: readonly unknown[] | undefined;
  readonly other: OtherMembers | undefined;
  readonly finish_reason: string | undefined;
  readonly logprobs: TokenLogprob[] | undefined;
  /** What went wrong after what is said. */
  readonly error: unknown;
}

type Loose = Readonly<Record<string, unknown>>;

/** The first choice of a completion or of a chunk; undefined when there is none. */
export function choiceOf(document: unknown): ChoicePart | undefined {
  const choices = asObject(document)?.["choices"];
  const choice = Array.isArray(choices) ? asObject(choices[0]) : undefined;
  if (choice === undefined) return undefined;
  const part = asObject(choice["delta"]) ?? asObject(choice["message"]) ?? {};
  const { content, refusal, reasoning_content, reasoning } = part;
  const { finish_reason, logprobs } = choice;
  const parts = Array.isArray(content) ? joinedParts(content) : undefined;
  return {
    content: parts?.content ?? asText(content) ?? "",
    refusal: asText(refusal) ?? parts?.refusal,
    reasoning: asText(reasoning_content) ?? asText(reasoning) ?? parts?.reasoning,
    tool_calls: callsOf(part),
    other: othersOf(part, parts?.others, logprobsOf(asObject(logprobs)?.["refusal"])),
    finish_reason: asText(finish_reason),
    logprobs: logprobsOf(asObject(logprobs)?.["content"]),
    error: choice["error"],
  };
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

const READ: ReadonlySet<string> = new Set([
  "role",
  "content",
  "refusal",
  "reasoning_content",
  "reasoning",
  "tool_calls",
  "function_call",
  BESIDE_MESSAGE,
  REFUSAL_LOGPROBS,
]);

/** Members that are not read here and say something; parts of the content, and likelihoods. */
function othersOf(
  part: Loose,
  content_parts: readonly unknown[] = [],
  refusal_logprobs?: readonly TokenLogprob[],
): OtherMembers | undefined {
  let others: Record<string, unknown> | undefined;
  if (content_parts.length > 0) others = { content_parts };
  if (refusal_logprobs !== undefined) others = { ...others, [REFUSAL_LOGPROBS]: refusal_logprobs };
  for (const name of Object.keys(part)) {
    if (READ.has(name) || isBlank(part[name])) continue;
    others ??= {};
    others[name] = part[name];
  }
  return others;
}

function isBlank(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return Array.isArray(value) && value.length === 0;
}

/** What a completion or a chunk has beside its message, but for what is told under other names. */
const HEAD: ReadonlySet<string> = new Set([
  "id",
  "object",
  "created",
  "model",
  "choices",
  "usage",
  "error",
  // Ours, of what the house left out: a provider's would pass for it.
  "notes",
  // Letters of no meaning, another one in each chunk.
  "obfuscation",
]);

const BESIDE_MAX = 64;

/** Reads what is told beside the message (citations, a fingerprint …): the last of each counts. */
export function createBesideReader() {
  let told: Map<string, unknown> | undefined;
  return {
    read(document: unknown): void {
      const members = asObject(document) ?? {};
      // A sign of life is not told of the answer.
      if (members["type"] === "ping") return;
      for (const name of Object.keys(members)) {
        if (HEAD.has(name) || isBlank(members[name])) continue;
        told ??= new Map();
        if (told.has(name) || told.size < BESIDE_MAX) told.set(name, members[name]);
      }
    },
    /** As members of the answer's `other`. */
    members(): OtherMembers | undefined {
      return told === undefined ? undefined : { [BESIDE_MESSAGE]: Object.fromEntries(told) };
    },
  };
}

/**
 * A content in parts: text, refusals, and thoughts as Mistral has them (in parts of their own);
 * `others` are pictures, references and the like.
 */
function joinedParts(list: readonly unknown[]) {
  let [content, refusal, reasoning] = ["", "", ""];
  const others: unknown[] = [];
  for (const value of list) {
    const part: Loose = typeof value === "string" ? { text: value } : (asObject(value) ?? {});
    const { thinking } = part;
    if (SAYING.every((name) => isUnsaid(part[name])) && !isBlank(value)) others.push(value);
    content += asText(part["text"]) ?? "";
    refusal += asText(part["refusal"]) ?? "";
    reasoning += Array.isArray(thinking) ? joinedParts(thinking).content : (asText(thinking) ?? "");
  }
  return { content, refusal: asText(refusal), reasoning: asText(reasoning), others };
}

const SAYING = ["text", "refusal", "thinking"];

const isUnsaid = (value: unknown) => value === undefined || value === null;

/** The calls of tools; the one `function_call` of older servers is the only one. */
function callsOf({ tool_calls, function_call }: Loose): readonly unknown[] | undefined {
  if (Array.isArray(tool_calls) && tool_calls.length > 0) return tool_calls;
  const wanted = asObject(function_call);
  if (wanted === undefined) return undefined;
  // Streamed, its name comes first and once.
  const begins = asText(wanted["name"]) !== undefined;
  const head = begins ? { id: `call_${newSpanId()}`, type: "function" } : {};
  return [{ index: 0, ...head, function: wanted }];
}

/**
 * A call's arguments where they have to be an object: none are an empty one, and what is no object
 * (a model may write anything) goes back as it was said.
 */
export function argumentsOf(value: unknown): Loose {
  if (value === undefined || value === null) return {};
  let read: unknown = value;
  if (typeof value === "string") {
    try {
      read = value === "" ? {} : JSON.parse(value);
    } catch {
      read = undefined;
    }
  }
  const object = asObject(read);
  return object === undefined || Array.isArray(object) ? { arguments: value } : object;
}

/** Tokens with their likelihood; undefined: nothing of the kind, or none. */
export function logprobsOf(list: unknown): TokenLogprob[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const tokens = list.flatMap((entry: unknown) => {
    const token = likelyToken(entry);
    if (token === undefined) return [];
    const top = asObject(entry)?.["top_logprobs"];
    if (!Array.isArray(top)) return [token];
    return [{ ...token, top_logprobs: top.flatMap((one: unknown) => likelyToken(one) ?? []) }];
  });
  return tokens.length === 0 ? undefined : tokens;
}

function likelyToken(value: unknown): TokenLogprob | undefined {
  const { token, logprob, bytes } = asObject(value) ?? {};
  if (typeof token !== "string" || typeof logprob !== "number") return undefined;
  return { token, logprob, ...(Array.isArray(bytes) ? { bytes } : {}) };
}

/** Of a completion or a chunk, or of its first choice, where Moonshot tells it. */
export function usageOf(document: unknown): TokenUsage | undefined {
  const { usage, choices } = asObject(document) ?? {};
  const told = countsOf(usage);
  if (told !== undefined || !Array.isArray(choices)) return told;
  return countsOf(asObject(choices[0])?.["usage"]);
}

function countsOf(value: unknown): TokenUsage | undefined {
  const usage = asObject(value);
  if (usage === undefined) return undefined;
  if (!NUMBERS.some((field) => isCount(usage[field]))) return undefined;
  const prompt_tokens = asCount(usage["prompt_tokens"]);
  const completion_tokens = asCount(usage["completion_tokens"]);
  const total_tokens = Math.max(asCount(usage["total_tokens"]), prompt_tokens + completion_tokens);
  const told: TokenUsage = { prompt_tokens, completion_tokens, total_tokens };
  const prompt_details = withCached(
    usage,
    detailsOf(usage["prompt_tokens_details"], PROMPT_COUNTS),
  );
  const completion_details = detailsOf(usage["completion_tokens_details"], COMPLETION_COUNTS);
  if (prompt_details !== undefined) told.prompt_tokens_details = prompt_details;
  if (completion_details !== undefined) told.completion_tokens_details = completion_details;
  return told;
}

const NUMBERS = ["prompt_tokens", "completion_tokens", "total_tokens"];

const PROMPT_COUNTS = ["cached_tokens", "cache_write_tokens", "cache_write_1h_tokens"];
const COMPLETION_COUNTS = ["reasoning_tokens"];

/** Moonshot and DeepSeek tell beside the details what OpenAI tells in them. */
function withCached(usage: Loose, details: Record<string, unknown> | undefined) {
  if (isCount(details?.["cached_tokens"])) return details;
  const { cached_tokens, prompt_cache_hit_tokens } = usage;
  const cached = isCount(cached_tokens) ? cached_tokens : prompt_cache_hit_tokens;
  return isCount(cached) ? { ...details, cached_tokens: asCount(cached) } : details;
}

/** As the provider tells them, but that fields that are read here too are counts or absent. */
function detailsOf(value: unknown, read: readonly string[]): Record<string, unknown> | undefined {
  const told = asObject(value);
  if (told === undefined) return undefined;
  const details: Record<string, unknown> = {};
  for (const [field, count] of Object.entries(told)) {
    if (!read.includes(field)) details[field] = count;
    else if (typeof count === "number") details[field] = asCount(count);
  }
  return details;
}

/** Ids of `{data: [{id}]}`; undefined when the document has another shape. */
export function modelIds(document: unknown): string[] | undefined {
  const data = asObject(document)?.["data"];
  if (!Array.isArray(data)) return undefined;
  return data.flatMap((entry) => {
    const id = asObject(entry)?.["id"];
    return typeof id === "string" ? [id] : [];
  });
}

export function asObject(value: unknown): Loose | undefined {
  return typeof value === "object" && value !== null ? (value as Loose) : undefined;
}

/** What a provider tells is added up: no sum of such counts loses its last digit. */
const COUNT_MAX = 1e12;

/** Whether a provider told a number: JSON has more digits than numbers, and `null`. */
export function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

/** 0 for what is no count. */
export function asCount(value: unknown): number {
  return isCount(value) ? Math.min(COUNT_MAX, Math.round(value)) : 0;
}
