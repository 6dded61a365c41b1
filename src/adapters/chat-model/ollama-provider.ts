// Chat completions from an Ollama server: /api/chat streamed as NDJSON, /api/tags for its models.
import type { TokenUsage } from "#contracts/nouns.ts";
import {
  STILL_THERE,
  type ChatDelta,
  type ChatModelInfo,
  type ChatProvider,
  type ChatRequest,
} from "#ports/chat-model.ts";
import {
  askProvider,
  badAnswer,
  brokenOff,
  parseProviderJson,
  providerBytes,
  readProviderJson,
  reportedError,
  withHeaders,
} from "#ports/provider-http.ts";
import { endOf, type ToldEnd } from "./finish-reasons.ts";
import { fromOllamaToolCalls, toOllamaRequest, unreadByOllama } from "./ollama-request.ts";
import { asCount, asObject, isCount, logprobsOf } from "./openai-shapes.ts";
import { createForgivingAsk, EFFORT, type NoteSink } from "./refused-settings.ts";
import { textLines } from "./stream-lines.ts";

export interface OllamaOptions {
  /** Default `ollama`; Ollama's cloud is a second provider with a name and a key of its own. */
  readonly name?: string;
  /** e.g. http://127.0.0.1:11434 */
  readonly base_url: string;
  readonly api_key?: string | undefined;
  readonly connect_timeout_ms?: number | undefined;
  readonly note?: NoteSink | undefined;
}

export function createOllamaProvider(options: OllamaOptions): ChatProvider {
  const name = options.name ?? "ollama";
  const { base_url, api_key, connect_timeout_ms } = options;
  const endpoint = { name, base_url, api_key, connect_timeout_ms };
  const forgiving = createForgivingAsk(name, options.note, [EFFORT]);

  async function* chat(request: ChatRequest): AsyncGenerator<ChatDelta> {
    const to = withHeaders(endpoint, request.trace_headers);
    const { response, notes } = await forgiving(request, (asked) =>
      askProvider(to, "/api/chat", toOllamaRequest(asked), asked.signal),
    );
    const told = [...unreadByOllama(request), ...notes];
    let calls = 0;
    for await (const line of textLines(providerBytes(name, response))) {
      if (line.text.trim() === "") continue;
      const document = parseLine(name, line);
      const message = asObject(document["message"]);
      const content = typeof message?.["content"] === "string" ? message["content"] : "";
      const tool_calls = fromOllamaToolCalls(message?.["tool_calls"], calls);
      calls += tool_calls.length;
      const logprobs = logprobsOf(document["logprobs"]);
      const { thinking } = message ?? {};
      const more = {
        ...(typeof thinking === "string" && thinking !== "" ? { reasoning: thinking } : {}),
        ...(tool_calls.length > 0 ? { tool_calls } : {}),
        ...(logprobs === undefined ? {} : { logprobs }),
      };
      if (document["done"] === true) {
        const { finish_reason, note } = endedFor(document["done_reason"], calls);
        const notes = note === undefined ? told : [...told, note];
        const noted = notes.length > 0 ? { notes } : {};
        yield { content, ...more, finish_reason, ...usageOf(document), ...noted };
        return;
      }
      yield content !== "" || Object.keys(more).length > 0 ? { content, ...more } : STILL_THERE;
    }
    throw brokenOff(name);
  }

  async function models(signal: AbortSignal): Promise<ChatModelInfo[]> {
    const response = await askProvider(endpoint, "/api/tags", undefined, signal);
    const list = asObject(await readProviderJson(name, response))?.["models"];
    if (!Array.isArray(list)) throw badAnswer(`${name} did not answer with a list of models`);
    return list.flatMap((entry) => {
      const id = asObject(entry)?.["name"];
      return typeof id === "string" ? [{ id, provider: name }] : [];
    });
  }

  return { name, kind: "model", chat, models };
}

function parseLine(
  name: string,
  line: { readonly text: string; readonly complete: boolean },
): Readonly<Record<string, unknown>> {
  let document: Readonly<Record<string, unknown>> | undefined;
  try {
    document = asObject(parseProviderJson(name, line.text));
  } catch (error) {
    throw line.complete ? error : brokenOff(name);
  }
  if (document === undefined) throw badAnswer(`${name} did not answer with a message`);
  if (document["error"] !== undefined) throw reportedError(name, document);
  if (document["done"] !== true && document["message"] === undefined) {
    throw badAnswer(`${name} did not answer with a message`);
  }
  return document;
}

function endedFor(done_reason: unknown, tool_calls: number): ToldEnd {
  const end = endOf(typeof done_reason === "string" && done_reason !== "" ? done_reason : "stop");
  return end.finish_reason === "stop" && tool_calls > 0 ? { ...end, ...CALLS } : end;
}

const CALLS = { finish_reason: "tool_calls" } as const;

function usageOf(document: Readonly<Record<string, unknown>>): { usage?: TokenUsage } {
  if (!isCount(document["eval_count"]) && !isCount(document["prompt_eval_count"])) return {};
  // A prompt that Ollama had in its cache is not counted by it: the field is absent then.
  const prompt_tokens = asCount(document["prompt_eval_count"]);
  const completion_tokens = asCount(document["eval_count"]);
  const total_tokens = prompt_tokens + completion_tokens;
  return { usage: { prompt_tokens, completion_tokens, total_tokens } };
}
