// Chat completions from Anthropic's own Messages API, streamed.
import type { HttpResponse } from "#kernel/http-client.ts";
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
import { createAnthropicReader, wholeMessage } from "./anthropic-answer.ts";
import { toAnthropicRequest, unreadByAnthropic } from "./anthropic-request.ts";
import { createRestLimit, documentOrEvents } from "./answer-form.ts";
import { asObject, modelIds } from "./openai-shapes.ts";
import { createForgivingAsk, STRICT, type NoteSink } from "./refused-settings.ts";
import { COMMENT, serverSentEvents } from "./stream-lines.ts";

const API_VERSION = "2023-06-01";
/** The API wants a number always; asked for where a request names none. */
const MAX_TOKENS_DEFAULT = 4096;

export interface AnthropicOptions {
  /** Default `anthropic`. */
  readonly name?: string;
  /** Without /v1, e.g. https://api.anthropic.com */
  readonly base_url: string;
  readonly api_key: string;
  readonly connect_timeout_ms?: number | undefined;
  readonly max_tokens_default?: number | undefined;
  readonly note?: NoteSink | undefined;
}

export function createAnthropicProvider(options: AnthropicOptions): ChatProvider {
  const name = options.name ?? "anthropic";
  const endpoint = {
    name,
    base_url: options.base_url,
    connect_timeout_ms: options.connect_timeout_ms,
    headers: { "x-api-key": options.api_key, "anthropic-version": API_VERSION },
  };
  const forgiving = createForgivingAsk(name, options.note, [STRICT]);
  const max_tokens = options.max_tokens_default ?? MAX_TOKENS_DEFAULT;

  async function* chat(request: ChatRequest): AsyncGenerator<ChatDelta> {
    let json_tool = false;
    let left_out: readonly string[] = [];
    const { response: answered, notes } = await forgiving(request, (asked) => {
      const made = toAnthropicRequest(asked, max_tokens);
      json_tool = made.json_tool;
      left_out = made.notes;
      const to = withHeaders(endpoint, asked.trace_headers);
      return askProvider(to, "/v1/messages", made.body, asked.signal);
    });
    const { is_document, response } = await documentOrEvents(answered);
    const deltas = is_document
      ? wholeAnswer(name, response, json_tool)
      : streamedAnswer(name, response, json_tool);
    const told = [...unreadByAnthropic(request), ...left_out, ...notes];
    for await (const delta of deltas) {
      const noted = delta.finish_reason !== undefined && told.length > 0;
      yield noted ? { ...delta, notes: [...told, ...(delta.notes ?? [])] } : delta;
    }
  }

  async function models(signal: AbortSignal): Promise<ChatModelInfo[]> {
    const response = await askProvider(endpoint, "/v1/models?limit=1000", undefined, signal);
    const ids = modelIds(await readProviderJson(name, response));
    if (ids === undefined) throw badAnswer(`${name} did not answer with a list of models`);
    return ids.map((id) => ({ id, provider: name }));
  }

  return { name, kind: "model", chat, models };
}

async function* wholeAnswer(
  name: string,
  response: HttpResponse,
  json_tool: boolean,
): AsyncGenerator<ChatDelta> {
  const document = asObject(await readProviderJson(name, response));
  if (document?.["type"] === "error") throw reportedError(name, document);
  yield* wholeMessage(document ?? {}, json_tool);
}

async function* streamedAnswer(
  name: string,
  response: HttpResponse,
  json_tool: boolean,
): AsyncGenerator<ChatDelta> {
  const reader = createAnthropicReader(json_tool);
  const rest = createRestLimit(response);
  try {
    for await (const event of serverSentEvents(providerBytes(name, response))) {
      if (event === COMMENT) {
        if (!reader.complete()) yield STILL_THERE;
        continue;
      }
      const document = parseEvent(name, event);
      // Only here: what it told first is too little for an answer that breaks off and may go on.
      if (document["type"] === "error") {
        throw reader.failed(reportedError(name, document));
      }
      if (document["type"] === "message_stop") break;
      const deltas = reader.read(document);
      if (deltas.length > 0) yield* deltas;
      else if (!reader.complete()) yield STILL_THERE;
      if (reader.complete()) rest.start();
    }
  } catch (error) {
    // The answer was whole already: that the connection broke off after it harms nobody.
    if (!reader.complete()) throw error;
  } finally {
    rest.stop();
  }
  if (!reader.complete()) throw brokenOff(name);
  yield reader.last();
}

function parseEvent(
  name: string,
  event: { readonly data: string; readonly complete: boolean },
): Readonly<Record<string, unknown>> {
  let document: unknown;
  try {
    document = parseProviderJson(name, event.data);
  } catch (error) {
    throw event.complete ? error : brokenOff(name);
  }
  const object = asObject(document);
  if (object === undefined) throw badAnswer(`${name} sent an event that is no object`);
  return object;
}
