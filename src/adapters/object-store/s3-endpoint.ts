// One S3 endpoint: requests signed (SigV4), retried where that is safe, faults told in our words.
import { AwsV4Signer } from "aws4fetch";
import type { ByteStream } from "#kernel/contract.ts";
import { collectBytes, httpRequest, type HttpResponse } from "#kernel/http-client.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { s3Fault } from "./s3-faults.ts";
import { readS3Error } from "./s3-xml.ts";

export interface S3EndpointOptions {
  /** `http(s)://host[:port]`. */
  readonly endpoint: string;
  readonly region: string;
  /** Name of the bucket at the endpoint. */
  readonly bucket: string;
  readonly access_key: string;
  readonly secret_key: string;
  readonly session_token?: string;
  /** false puts the bucket before the host name. Default: true. */
  readonly path_style?: boolean;
  /** For an answer to begin, and between two chunks of its body. Default: a minute. */
  readonly timeout_ms?: number;
  /** Of one request, the first included. Default: 4. */
  readonly attempts_max?: number;
  /** Waits are random between 0 and this, doubling. Default: 200 ms. */
  readonly retry_base_ms?: number;
}

export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Whole key at the endpoint; absent: the bucket itself. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Instead of `body`: made anew for each attempt, of exactly this length. */
  readonly stream?: { readonly size_bytes: number; open(): ByteStream };
  readonly timeout_ms?: number;
  readonly signal?: AbortSignal;
  /** Counts the attempts: after more than one, an earlier one may have been carried out. */
  readonly tries?: { count: number };
}

export interface S3Endpoint {
  /** `endpoint/bucket`, for messages. */
  readonly name: string;
  readonly bucket: string;
  readonly timeout_ms: number;
  /** An answer of 2xx; its body must be read or returned. Others are `LakehouseError`s. */
  send(request: S3Request): Promise<HttpResponse>;
  /** The same for answers that are a short text. */
  sendForText(request: S3Request): Promise<{ text: string; headers: HttpResponse["headers"] }>;
}

const TEXT_BYTES_MAX = 16 * 1024 * 1024;

export function createS3Endpoint(options: S3EndpointOptions): S3Endpoint {
  const { attempts_max = 4, retry_base_ms = 200, timeout_ms = 60_000 } = options;
  const name = `${options.endpoint}/${options.bucket}`;
  const keys = new Map<string, ArrayBuffer>();

  async function sendOnce(request: S3Request): Promise<HttpResponse> {
    const signed = await sign(options, request, keys);
    const body = request.stream?.open() ?? request.body;
    const response = await httpRequest({
      method: request.method,
      url: signed.url,
      headers: signed.headers,
      body,
      signal: request.signal,
      timeout_ms: request.timeout_ms ?? timeout_ms,
    });
    if (response.status >= 200 && response.status < 300) return response;
    const text = await textOf(response, timeout_ms);
    throw s3Fault(name, request.key, response.status, readS3Error(text));
  }

  async function send(request: S3Request): Promise<HttpResponse> {
    for (let attempt = 1; ; attempt++) {
      if (request.tries !== undefined) request.tries.count = attempt;
      try {
        return await sendOnce(request);
      } catch (error) {
        if (attempt >= attempts_max || !mayPass(error)) throw named(error, name);
        const wait_ms = Math.random() * retry_base_ms * 2 ** (attempt - 1);
        await new Promise((resolve) => setTimeout(resolve, wait_ms));
      }
    }
  }

  return {
    name,
    bucket: options.bucket,
    timeout_ms,
    send,
    async sendForText(request) {
      const response = await send(request);
      return { text: await textOf(response, timeout_ms), headers: response.headers };
    },
  };
}

async function sign(
  options: S3EndpointOptions,
  request: S3Request,
  cache: Map<string, ArrayBuffer>,
): Promise<{ url: string; headers: Record<string, string> }> {
  const { body, stream } = request;
  const length = stream?.size_bytes ?? (body === undefined ? undefined : Buffer.byteLength(body));
  const signer = new AwsV4Signer({
    method: request.method,
    url: urlOf(options, request),
    headers: {
      ...request.headers,
      // Without TLS the signature alone keeps a body from being changed on its way.
      ...(stream !== undefined || (options.endpoint.startsWith("https:") && body !== undefined)
        ? { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" }
        : { "x-amz-content-sha256": await sha256(body ?? "") }),
    },
    service: "s3",
    region: options.region,
    accessKeyId: options.access_key,
    secretAccessKey: options.secret_key,
    ...(options.session_token ? { sessionToken: options.session_token } : {}),
    cache,
  });
  const signed = await signer.sign();
  const headers = Object.fromEntries(signed.headers as unknown as Iterable<[string, string]>);
  if (length !== undefined) headers["content-length"] = String(length);
  return { url: signed.url.toString(), headers };
}

async function sha256(body: string | Uint8Array): Promise<string> {
  // In the thread pool: large bodies must not hold the event loop.
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return Buffer.from(digest).toString("hex");
}

function urlOf({ endpoint, bucket, path_style = true }: S3EndpointOptions, request: S3Request) {
  const url = new URL(endpoint);
  if (!path_style) url.hostname = `${bucket}.${url.hostname}`;
  const key = request.key === undefined ? "" : encodeS3Key(request.key);
  const path = path_style ? `/${bucket}/${key}` : `/${key}`;
  const query = Object.entries(request.query ?? {}).map(([name, value]) =>
    value === "" ? `${encode(name)}=` : `${encode(name)}=${encode(value)}`,
  );
  const end = request.key === undefined && path_style ? path.replace(/\/$/, "") : path;
  return `${url.origin}${end}${query.length > 0 ? `?${query.join("&")}` : ""}`;
}

/** RFC 3986, as SigV4 wants it: everything but unreserved characters and the slash. */
export function encodeS3Key(key: string): string {
  return key.split("/").map(encode).join("/");
}

function encode(text: string): string {
  const hex = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, hex);
}

/** Faults of the network and of the moment; every request we make may be made again. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof LakehouseError)) return false;
  if (error.reason === "unreachable" || error.reason === "no_answer") return true;
  const status = error.extra["s3_status"];
  return typeof status === "number" && (status >= 500 || status === 429 || status === 408);
}

function named(error: unknown, name: string): unknown {
  if (!(error instanceof LakehouseError) || error.code !== "deadline_exceeded") return error;
  return new LakehouseError("unavailable", `the bucket ${name} does not answer in time`, {
    reason: "unreachable",
    cause: error,
  });
}

async function textOf(response: HttpResponse, timeout_ms: number): Promise<string> {
  const source = response.body[Symbol.asyncIterator]();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new LakehouseError("deadline_exceeded", "the answer stopped", { reason: "no_answer" }),
      );
    }, timeout_ms);
  });
  try {
    const body = { [Symbol.asyncIterator]: () => source };
    return (await Promise.race([collectBytes(body, TEXT_BYTES_MAX), late])).toString("utf8");
  } finally {
    clearTimeout(timer);
    void Promise.resolve(source.return?.()).catch(() => undefined);
  }
}
