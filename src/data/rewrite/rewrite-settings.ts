// Settings of the rewrite service.
import { z } from "zod";

export const rewriteSettings = z.strictObject({
  target_file_mb: z.int().min(1).max(4096).default(128).describe("size that compaction aims at"),
  commit_mb_max: z
    .int()
    .min(1)
    .max(1_048_576)
    .default(4_096)
    .describe("compaction commits after about so many bytes, so that little is done twice"),
  running_max: z.int().min(1).max(16).default(1).describe("rewrites at once; the others wait"),
  tries_max: z.int().min(1).max(100).default(10).describe("when others commit meanwhile"),
});
export type RewriteSettings = z.output<typeof rewriteSettings>;
