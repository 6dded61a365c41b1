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
});
export type RespondSettings = z.output<typeof respondSettings>;
