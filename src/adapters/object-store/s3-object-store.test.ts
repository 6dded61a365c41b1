// The S3 store against s3rver, a real S3 server from npm.
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { s3StoreSuite } from "./s3-store.suite.ts";

interface S3rver {
  run(): Promise<{ readonly port: number }>;
  close(): Promise<void>;
}

// It brings no types of its own.
const S3rver = createRequire(import.meta.url)("@20minutes/s3rver") as new (
  options: object,
) => S3rver;

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

s3StoreSuite(
  "s3 store on s3rver",
  async () => ({
    endpoint: `http://127.0.0.1:${(await started).port}`,
    region: "us-east-1",
    bucket: "lake",
    access_key: "S3RVER",
    secret_key: "S3RVER",
  }),
  {
    lacks: new Map([
      ["any_key", "s3rver keeps keys as file names"],
      ["list_parts", "s3rver has neither ListParts nor AbortMultipartUpload"],
      ["paged_lists", "s3rver fails on lists that go on after a prefix"],
    ]),
  },
);
