// Settings of respond.
import { z } from "zod";

export const respondSettings = z.strictObject({
  first_answer_score: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe("score with which the best answer of accepted work is remembered"),
  answer_score_step: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe("how much lower each further answer of the same work is scored"),
  answer_score_min: z.number().min(0).max(1).default(0.5).describe("score of the last answers"),
  record_answers_max: z
    .int()
    .min(1)
    .max(1_000)
    .default(25)
    .describe("answers of one piece of work that are remembered at most"),
  small_models: z
    .array(z.string())
    .default(["local/*"])
    .describe("asked briefly, and choices one by one from the candidates: names, or a/* for all"),
  overseer: z
    .string()
    .default("")
    .describe("model that corrects refused work, e.g. tier/local_judge; empty: nobody does"),
  overseer_corrections_max: z
    .int()
    .min(1)
    .max(5)
    .default(1)
    .describe("corrections for one task at most"),
  overseer_tokens_max: z.int().min(16).default(512).describe("length of one correction"),
  drift_after: z
    .int()
    .min(2)
    .max(20)
    .default(2)
    .describe("with an overseer: the same draft refused the same way so often calls for it"),
});
export type RespondSettings = z.output<typeof respondSettings>;
