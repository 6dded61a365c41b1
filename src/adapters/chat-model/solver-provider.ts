// builtin/solver: a deterministic drafting engine. It is no model and is never called one.
import { LakehouseError } from "#kernel/problem.ts";
import { canonicalJson } from "#kernel/ids.ts";
import type { ChatMessage, ValidationError } from "#contracts/nouns.ts";
import type { ChatDelta, ChatProvider, ChatRequest } from "#ports/chat-model.ts";
import { findBundle, findErrors, type ContextBundle } from "#ports/context-bundle.ts";
import { draftFrom } from "./solver-draft.ts";

const CHUNKS = 4;
const CHARACTERS_PER_TOKEN = 4;

const NO_BUNDLE =
  "builtin/solver is a deterministic drafting engine, not a language model: it fills an artifact " +
  "from the candidates of a context bundle and repairs it after a validator's error. This request " +
  "holds no context bundle, and free text it cannot write. Ask a model instead, for example " +
  "ollama/<model>.";

/** Provider `builtin` with its one engine, `solver`. */
export function createSolverProvider(): ChatProvider {
  async function* chat(request: ChatRequest): AsyncGenerator<ChatDelta> {
    if (request.model !== "solver") {
      throw new LakehouseError("not_found", `there is no builtin/${request.model}`, {
        reason: "no_such_model",
        hint: "builtin/solver is the only one built in that chats",
      });
    }
    const full = answerTo(request.messages);
    const length_max = (request.max_tokens ?? Infinity) * CHARACTERS_PER_TOKEN;
    const content = full.slice(0, length_max);
    for (const chunk of inChunks(content)) {
      if (request.signal.aborted) {
        throw new LakehouseError("cancelled", "the call was cancelled by its caller");
      }
      yield { content: chunk };
    }
    const prompt_tokens = estimateTokens(request.messages.map(textOf).join("\n"));
    const completion_tokens = estimateTokens(content);
    yield {
      content: "",
      finish_reason: content.length < full.length ? "length" : "stop",
      usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
    };
  }

  return {
    name: "builtin",
    kind: "deterministic",
    chat,
    models: async () => [{ id: "solver", provider: "builtin" }],
  };
}

/** The draft as JSON, or plain words when the messages carry no bundle. */
function answerTo(messages: readonly ChatMessage[]): string {
  const task = readTask(messages);
  if (task === undefined) return NO_BUNDLE;
  return JSON.stringify(draftFrom(task.bundle, task.errors).artifact, undefined, 1);
}

interface Task {
  readonly bundle: ContextBundle;
  readonly errors: readonly ValidationError[];
}

/** The last bundle, and the errors since it was first shown: those before are about another. */
function readTask(messages: readonly ChatMessage[]): Task | undefined {
  let bundle: ContextBundle | undefined;
  let errors: ValidationError[] = [];
  for (const message of messages) {
    // Its own drafts stand there; they bring nothing new.
    if (message.role === "assistant") continue;
    const text = textOf(message);
    const found = findBundle(text);
    if (found !== undefined) {
      if (bundle !== undefined && canonicalJson(bundle) !== canonicalJson(found)) errors = [];
      bundle = found;
    }
    errors.push(...findErrors(text));
  }
  return bundle === undefined ? undefined : { bundle, errors };
}

function textOf({ content }: ChatMessage): string {
  if (typeof content === "string") return content;
  return (content ?? [])
    .map((part) => (typeof part["text"] === "string" ? part["text"] : ""))
    .join("\n");
}

/** A few pieces, none of which ends between the halves of a surrogate pair. */
function inChunks(content: string): string[] {
  const size = Math.max(1, Math.ceil(content.length / CHUNKS));
  const chunks: string[] = [];
  for (let from = 0; from < content.length;) {
    let to = Math.min(content.length, from + size);
    if (to < content.length && /[\ud800-\udbff]/.test(content[to - 1]!)) to++;
    chunks.push(content.slice(from, to));
    from = to;
  }
  return chunks;
}

function estimateTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}
