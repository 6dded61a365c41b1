// Settings of storage.
import { z } from "zod";

const MIB = 1024 * 1024;

export const storageSettings = z.strictObject({
  /** Largest object under each prefix, in bytes; the longest prefix that fits decides. */
  caps: z
    .record(z.string(), z.int().min(1))
    .default({ "_vectors/": 4096 * MIB })
    .describe("largest object in bytes under each prefix; the longest that fits decides"),
  object_bytes_max: z
    .int()
    .min(1)
    .default(256 * MIB)
    .describe("largest object in bytes under any other prefix"),
});
export type StorageSettings = z.output<typeof storageSettings>;
