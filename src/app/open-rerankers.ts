// The rerankers: the built-in one, and one for each endpoint that names a model for it.
import type { Embedder } from "#ports/embedder.ts";
import type { Reranker } from "#ports/reranker.ts";
import type { ProvidersSettings } from "./provider-settings.ts";
import { resolveSecret } from "./settings.ts";

/** `embedders`: the built-in one is the first; its cosines are what the wording was fitted for. */
export async function openRerankers(
  providers: ProvidersSettings,
  variables: Readonly<Record<string, string | undefined>>,
  embedders: readonly Embedder[],
): Promise<Reranker[]> {
  const { createWordingReranker } = await import("#adapters/reranker/wording-reranker.ts");
  const { createHttpReranker } = await import("#adapters/reranker/http-reranker.ts");
  const { framedStems } = await import("#recall/playbook/request-frames.ts");
  const { wordingLikeness } = await import("#recall/playbook/wording-likeness.ts");
  const rerankers = [
    createWordingReranker({
      embedder: embedders[0]!,
      stemsOf: framedStems,
      likenessOf: wordingLikeness,
    }),
  ];
  for (const { name, base_url, api_key, rerank_model } of providers.endpoints) {
    if (rerank_model === "") continue;
    const key = await resolveSecret(api_key, variables);
    const own = key === "" ? {} : { api_key: key };
    rerankers.push(createHttpReranker({ name, base_url, model: rerank_model, ...own }));
  }
  return rerankers;
}
