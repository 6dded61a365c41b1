// Settings of the ingest service.
import { z } from "zod";

export const ingestSettings = z.strictObject({
  running_max: z.int().min(1).max(16).default(2).describe("ingests that convert at once"),
  waiting_max: z.int().min(0).max(10_000).default(100).describe("ingests that may wait"),
  upload_mb_max: z.int().min(1).max(1_048_576).default(65_536).describe("largest uploaded file"),
  receiving_max: z.int().min(1).max(1_000).default(16).describe("uploads that come in at once"),
  spool_mb_max: z
    .int()
    .min(1)
    .max(1_048_576)
    .default(65_536)
    .describe("disk for uploads that are not converted yet; one alone may take more"),
  file_mb_max: z
    .int()
    .min(1)
    .max(65_536)
    .default(1_024)
    .describe("a larger source becomes data files of about this size"),
  progress_kept_max: z.int().min(1).max(100_000).default(1_000).describe("ended ingests told of"),
});
export type IngestSettings = z.output<typeof ingestSettings>;
