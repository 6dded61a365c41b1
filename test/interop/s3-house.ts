// A gateway with the S3 door over storage on disk, and clients of the AWS SDK for it.
import { join } from "node:path";
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { createDiskObjectStore } from "#adapters/object-store/disk-object-store.ts";
import { storage } from "#contracts/storage.ts";
import { createStorage, type Bucket } from "#data/storage/storage-service.ts";
import { storageSettings } from "#data/storage/storage-settings.ts";
import { createGatewayApp } from "#edges/gateway/gateway-app.ts";
import type { AccessToken } from "#edges/gateway/authenticate.ts";
import { createS3Door } from "#edges/s3/s3-door.ts";
import { createS3Keys, openHouseKey, type KeyPair, type S3Keys } from "#edges/s3/s3-keys.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import type { Client } from "#kernel/contract.ts";
import { listen } from "#kernel/listen.ts";
import { silentLog } from "#kernel/log.ts";

export interface S3HouseOptions {
  readonly root: string;
  readonly tokens?: readonly AccessToken[];
  readonly settings?: object;
}

export interface S3House {
  readonly url: string;
  readonly house: KeyPair;
  readonly keys: S3Keys;
  readonly storage: Client<typeof storage>;
  stop(): Promise<void>;
}

export const MAIN = "lakehouse";
export const OTHER = "second.bucket";

export async function startS3House(options: S3HouseOptions): Promise<S3House> {
  const { root, tokens = [] } = options;
  const settings = storageSettings.parse(options.settings ?? {});
  const buckets = new Map<string, Bucket>();
  for (const name of [MAIN, OTHER]) {
    const store = await createDiskObjectStore({ root: join(root, name) });
    buckets.set(name, { store, backend: "disk", created_at: new Date().toISOString() });
  }
  const needs = { buckets, main: MAIN, log: silentLog, clock: systemClock };
  const service = await createStorage(needs, settings);
  const client = connectLocal(storage, service.handlers, { strict: true });
  const house = await openHouseKey(join(root, "secrets", "s3.json"));
  const keys = createS3Keys({ house, tokens, clock: systemClock });
  const door = createS3Door({ storage: client, keys, clock: systemClock, log: silentLog });
  const app = createGatewayApp({
    served: [{ contract: storage, client }],
    faces: [door],
    health: async () => ({ storage: await service.health() }),
    auth: { tokens },
    version: "0.0.0",
    instance: "test",
    hosts: [],
  });
  const server = await listen(app, { port: 0 });
  return {
    url: server.url,
    house,
    keys,
    storage: client,
    async stop() {
      await server.stop();
      await service.stop();
    },
  };
}

/** A client of the AWS SDK; it does not try again, so that each answer is seen. */
export function s3Client(url: string, pair: KeyPair, more: S3ClientConfig = {}): S3Client {
  return new S3Client({
    endpoint: url,
    region: "us-east-1",
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: pair.access_key_id, secretAccessKey: pair.secret_access_key },
    ...more,
  });
}
