// For tests: the files that a dataset of a lake has now.
import type { Lake } from "#data/ingest/open-lake.suite.ts";

export async function keysOf(lake: Lake, name: string): Promise<string[]> {
  return (await lake.catalog.files({ name })).files.map(({ key }) => key);
}
