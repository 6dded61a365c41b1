// Reading from an S3 endpoint: heads, and bodies that go on after a broken connection.
import type { ByteStream } from "#kernel/contract.ts";
import type { HttpResponse } from "#kernel/http-client.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { ByteRange, StoredObject } from "#ports/object-store.ts";
import { objectOfHeaders } from "./s3-attributes.ts";
import type { S3Endpoint } from "./s3-endpoint.ts";
import { isFault } from "./s3-faults.ts";

const RESUMES_MAX = 3;

/** `key` is ours, `remote_key` the one at the endpoint. undefined: there is no such object. */
export async function headS3(
  endpoint: S3Endpoint,
  key: string,
  remote_key: string,
): Promise<StoredObject | undefined> {
  const found = await absentOr(endpoint.sendForText({ method: "HEAD", key: remote_key }));
  return found && objectOfHeaders(key, found.headers);
}

/** What the request yields; undefined when it is refused as of no such object. */
export async function absentOr<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isFault(error, "no_such_object")) return undefined;
    throw error;
  }
}

export async function getS3(
  endpoint: S3Endpoint,
  key: string,
  remote_key: string,
  range: ByteRange = { start: 0, end: undefined },
): Promise<{ object: StoredObject; body: ByteStream } | undefined> {
  const empty = range.end !== undefined && range.end <= range.start;
  try {
    if (empty) throw new LakehouseError("invalid", "empty", { reason: "range_not_satisfiable" });
    const opened = await openRange(endpoint, remote_key, range);
    if (opened === undefined) return undefined;
    const object = objectOfHeaders(key, opened.response.headers);
    const end = Math.min(range.end ?? object.size_bytes, object.size_bytes);
    const again = (start: number) =>
      openRange(endpoint, remote_key, { start, end }, { "if-match": object.etag });
    return { object, body: resumingBody(endpoint, opened, { start: range.start, end }, again) };
  } catch (error) {
    // Beyond the end there are no bytes, as of a file.
    if (!isFault(error, "range_not_satisfiable")) throw error;
    const object = await headS3(endpoint, key, remote_key);
    return object && { object, body: (async function* () {})() };
  }
}

interface Opened {
  readonly response: HttpResponse;
  /** Gives the connection up. */
  leave(): void;
}

async function openRange(
  endpoint: S3Endpoint,
  key: string,
  { start, end }: ByteRange,
  conditions: Readonly<Record<string, string>> = {},
): Promise<Opened | undefined> {
  const leaving = new AbortController();
  const whole = start === 0 && end === undefined;
  const range: Record<string, string> = whole
    ? {}
    : { range: `bytes=${start}-${end === undefined ? "" : end - 1}` };
  const headers = { ...conditions, ...range };
  const response = await absentOr(
    endpoint.send({ method: "GET", key, headers, signal: leaving.signal }),
  );
  if (response === undefined) return undefined;
  if (!whole && response.status !== 206) {
    leaving.abort();
    const message = `${endpoint.name} answers ${response.status} to a range, not 206`;
    throw new LakehouseError("unavailable", message, { reason: "remote_failed" });
  }
  return { response, leave: () => leaving.abort() };
}

// Not a generator: `return()` of one that was never started would keep the connection.
function resumingBody(
  endpoint: S3Endpoint,
  first: Opened,
  { start, end }: { readonly start: number; readonly end: number },
  again: (start: number) => Promise<Opened | undefined>,
): ByteStream {
  let opened: Opened | undefined = first;
  let source = first.response.body[Symbol.asyncIterator]();
  let position = start;
  let resumes = 0;
  let over = false;

  function finish(): { done: true; value: undefined } {
    over = true;
    opened?.leave();
    // Its ending may fail or hang: the connection is given up already.
    void Promise.resolve(source.return?.()).catch(() => undefined);
    return { done: true, value: undefined };
  }

  async function next(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      if (over) return { done: true, value: undefined };
      try {
        const step = await inTime(source.next(), endpoint);
        if (step.done !== true) {
          position += step.value.length;
          return { done: false, value: step.value };
        }
        if (position === end) return finish();
        throw cutOff(endpoint);
      } catch (error) {
        opened?.leave();
        if (over) return { done: true, value: undefined };
        if (++resumes > RESUMES_MAX) {
          finish();
          throw error instanceof LakehouseError ? error : cutOff(endpoint, error);
        }
        opened = await again(position);
        // Replaced or removed meanwhile: the rest of these bytes is nowhere.
        if (opened === undefined) throw cutOff(endpoint, error);
        source = opened.response.body[Symbol.asyncIterator]();
      }
    }
  }

  return { [Symbol.asyncIterator]: () => ({ next, return: async () => finish() }) };
}

function cutOff(endpoint: S3Endpoint, cause?: unknown): LakehouseError {
  return new LakehouseError("unavailable", `the bucket ${endpoint.name} broke off its answer`, {
    reason: "unreachable",
    cause,
  });
}

function inTime<T>(step: Promise<T>, endpoint: S3Endpoint): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(cutOff(endpoint)), endpoint.timeout_ms);
    step.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
