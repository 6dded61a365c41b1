// Holds one model's weights in memory at a time, for as long as they are used.
import { availableParallelism } from "node:os";
import type * as LlamaCpp from "node-llama-cpp";
import type { Llama, LlamaContextSequence, LlamaModel } from "node-llama-cpp";
import { LakehouseError } from "#kernel/problem.ts";
import type { EngineOptions } from "./local-messages.ts";
import { cancelled } from "./local-turns.ts";

export type LlamaModule = typeof LlamaCpp;

export type WeightsLog = (
  level: "info" | "warn",
  fields: Readonly<Record<string, unknown>>,
  message: string,
) => void;

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
}

/** They are held until others are asked for; they leave memory with their process. */
export function createWeightsHolder(options: EngineOptions, log: WeightsLog): WeightsHolder {
  let engine: Promise<{ module: LlamaModule; llama: Llama }> | undefined;
  let loaded: LoadedWeights | undefined;

  return {
    async take(path, signal) {
      if (loaded?.path === path) return loaded;
      const leaving = loaded;
      loaded = undefined;
      await leaving?.model.dispose();
      engine ??= openEngine(options, log);
      const { module, llama } = await engine.catch((error: unknown) => {
        // It may be installed by the next time.
        engine = undefined;
        throw error;
      });
      const started_ms = performance.now();
      loaded = await load(path, module, llama, options, signal);
      log("info", { path, load_ms: Math.round(performance.now() - started_ms) }, "weights loaded");
      return loaded;
    },
  };
}

async function openEngine({ gpu, threads, engine_module }: EngineOptions, log: WeightsLog) {
  let module: LlamaModule;
  try {
    module = (await import(engine_module)) as LlamaModule;
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
      logger: (level, message) => log("warn", { level, engine: "llama.cpp" }, message.trim()),
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
  options: EngineOptions,
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

function unavailable(message: string, cause: unknown, { hint }: { hint: string }): LakehouseError {
  return new LakehouseError("unavailable", message, { reason: "provider_failed", hint, cause });
}
