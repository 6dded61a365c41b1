// Settings of the catalog.
import { z } from "zod";

const DAY_MS = 24 * 60 * 60 * 1000;

export const catalogSettings = z.strictObject({
  commit_attempts_max: z
    .int()
    .min(1)
    .default(50)
    .describe("tries of a change that loses the race to another process"),
  snapshot_age_max_ms: z
    .int()
    .min(0)
    .default(5 * DAY_MS)
    .describe("age at which snapshots expire, when expiry is asked for without a time"),
  orphan_age_min_ms: z
    .int()
    .min(0)
    .default(3 * DAY_MS)
    .describe("grace period: younger objects are never orphans, their commit may be under way"),
  metadata_versions_kept: z
    .int()
    .min(1)
    .default(100)
    .describe("earlier metadata objects of a dataset that are kept"),
  small_manifests_max: z
    .int()
    .min(2)
    .default(100)
    .describe("small manifests of a snapshot before they are merged"),
  manifest_files_max: z
    .int()
    .min(2)
    .default(2_000)
    .describe("data files that a merged manifest holds; one with fewer is small"),
  cached_entries_max: z
    .int()
    .min(1_000)
    .default(500_000)
    .describe("manifest entries and located files held in memory"),
  objects_at_once_max: z
    .int()
    .min(1)
    .default(16)
    .describe("objects looked at side by side when a dataset is checked"),
  register_checks_max: z
    .int()
    .min(0)
    .default(256)
    .describe("newest files of a healthy dataset checked each time it is registered again"),
  verify_on_start: z.boolean().default(true).describe("check all datasets after starting"),
});
export type CatalogSettings = z.output<typeof catalogSettings>;
