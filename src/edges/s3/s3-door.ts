// The S3 door: storage for every client that speaks S3.
import { startCall } from "#kernel/call.ts";
import type { Clock } from "#kernel/clock.ts";
import type { ByteStream, Client } from "#kernel/contract.ts";
import type { FaceRequest, HttpFace } from "#kernel/http-face.ts";
import type { Log } from "#kernel/log.ts";
import type { storage } from "#contracts/storage.ts";
import { createBucket } from "./bucket-operations.ts";
import { createBucketNames, type BucketNames } from "./bucket-names.ts";
import { addressOf, isBelowPrefix, type Address } from "./s3-address.ts";
import { withQueryHeaders } from "./query-headers.ts";
import { callerOf } from "./s3-caller.ts";
import type { S3Context } from "./s3-context.ts";
import { errorResponse, S3Error, toS3Error } from "./s3-error.ts";
import type { S3Keys } from "./s3-keys.ts";
import { chooseOperation, type S3Operation } from "./s3-operations.ts";
import { isSigned } from "./signed-request.ts";
import { createUploadMemory, type UploadMemory } from "./upload-memory.ts";

export interface S3DoorNeeds {
  readonly storage: Client<typeof storage>;
  readonly keys: S3Keys;
  readonly clock: Clock;
  readonly log: Log;
}

/** A large object over a slow line takes its time; so do copies. */
const CALL_TIMEOUT_MS = 6 * 3_600_000;

export function createS3Door(needs: S3DoorNeeds): HttpFace {
  const uploads = createUploadMemory();
  const names = createBucketNames(needs.storage, needs.clock);
  return {
    name: "s3",
    handles: (request, url) =>
      isBelowPrefix(url.pathname) || isSigned(request.headers, url.searchParams),
    async handle(asked) {
      const request_id = asked.trace_id;
      const { method } = asked.request;
      const { path } = targetOf(asked);
      try {
        const response = await answer(asked, { ...needs, uploads, names });
        response.headers.set("x-amz-request-id", request_id);
        return response;
      } catch (thrown) {
        const error = toS3Error(thrown);
        if (error.code === "InternalError") {
          needs.log.error({ trace_id: request_id, err: thrown }, "a call of the S3 door broke");
        }
        return errorResponse(error, { method, resource: path, request_id });
      }
    },
  };
}

interface DoorNeeds extends S3DoorNeeds {
  readonly uploads: UploadMemory;
  readonly names: BucketNames;
}

async function answer(asked: FaceRequest, needs: DoorNeeds): Promise<Response> {
  const { request, url, trace_id } = asked;
  const { method } = request;
  const { path, query } = targetOf(asked);
  const params = url.searchParams;
  const headers = withQueryHeaders(request.headers, params);
  const address = addressOf(path);
  const { operation, scope } = chooseOperation({ method, params, headers }, address);
  const caller = callerOf(
    // The signature is over the headers as they were sent.
    { method, path, query, params, headers: request.headers, authenticate: asked.authenticate },
    scope,
    needs,
  );
  const signal = asked.signal ?? request.signal;
  const { principal } = caller;
  const { parent_span_id: span_id, tracestate } = asked.origin ?? {};
  const traced = { trace_id, span_id, tracestate, from_edge: true };
  const context: S3Context = {
    method,
    headers,
    params,
    body: request.body as ByteStream | null,
    signed: caller.signed,
    principal,
    resource: path,
    request_id: trace_id,
    origin: url.origin,
    storage: needs.storage,
    call: startCall({ ...traced, principal, signal, timeout_ms: CALL_TIMEOUT_MS }),
    uploads: needs.uploads,
    storeBucket: needs.names.find,
  };
  return run(operation, context, address);
}

async function run(
  operation: S3Operation,
  context: S3Context,
  { bucket = "", key = "" }: Address,
): Promise<Response> {
  if (operation.level === "service") return operation.run(context);
  if (operation.level === "create_bucket") return createBucket(context, bucket);
  const at = await context.storeBucket(bucket);
  if (operation.level === "bucket") return operation.run({ ...context, bucket, at });
  // Where the whole body's length is known and wrong, storage says so before it reads.
  if (key.includes("\0")) throw new S3Error("InvalidArgument", "A key has no NUL.");
  return operation.run({ ...context, bucket, at, key });
}

/** Path and query as they were sent; where a server keeps them no longer, as the URL has them. */
function targetOf({ target, url }: FaceRequest): { path: string; query: string } {
  const text = target ?? `${url.pathname}${url.search}`;
  const at = text.indexOf("?");
  return at < 0
    ? { path: text, query: "" }
    : { path: text.slice(0, at), query: text.slice(at + 1) };
}
