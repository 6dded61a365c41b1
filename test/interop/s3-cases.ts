// What the S3 suites have in common: one house for a file, errors caught as S3 tells them.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import {
  PutObjectCommand,
  S3ServiceException,
  type PutObjectCommandOutput,
  type S3Client,
} from "@aws-sdk/client-s3";
import { MAIN, s3Client, startS3House, type S3House, type S3HouseOptions } from "./s3-house.ts";

export interface Suite {
  readonly house: S3House;
  readonly client: S3Client;
  /** Keys of one suite do not meet those of another. */
  key(name: string): string;
  put(key: string, body: string | Uint8Array, more?: object): Promise<PutObjectCommandOutput>;
  /** A client with other settings, closed with the suite. */
  another(pair?: { access_key_id: string; secret_access_key: string }, more?: object): S3Client;
}

/** Opened now, closed after the tests. */
export async function openSuite(
  name: string,
  options: Omit<S3HouseOptions, "root"> = {},
): Promise<Suite> {
  const root = await mkdtemp(join(tmpdir(), "lakehouse-s3-"));
  const house = await startS3House({ root, ...options });
  const clients: S3Client[] = [];
  after(async () => {
    for (const one of clients) one.destroy();
    await house.stop();
    await rm(root, { recursive: true, force: true });
  });
  function another(pair = house.house, more = {}): S3Client {
    const one = s3Client(house.url, pair, more);
    clients.push(one);
    return one;
  }
  const client = another();
  return {
    house,
    client,
    another,
    key: (own) => `${name}/${own}`,
    put: (key, body, more = {}) =>
      client.send(new PutObjectCommand({ Bucket: MAIN, Key: key, Body: body, ...more })),
  };
}

/** The error of a call that must fail, with this code and status. */
export async function failsAs(
  work: Promise<unknown>,
  code: string,
  status: number,
): Promise<S3ServiceException> {
  const error = await work.then(
    () => assert.fail(`nothing failed, though ${code} was due`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof S3ServiceException, String(error));
  assert.equal(error.name, code, error.message);
  assert.equal(error.$metadata.httpStatusCode, status);
  return error;
}

export async function* pieces(text: string, count: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < count; at++) yield Buffer.from(text);
}
