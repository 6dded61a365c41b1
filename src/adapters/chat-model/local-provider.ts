// local/<model>: GGUF weights answered by llama.cpp in a process of its own beside the house.
import type { Log } from "#kernel/log.ts";
import type { ChatDelta, ChatProvider, ChatRequest } from "#ports/chat-model.ts";
import type { AnswerPiece } from "./local-messages.ts";
import { createLocalLink, type LocalLink } from "./local-link.ts";
import { createTurns } from "./local-turns.ts";
import { findWeights, listWeights } from "./weights-folder.ts";

const STOP_LIMIT_MS = 5_000;

export interface LocalOptions {
  readonly weights_dir: string;
  /** Prompt and answer together; less where the model was trained for less. */
  readonly context_tokens: number;
  readonly gpu: boolean;
  /** 0: half of the cores. */
  readonly threads: number;
  /** Weights that are not used for so long leave memory. */
  readonly idle_unload_ms: number;
  /** Requests that wait for the one that is being answered. */
  readonly waiting_max: number;
  readonly log: Log;
  /** Package or file that is the engine; an optional package unless told. */
  readonly engine_module?: string;
  /** Native work that goes on for so long after its caller left ends with its process. */
  readonly stop_limit_ms?: number;
}

export interface LocalProvider extends ChatProvider {
  /** The engine's process, while there is one. */
  pid(): number | undefined;
  close(): Promise<void>;
}

/** Provider `local`. One request is answered at a time; the others wait their turn. */
export function createLocalProvider(options: LocalOptions): LocalProvider {
  const { context_tokens, gpu, threads, engine_module = "node-llama-cpp", log } = options;
  const engine = { context_tokens, gpu, threads, engine_module };
  const stop_limit_ms = options.stop_limit_ms ?? STOP_LIMIT_MS;
  const link = createLocalLink({ engine, stop_limit_ms, log });
  const turns = createTurns(options.waiting_max);
  let timer: NodeJS.Timeout | undefined;

  function rest(): void {
    clearTimeout(timer);
    timer = setTimeout(() => void link.close(), options.idle_unload_ms);
    timer.unref();
  }

  async function* chat(request: ChatRequest): AsyncGenerator<ChatDelta> {
    const path = await findWeights(options.weights_dir, request.model);
    const done = await turns.wait(request.signal);
    clearTimeout(timer);
    yield* answered(link, path, request, () => {
      rest();
      done();
    });
  }

  return {
    name: "local",
    kind: "model",
    chat,
    async models() {
      const names = await listWeights(options.weights_dir);
      return names.map((id) => ({ id, provider: "local" }));
    },
    pid: () => link.pid(),
    close() {
      clearTimeout(timer);
      return link.close();
    },
  };
}

function joined(pieces: readonly AnswerPiece[]): AnswerPiece {
  const content = pieces.map((piece) => piece.content).join("");
  const reasoning = pieces.map((piece) => piece.reasoning ?? "").join("");
  const logprobs = pieces.flatMap((piece) => piece.logprobs ?? []);
  return {
    content,
    ...(reasoning === "" ? {} : { reasoning }),
    ...(logprobs.length === 0 ? {} : { logprobs }),
  };
}

/**
 * Pieces as they are made; a reader that leaves stops the making before the next begins. `free` is
 * called once the model is done: a slow reader keeps nobody waiting.
 */
async function* answered(
  link: LocalLink,
  path: string,
  request: ChatRequest,
  free: () => void,
): AsyncGenerator<ChatDelta> {
  const leaving = new AbortController();
  const signal = AbortSignal.any([request.signal, leaving.signal]);
  // Bounded by the context: what is made and not yet read is at most one whole answer.
  const pieces: AnswerPiece[] = [];
  let wake = () => {};
  let over = false;
  const onPiece = (piece: AnswerPiece) => {
    pieces.push(piece);
    wake();
  };
  const answer = link.ask(path, { ...request, signal }, onPiece).finally(() => {
    over = true;
    free();
    wake();
  });
  answer.catch(() => undefined);
  try {
    while (!over || pieces.length > 0) {
      const made = pieces.splice(0);
      if (made.length > 0) yield joined(made);
      else await new Promise<void>((resolve) => (over ? resolve() : (wake = resolve)));
    }
    yield await answer;
  } finally {
    leaving.abort();
    await answer.catch(() => undefined);
  }
}
