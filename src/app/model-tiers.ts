// Section [models]: names for models by what they are for, and the list of the weak ones.
import { z } from "zod";

const WEAK = "weak_models";

export const modelsSettings = z
  .record(z.string(), z.union([z.string(), z.array(z.string().min(1))]))
  .default({})
  .superRefine((models, context) => {
    for (const [name, value] of Object.entries(models)) {
      if ((name === WEAK) === Array.isArray(value)) continue;
      const message = name === WEAK ? `${WEAK} is a list of models` : "a tier is one model, a text";
      context.addIssue({ code: "custom", path: [name], message });
    }
  })
  .describe("tiers (local_fast …) → model, as tier/<name>; weak_models: list for the gate");
export type ModelsSettings = z.output<typeof modelsSettings>;

/** Tier → model. */
export function tiersOf(models: ModelsSettings): Readonly<Record<string, string>> {
  const tiers = Object.entries(models).filter((one): one is [string, string] => {
    return typeof one[1] === "string";
  });
  return Object.fromEntries(tiers);
}

/**
 * What the downgrade gate may choose: `own`, the matrix's list, where it names any, else
 * [models] weak_models. tier/<name> stands for its model, as acceptance is measured by model.
 */
export function weakModels(models: ModelsSettings, own: readonly string[]): string[] {
  const named = models[WEAK];
  const listed = own.length > 0 ? own : Array.isArray(named) ? named : [];
  const tiers = tiersOf(models);
  return listed.map((model) => tiers[model.replace(/^tier\//, "")] ?? model);
}
