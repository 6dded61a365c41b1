// Chat completions from any server that speaks OpenAI's API, streamed or in one piece.
import type { HttpResponse } from "#kernel/http-client.ts";
import type { LakehouseError } from "#kernel/problem.ts";
import type { FinishReason, TokenLogprob, TokenUsage } from "#contracts/nouns.ts";
import { charactersOf, tooManyCharacters } from "#ports/chat-length.ts";
import {
  joinMembers,
  STILL_THERE,
  type BoundName,
  type ChatDelta,
  type ChatModelInfo,
  type ChatProvider,
  type ChatRequest,
  type OtherMembers,
} from "#ports/chat-model.ts";
import {
  askProvider,
  badAnswer,
  brokenOff,
  isSetError,
  parseProviderJson,
  providerBytes,
  readProviderJson,
  reportedError,
  saysError,
  type ProviderEndpoint,
} from "#ports/provider-http.ts";
import { withUsage } from "#ports/told-usage.ts";
import { createRestLimit, documentOrEvents, saysEvents } from "./answer-form.ts";
import { createBoundNaming } from "./bound-name.ts";
import { endOf, UNSAID_END } from "./finish-reasons.ts";
import {
  asObject,
  choiceOf,
  createBesideReader,
  modelIds,
  usageOf,
  type ChoicePart,
} from "./openai-shapes.ts";
import { createForgivingAsk, type NoteSink } from "./refused-settings.ts";
import { COMMENT, serverSentEvents, type ServerSentEvent } from "./stream-lines.ts";

/** `base_url` ends before `/chat/completions`, e.g. https://openrouter.ai/api/v1 */
export function createOpenAiCompatibleProvider(
  endpoint: ProviderEndpoint,
  note?: NoteSink,
): ChatProvider {
  const { name } = endpoint;
  const forgiving = createForgivingAsk(name, note);
  const naming = createBoundNaming();
  const asking = (asked: ChatRequest) => ask(asked, true);
  const askingWhole = (asked: ChatRequest) => ask(asked, false);

  function send(request: ChatRequest, bound_name: BoundName, stream: boolean) {
    const body = requestBody(request, bound_name, stream);
    const options = { whole: !stream, headers: request.trace_headers };
    return askProvider(endpoint, "/chat/completions", body, request.signal, options);
  }

  async function ask(request: ChatRequest, stream: boolean): Promise<HttpResponse> {
    const name = naming.nameFor(request);
    try {
      return await send(request, name, stream);
    } catch (error) {
      return naming.sendRenamed(request, name, error, (other) => send(request, other, stream));
    }
  }

  async function* chat(request: ChatRequest): AsyncGenerator<ChatDelta> {
    const { response: answered, notes } = await forgiving(request, asking);
    const noted = notes.length > 0 ? { notes } : undefined;
    const tellsModel = namesOthers(request) ? modelIn : NOT_TOLD;
    const { is_document, response } = await documentOrEvents(answered);
    if (is_document) {
      const document = await readProviderJson(name, response);
      yield { ...wholeAnswer(name, document, noted), ...tellsModel(document) };
      return;
    }
    for await (const delta of streamedAnswer(name, response, tellsModel)) {
      yield delta.finish_reason === undefined ? delta : withNotes(delta, noted);
    }
  }

  async function whole(request: ChatRequest): Promise<ChatDelta> {
    let noted: Noted | undefined;
    let response: HttpResponse;
    if (request.temperature === undefined) {
      response = await askingWhole(request);
    } else {
      const forgiven = await forgiving(request, askingWhole);
      response = forgiven.response;
      if (forgiven.notes.length > 0) noted = { notes: forgiven.notes };
    }
    const tellsModel = namesOthers(request) ? modelIn : NOT_TOLD;
    if (saysEvents(response)) {
      const deltas = streamedAnswer(name, response, tellsModel);
      return withNotes(await joined(name, deltas, request.answer_characters_max), noted);
    }
    const document = await readProviderJson(name, response);
    const answer = wholeAnswer(name, document, noted);
    return tellsModel === NOT_TOLD ? answer : { ...answer, ...tellsModel(document) };
  }

  async function models(signal: AbortSignal): Promise<ChatModelInfo[]> {
    const response = await askProvider(endpoint, "/models", undefined, signal);
    const ids = modelIds(await readProviderJson(name, response));
    if (ids === undefined) throw badAnswer(`${name} did not answer with a list of models`);
    return ids.map((id) => ({ id, provider: name }));
  }

  return { name, kind: "model", chat, whole, models };
}

/** A server may stream where a whole answer was asked for, as others answer whole. */
async function joined(
  name: string,
  deltas: AsyncIterable<ChatDelta>,
  characters_max = Infinity,
): Promise<ChatDelta> {
  let characters = 0;
  let [content, refusal, reasoning] = ["", "", ""];
  let last: ChatDelta = { content };
  const tool_calls: unknown[] = [];
  let other: Record<string, unknown> | undefined;
  const logprobs: TokenLogprob[] = [];
  for await (const delta of deltas) {
    characters += charactersOf(delta);
    if (characters > characters_max) throw tooManyCharacters(name, characters_max, delta.usage);
    content += delta.content;
    refusal += delta.refusal ?? "";
    reasoning += delta.reasoning ?? "";
    tool_calls.push(...(delta.tool_calls ?? []));
    if (delta.other !== undefined) other = joinMembers(other, delta.other);
    logprobs.push(...(delta.logprobs ?? []));
    last = delta;
  }
  return {
    ...last,
    content,
    ...(refusal === "" ? {} : { refusal }),
    ...(reasoning === "" ? {} : { reasoning }),
    ...(tool_calls.length === 0 ? {} : { tool_calls }),
    ...(other === undefined ? {} : { other }),
    ...(logprobs.length === 0 ? {} : { logprobs }),
  };
}

type TellsModel = (document: unknown) => Pick<ChatDelta, "model"> | undefined;

const NOT_TOLD: TellsModel = () => undefined;

function modelIn(document: unknown): Pick<ChatDelta, "model"> | undefined {
  const model = asObject(document)?.["model"];
  return typeof model === "string" ? { model } : undefined;
}

/** Whether the provider may choose who answers (OpenRouter's routing). */
function namesOthers({ extra }: ChatRequest): boolean {
  return (extra?.["models"] ?? extra?.["fallbacks"]) !== undefined;
}

/** Fields that are not set are left out. */
function requestBody(
  request: ChatRequest,
  bound_name: BoundName,
  stream: boolean,
): Record<string, unknown> {
  const body: Record<string, unknown> = { ...request.extra };
  for (const field of SENT) {
    if (request[field] !== undefined) body[field] = request[field];
  }
  const { max_tokens, top_logprobs } = request;
  if (max_tokens !== undefined) body[bound_name] = max_tokens;
  if (top_logprobs !== undefined) body["logprobs"] = true;
  if (top_logprobs !== undefined && top_logprobs > 0) body["top_logprobs"] = top_logprobs;
  body["stream"] = stream;
  if (stream) body["stream_options"] = { include_usage: true };
  return body;
}

const SENT = [
  "model",
  "messages",
  "temperature",
  "stop",
  "seed",
  "response_format",
  "tools",
  "tool_choice",
] as const satisfies readonly (keyof ChatRequest)[];

/** The one delta of a whole completion. */
function wholeAnswer(name: string, document: unknown, noted: Noted | undefined): ChatDelta {
  const choice = choiceOf(document);
  const usage = usageOf(document);
  // What was said until then is not the answer.
  const error = errorIn(name, document, choice);
  if (error !== undefined) throw withUsage(error, usage);
  if (choice === undefined) {
    throw withUsage(badAnswer(`${name} did not answer with a completion`), usage);
  }
  const { tool_calls } = choice;
  const { finish_reason, note } = endOf(choice.finish_reason ?? unsaidReason(tool_calls));
  const beside = createBesideReader();
  beside.read(document);
  const delta: ChatDelta = {
    ...deltaOf(tool_calls === undefined ? choice : { ...choice, tool_calls: numbered(tool_calls) }),
    ...besideIn(beside, choice.other),
    finish_reason,
    ...(usage === undefined ? {} : { usage }),
    ...noted,
  };
  return note === undefined ? delta : withNotes(delta, { notes: [note] });
}

/** What is told beside the message, among what else the message holds. */
function besideIn(
  beside: ReturnType<typeof createBesideReader>,
  other?: OtherMembers,
): Pick<ChatDelta, "other"> | undefined {
  const members = beside.members();
  return members === undefined ? undefined : { other: { ...other, ...members } };
}

/** In a whole answer each is a call of its own, also where they share an id or an index. */
function numbered(tool_calls: readonly unknown[]): unknown[] {
  return tool_calls.map((call, index) => {
    const told = asObject(call);
    return told === undefined ? call : { ...told, index };
  });
}

/** What a choice says; `STILL_THERE` when that is nothing. */
function deltaOf(choice: ChoicePart): ChatDelta {
  const { content, refusal, reasoning, tool_calls, other, logprobs } = choice;
  const is_plain = (refusal ?? reasoning ?? tool_calls ?? other ?? logprobs) === undefined;
  if (is_plain) return content === "" ? STILL_THERE : { content };
  const delta: { -readonly [K in keyof ChatDelta]: ChatDelta[K] } = { content };
  if (refusal !== undefined) delta.refusal = refusal;
  if (reasoning !== undefined) delta.reasoning = reasoning;
  if (tool_calls !== undefined) delta.tool_calls = tool_calls;
  if (other !== undefined) delta.other = other;
  if (logprobs !== undefined) delta.logprobs = logprobs;
  return delta;
}

/** Of an answer that is whole and does not say why it ended. */
function unsaidReason(tool_calls: readonly unknown[] | undefined): FinishReason {
  return tool_calls === undefined ? "stop" : "tool_calls";
}

type Noted = Pick<ChatDelta, "notes">;

function withNotes(delta: ChatDelta, noted: Noted | undefined): ChatDelta {
  if (noted?.notes === undefined) return delta;
  return { ...delta, notes: [...noted.notes, ...(delta.notes ?? [])] };
}

/**
 * Deltas of an event stream. The reason comes before the usage on the wire, and is held back until
 * the stream is over so that the last delta carries both.
 */
async function* streamedAnswer(
  name: string,
  response: HttpResponse,
  tellsModel: TellsModel,
): AsyncGenerator<ChatDelta> {
  let finish_reason: FinishReason | undefined;
  let note: string | undefined;
  let usage: TokenUsage | undefined;
  /** The same as long as nothing is said behind it: what an answer costs that breaks off here. */
  let so_far: TokenUsage | undefined;
  let tool_calls: readonly unknown[] | undefined;
  let by: Pick<ChatDelta, "model"> | undefined;
  const beside = createBesideReader();
  const rest = createRestLimit(response);
  const events = serverSentEvents(providerBytes(name, response));
  try {
    for await (const event of events) {
      if (event === COMMENT) {
        if (finish_reason === undefined) yield STILL_THERE;
        continue;
      }
      if (event.data === "[DONE]") {
        if (finish_reason === undefined) {
          finish_reason = unsaidReason(tool_calls);
          if (finish_reason === "stop") note = UNSAID_END;
        }
        break;
      }
      const document = parseEvent(name, event);
      const told = usageOf(document);
      usage = told ?? usage;
      const choice = choiceOf(document);
      const failed = event.event === "error" ? reportedError(name, document) : undefined;
      const error = failed ?? errorIn(name, document, choice);
      if (error !== undefined) throw withUsage(error, told ?? so_far);
      by = tellsModel(document) ?? by;
      tool_calls = choice?.tool_calls ?? tool_calls;
      const was_over = finish_reason !== undefined;
      if (choice?.finish_reason !== undefined) {
        ({ finish_reason, note } = endOf(choice.finish_reason));
      }
      beside.read(document);
      const delta = choice === undefined ? STILL_THERE : deltaOf(choice);
      so_far = told ?? (delta === STILL_THERE ? so_far : undefined);
      // After the reason there is only the usage to come.
      if (delta !== STILL_THERE || finish_reason === undefined) {
        yield by === undefined || delta === STILL_THERE ? delta : { ...delta, ...by };
      }
      // Some servers tell a reason with each piece.
      if (was_over && delta !== STILL_THERE && charactersOf(delta) > 0) rest.stop();
      else if (finish_reason !== undefined) rest.start();
    }
  } catch (error) {
    // The answer was whole already: that the connection broke off after it harms nobody.
    if (finish_reason === undefined) throw withUsage(error, so_far);
  } finally {
    rest.stop();
  }
  if (finish_reason === undefined) throw withUsage(brokenOff(name), so_far);
  yield {
    content: "",
    finish_reason,
    ...(usage === undefined ? {} : { usage }),
    ...besideIn(beside),
    ...(note === undefined ? {} : { notes: [note] }),
    ...by,
  };
}

function parseEvent(name: string, event: ServerSentEvent): unknown {
  try {
    return parseProviderJson(name, event.data);
  } catch (error) {
    throw event.complete ? error : brokenOff(name, undefined);
  }
}

/** The failure that is told in the place of a choice, beside it or within it. */
function errorIn(
  name: string,
  document: unknown,
  choice: ChoicePart | undefined,
): LakehouseError | undefined {
  const { error, choices } = (document ?? NO_MEMBERS) as typeof NO_MEMBERS;
  const is_told = Array.isArray(choices) ? saysError(error) : isSetError(error);
  if (is_told) return reportedError(name, { error });
  return saysError(choice?.error) ? reportedError(name, { error: choice?.error }) : undefined;
}

const NO_MEMBERS: { readonly error?: unknown; readonly choices?: unknown } = {};
