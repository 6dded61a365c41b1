// Settings of iterate.
import { z } from "zod";

export const iterateSettings = z.strictObject({
  attempt_timeout_ms: z
    .int()
    .min(1)
    .default(300_000)
    .describe("deadline of one model answer, and of its validation"),
  ask_for_schema: z
    .boolean()
    .default(true)
    .describe("hold models to the JSON schema of the artifact where their provider can"),
  daemon: z.string().min(1).default("lakehouse").describe("who wrote a row of the session log"),
});
export type IterateSettings = z.output<typeof iterateSettings>;
