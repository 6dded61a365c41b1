// The house's end of the process of local models: starts it, asks it, outlives it.
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { ChatDelta, ChatRequest } from "#ports/chat-model.ts";
import type { AnswerPiece, EngineOptions, LocalOrder, LocalReply } from "./local-messages.ts";
import { cancelled } from "./local-turns.ts";

const LAST_WORDS_MAX = 2_000;

export interface LocalLink {
  /** One at a time. Errors: those of the engine; `unavailable` when its process died. */
  ask(
    path: string,
    request: ChatRequest,
    onPiece: (piece: AnswerPiece) => void,
  ): Promise<ChatDelta>;
  /** The process that runs now, if any. */
  pid(): number | undefined;
  /** Ends the process, and with it all memory of the weights; the next question starts another. */
  close(): Promise<void>;
}

interface Asked {
  readonly onPiece: (piece: AnswerPiece) => void;
  readonly resolve: (last: ChatDelta) => void;
  readonly reject: (error: LakehouseError) => void;
}

interface Running {
  readonly child: ChildProcess;
  /** What this process is asked; the one before it may still be on its way out. */
  readonly asked: Map<number, Asked>;
  readonly gone: Promise<void>;
}

export interface LinkOptions {
  readonly engine: EngineOptions;
  /** Native work that does not heed its signal for so long ends with its process. */
  readonly stop_limit_ms: number;
  readonly log: Log;
}

export function createLocalLink({ engine, stop_limit_ms, log }: LinkOptions): LocalLink {
  let running: Running | undefined;
  let next_id = 1;

  function start(): Running {
    // Of the options of this process (a test runner's, an inspector's) none are meant for it.
    const child = fork(fileURLToPath(new URL("./local-process.ts", import.meta.url)), [], {
      execArgv: [],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    const asked = new Map<number, Asked>();
    const started: Running = { child, asked, gone };
    let last_words = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      last_words = (last_words + text).slice(-LAST_WORDS_MAX);
    });
    const end = (how: string) => {
      if (running === started) running = undefined;
      resolve();
      if (asked.size > 0) log.warn({ how, said: last_words.trim() }, "local models' process died");
      for (const one of asked.values()) one.reject(died(how));
      asked.clear();
    };
    child.on("error", (error) => end(error.message));
    child.on("exit", (code, signal) => end(`ended with ${signal ?? `code ${code}`}`));
    child.on("message", (reply) => hear(asked, reply as LocalReply));
    post(child, { kind: "open", options: engine });
    return started;
  }

  function hear(asked: Map<number, Asked>, reply: LocalReply): void {
    if (reply.kind === "log") return log[reply.level](reply.fields, reply.message);
    const one = asked.get(reply.id);
    if (one === undefined) return;
    if (reply.kind === "piece") return one.onPiece(reply.piece);
    asked.delete(reply.id);
    if (reply.kind === "done") return one.resolve(reply.last);
    const { code, message, reason, hint } = reply;
    one.reject(
      new LakehouseError(code, message, { reason, ...(hint === undefined ? {} : { hint }) }),
    );
  }

  return {
    async ask(path, { signal, ...ask }, onPiece) {
      if (signal.aborted) throw cancelled();
      running ??= start();
      const { child, asked } = running;
      const id = next_id++;
      const { promise, resolve, reject } = Promise.withResolvers<ChatDelta>();
      asked.set(id, { onPiece, resolve, reject });
      let limit: NodeJS.Timeout | undefined;
      const stop = () => {
        post(child, { kind: "stop", id });
        limit = setTimeout(() => child.kill("SIGKILL"), stop_limit_ms);
      };
      signal.addEventListener("abort", stop, { once: true });
      hold(child, true);
      post(child, { kind: "ask", id, path, ask });
      try {
        return await promise;
      } catch (error) {
        throw signal.aborted ? cancelled() : error;
      } finally {
        clearTimeout(limit);
        signal.removeEventListener("abort", stop);
        hold(child, false);
      }
    },
    pid: () => running?.child.pid,
    async close() {
      const ending = running;
      running = undefined;
      if (ending === undefined) return;
      const { child, gone } = ending;
      if (child.connected) child.disconnect();
      const limit = setTimeout(() => child.kill("SIGKILL"), stop_limit_ms);
      await gone;
      clearTimeout(limit);
    },
  };
}

/** A process that is gone meanwhile is met by its `exit`. */
function post(child: ChildProcess, order: LocalOrder): void {
  if (child.connected) child.send(order, () => undefined);
}

/** A process that nobody waits for keeps the house from leaving no more than an idle timer does. */
function hold(child: ChildProcess, held: boolean): void {
  const pipe = child.stderr as { ref?(): void; unref?(): void } | null;
  for (const one of [child, child.channel, pipe]) {
    if (held) one?.ref?.();
    else one?.unref?.();
  }
}

function died(how: string): LakehouseError {
  const message = `the process of local models ${how}`;
  return new LakehouseError("unavailable", message, {
    reason: "provider_failed",
    hint: "ask again: it starts anew; is there memory for the weights and their context?",
  });
}
