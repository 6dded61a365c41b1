// The S3 store against s3rver, a real S3 server from npm, and endpoints that fail.
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import S3rver from "@20minutes/s3rver";
import { chunks, failsWith, textOf } from "#ports/object-store.suite.ts";
import { openS3Store, s3StoreSuite, type S3Server } from "./s3-store.suite.ts";

const directory = mkdtempSync(join(tmpdir(), "lakehouse-s3rver-"));
const server = new S3rver({
  address: "127.0.0.1",
  port: 0,
  silent: true,
  directory,
  configureBuckets: [{ name: "lake" }],
});
const started = server.run();
after(async () => {
  await started;
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

async function place(): Promise<S3Server> {
  const { port } = await started;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    bucket: "lake",
    access_key: "S3RVER",
    secret_key: "S3RVER",
  };
}

s3StoreSuite("s3 store on s3rver", place);
