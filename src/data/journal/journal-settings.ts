// Settings of the journal.
import { z } from "zod";

export const journalSettings = z.strictObject({
  details_bytes_max: z
    .int()
    .min(1024)
    .default(256 * 1024)
    .describe("largest details of one event, in bytes of JSON"),
});
export type JournalSettings = z.output<typeof journalSettings>;
