// Which buckets there are, asked of storage now and then: they stand in the settings.
import type { storage } from "#contracts/storage.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Client } from "#kernel/contract.ts";
import { S3Error } from "./s3-error.ts";

export interface BucketNames {
  /** What storage's operations take for this bucket; `NoSuchBucket` when there is none. */
  find(name: string): Promise<{ bucket?: string }>;
}

const KEPT_MS = 10_000;

export function createBucketNames(client: Client<typeof storage>, clock: Clock): BucketNames {
  let known: Promise<ReadonlyMap<string, { bucket?: string }>> | undefined;
  let asked_ms = 0;

  async function ask(): Promise<ReadonlyMap<string, { bucket?: string }>> {
    const { buckets } = await client.buckets({});
    return new Map(buckets.map(({ name, main }) => [name, main ? {} : { bucket: name }]));
  }

  return {
    async find(name) {
      if (known === undefined || clock.now() - asked_ms > KEPT_MS) {
        asked_ms = clock.now();
        const asking = ask();
        known = asking;
        // What failed is asked for again the next time.
        asking.catch(() => {
          if (known === asking) known = undefined;
        });
      }
      const found = (await known).get(name);
      if (found !== undefined) return found;
      throw new S3Error("NoSuchBucket", "The specified bucket does not exist", {
        details: { BucketName: name },
      });
    },
  };
}
