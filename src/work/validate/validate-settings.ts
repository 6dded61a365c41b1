// Settings of validate.
import { z } from "zod";

export const validateSettings = z.strictObject({
  lookup_rows_max: z.int().min(1).default(10_000).describe("rows one look-up may answer"),
  lookup_timeout_ms: z.int().min(1).default(10_000).describe("deadline of one look-up"),
});
export type ValidateSettings = z.output<typeof validateSettings>;
