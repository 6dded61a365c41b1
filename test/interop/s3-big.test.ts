// An object of many GiB in parts through the S3 door: the server's memory stays flat.
import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { createHash, randomFillSync } from "node:crypto";
import { once } from "node:events";
import { statfs } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { test, type TestContext } from "node:test";
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { KeyPair } from "#edges/s3/s3-keys.ts";
import { onBun } from "#kernel/http-client.ts";
import { tempDir } from "../support/temp-dir.ts";
import { MAIN, s3Client } from "./s3-house.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const PART_BYTES = 64 * MIB;
const GROWTH_BYTES_MAX = 100 * MIB;
const FREE_GIB_MIN = 25;
/** 1 by default; 5 is what S3 itself takes no single put of. */
const BIG_GIB = Number(process.env["LAKEHOUSE_TEST_BIG_GIB"] ?? 1);

interface ServerProcess {
  readonly url: string;
  readonly pair: KeyPair;
  /** The most memory that was seen since the last time it was asked. */
  peakBytes(): number;
}

async function startServer(t: TestContext, root: string): Promise<ServerProcess> {
  const path = fileURLToPath(new URL("s3-server-child.ts", import.meta.url));
  const child: ChildProcess = fork(path, [root], { execArgv: ["--no-warnings"] });
  t.after(async () => {
    const exited = once(child, "exit");
    child.disconnect();
    await exited;
  });
  let peak = 0;
  child.on("message", (message: { kind: string; bytes: number }) => {
    if (message.kind === "rss") peak = Math.max(peak, message.bytes);
  });
  const [ready] = (await once(child, "message")) as [{ url: string; pair: KeyPair }];
  return {
    ...ready,
    peakBytes() {
      const seen = peak;
      peak = 0;
      return seen;
    },
  };
}

/** Parts that differ, made in one buffer; their bytes go into the hash as they are made. */
async function upload(client: S3Client, Key: string, parts: number): Promise<string> {
  const target = { Bucket: MAIN, Key };
  const hash = createHash("sha256");
  const body = randomFillSync(Buffer.allocUnsafe(PART_BYTES));
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
  const done = [];
  for (let PartNumber = 1; PartNumber <= parts; PartNumber++) {
    for (let at = 0; at < body.length; at += MIB) body.writeUInt32LE(PartNumber, at);
    hash.update(body);
    const { ETag, ChecksumCRC32 } = await client.send(
      new UploadPartCommand({ ...target, UploadId, PartNumber, Body: body }),
    );
    done.push({ PartNumber, ETag, ChecksumCRC32 });
  }
  const MultipartUpload = { Parts: done };
  await client.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload }));
  return hash.digest("hex");
}

async function download(client: S3Client, Key: string): Promise<{ sha256: string; size: number }> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: MAIN, Key }));
  const hash = createHash("sha256");
  let size = 0;
  for await (const bytes of Body as AsyncIterable<Uint8Array>) {
    hash.update(bytes);
    size += bytes.length;
  }
  return { sha256: hash.digest("hex"), size };
}

test(`s3 big: ${BIG_GIB} GiB in parts go in and come out, memory stays flat`, async (t) => {
  const root = await tempDir(t);
  const { bavail, bsize } = await statfs(root);
  const free_gib = (bavail * bsize) / GIB;
  if (onBun()) return t.skip("the memory that is measured is that of Node");
  if (free_gib < Math.min(FREE_GIB_MIN, 5 * BIG_GIB)) {
    return t.skip(`${free_gib.toFixed(0)} GiB are free, too few for ${BIG_GIB} GiB twice`);
  }
  const server = await startServer(t, root);
  const client = s3Client(server.url, server.pair, { responseChecksumValidation: "WHEN_REQUIRED" });
  t.after(() => client.destroy());
  // What is loaded lazily is loaded before the measure is taken.
  await client.send(new PutObjectCommand({ Bucket: MAIN, Key: "warm", Body: Buffer.alloc(MIB) }));
  await download(client, "warm");
  await new Promise((resolve) => setTimeout(resolve, 200));
  const base = server.peakBytes();
  assert.ok(base > 0);
  const parts = Math.ceil((BIG_GIB * GIB) / PART_BYTES);
  const started = performance.now();
  const sha256 = await upload(client, "big", parts);
  const uploaded = performance.now();
  const up = server.peakBytes() - base;
  const found = await download(client, "big");
  const down = server.peakBytes() - base;
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  t.diagnostic(
    `${BIG_GIB} GiB: up ${seconds(uploaded - started)}, ` +
      `down ${seconds(performance.now() - uploaded)}; memory ${(base / MIB).toFixed(0)} MiB, ` +
      `+${(up / MIB).toFixed(0)} going up, +${(down / MIB).toFixed(0)} coming down`,
  );
  assert.deepEqual(found, { sha256, size: parts * PART_BYTES });
  assert.ok(up < GROWTH_BYTES_MAX, `grew by ${up} bytes going up`);
  assert.ok(down < GROWTH_BYTES_MAX, `grew by ${down} bytes coming down`);
});
