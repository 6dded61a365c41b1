// Weights for the command line: what can be pulled, what is there, and the pulling.
import { resolve } from "node:path";
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
  return WEIGHTS_CATALOGUE.map(({ parts: _parts, ...entry }) => ({
    ...entry,
    there: there.has(entry.name),
  }));
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
  const entry = WEIGHTS_CATALOGUE.find((one) => one.name === name);
  const wanted = url === undefined ? entry : { name, url, sha256 };
  if (wanted === undefined) throw new LakehouseError("not_found", `no weights named ${name}`);
  const leaving = new AbortController();
  const leave = () => leaving.abort();
  process.once("SIGINT", leave);
  try {
    const weights_dir = folderOf(settings);
    return await pullWeights(wanted, { weights_dir, signal: leaving.signal, onProgress });
  } finally {
    process.off("SIGINT", leave);
  }
}
