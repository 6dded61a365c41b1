// Cosines of any embedder on the scale of the one that the likeness was fitted for.

/** The model, by the start of its name, that the playbook's coefficients were fitted with. */
const FITTED_MODEL = "builtin/all-minilm-l6-v2";

/** Median cosine of unrelated sentences to it. */
export const FITTED_BACKGROUND = 0.0365;

/** A background below this is no cone: the cosines are compared as they are. */
const CONE_MIN = 0.3;

export function isFittedModel(model: string): boolean {
  return model.startsWith(FITTED_MODEL);
}

/**
 * The cosine that the fitted model would give a pair this alike: both have the same share of the
 * way from unrelated (`background`) to the same (1). Models whose vectors lie in a narrow cone
 * give unrelated texts large cosines (gte-small .75), which read as they are would make every
 * query like every other. On pairs of SciFact's training queries the share with a common answer
 * is the same for both models at the same place of this scale.
 */
export function fittedCosine(cosine: number, background: number): number {
  if (background < CONE_MIN) return cosine;
  const share = (cosine - background) / Math.max(1 - background, 1e-6);
  return FITTED_BACKGROUND + (1 - FITTED_BACKGROUND) * share;
}
