// Holds one model's weights in memory at a time, for as long as they are used.
import { availableParallelism } from "node:os";
import type * as LlamaCpp from "node-llama-cpp";
import type { Llama, LlamaContextSequence, LlamaModel } from "node-llama-cpp";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";

export type LlamaModule = typeof LlamaCpp;

export interface WeightsOptions {
  /** Prompt and answer together; less where the model was trained for less. */
  readonly context_tokens: number;
  readonly gpu: boolean;
  /** 0: half of the cores. */
  readonly threads: number;
  readonly idle_unload_ms: number;
  readonly log: Log;
  /** Where the engine comes from; an optional package unless told. */
  readonly engine?: (() => Promise<LlamaModule>) | undefined;
}

export interface LoadedWeights {
  readonly path: string;
  readonly module: LlamaModule;
  readonly llama: Llama;
  readonly model: LlamaModel;
  /** Keeps what it has read: the next prompt with the same beginning is quicker. */
  readonly sequence: LlamaContextSequence;
}

export interface WeightsHolder {
  /** The weights of this file; those of another leave first. For one user at a time. */
  take(path: string, signal: AbortSignal): Promise<LoadedWeights>;
  /** Says that they are not used now; they leave after `idle_unload_ms`. */
  rest(): void;
  close(): Promise<void>;
}

export function createWeightsHolder(options: WeightsOptions): WeightsHolder {
  const { log } = options;
  let engine: Promise<{ module: LlamaModule; llama: Llama }> | undefined;
  let loaded: LoadedWeights | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function unload(): Promise<void> {
    clearTimeout(timer);
    const leaving = loaded;
    loaded = undefined;
    await leaving?.model.dispose();
  }

  return {
    async take(path, signal) {
      clearTimeout(timer);
      if (loaded?.path === path) return loaded;
      await unload();
      engine ??= openEngine(options);
      const { module, llama } = await engine.catch((error: unknown) => {
        // It may be installed by the next time.
        engine = undefined;
        throw error;
      });
      const started_ms = performance.now();
      loaded = await load(path, module, llama, options, signal);
      log.info({ path, load_ms: Math.round(performance.now() - started_ms) }, "weights loaded");
      return loaded;
    },
    rest() {
      clearTimeout(timer);
      timer = setTimeout(() => {
        void unload().catch((err: unknown) => log.warn({ err }, "weights did not unload"));
      }, options.idle_unload_ms);
      timer.unref();
    },
    async close() {
      await unload();
      const opened = await engine?.catch(() => undefined);
      engine = undefined;
      await opened?.llama.dispose();
    },
  };
}

async function openEngine({ gpu, threads, log, engine }: WeightsOptions) {
  let module: LlamaModule;
  try {
    module = await (engine ?? (() => import("node-llama-cpp")))();
  } catch (cause) {
    throw unavailable("the engine of local models (node-llama-cpp) is not installed", cause, {
      hint: "npm install node-llama-cpp",
    });
  }
  try {
    const llama = await module.getLlama({
      gpu: gpu ? "auto" : false,
      // A server never compiles or fetches anything by itself.
      build: "never",
      skipDownload: true,
      progressLogs: false,
      logLevel: module.LlamaLogLevel.error,
      logger: (level, message) => log.warn({ level, engine: "llama.cpp" }, message.trim()),
      // Its threads wait for one another by spinning: with none to spare they all but stand still.
      maxThreads: threads === 0 ? Math.max(1, availableParallelism() >> 1) : threads,
    });
    return { module, llama };
  } catch (cause) {
    throw unavailable("node-llama-cpp has no build for this machine", cause, {
      hint: "see `npx node-llama-cpp inspect gpu`; with a GPU try providers.local.gpu = false",
    });
  }
}

async function load(
  path: string,
  module: LlamaModule,
  llama: Llama,
  options: WeightsOptions,
  signal: AbortSignal,
): Promise<LoadedWeights> {
  let model: LlamaModel | undefined;
  try {
    model = await llama.loadModel({ modelPath: path, loadSignal: signal });
    const contextSize = Math.min(options.context_tokens, model.trainContextSize);
    const context = await model.createContext({ contextSize, createSignal: signal });
    return { path, module, llama, model, sequence: context.getSequence() };
  } catch (cause) {
    await model?.dispose();
    if (signal.aborted) throw cancelled();
    const said = cause instanceof Error ? cause.message : String(cause);
    const name = path.slice(path.lastIndexOf("/") + 1);
    throw unavailable(`${name} could not be loaded: ${said}`, cause, {
      hint: "is it a whole GGUF file, and is there memory for it and providers.local.context_tokens?",
    });
  }
}

export function cancelled(): LakehouseError {
  return new LakehouseError("cancelled", "the call was cancelled by its caller");
}

function unavailable(message: string, cause: unknown, { hint }: { hint: string }): LakehouseError {
  return new LakehouseError("unavailable", message, { reason: "provider_failed", hint, cause });
}
