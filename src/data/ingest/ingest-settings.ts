// Settings of the ingest service.
import { z } from "zod";

export const ingestSettings = z.strictObject({
  running_max: z.int().min(1).max(16).default(2).describe("ingests that convert at once"),
  waiting_max: z.int().min(0).max(10_000).default(100).describe("ingests that may wait"),
  upload_mb_max: z.int().min(1).max(1_048_576).default(65_536).describe("largest uploaded file"),
  progress_kept_max: z.int().min(1).max(100_000).default(1_000).describe("ended ingests told of"),
});
export type IngestSettings = z.output<typeof ingestSettings>;
