// What every operation of the door works with.
import type { storage } from "#contracts/storage.ts";
import type { Call, Principal } from "#kernel/call.ts";
import type { ByteStream, Client } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { openBody, type BodySource, type IncomingBody } from "./incoming-body.ts";
import type { SignedBody } from "./s3-caller.ts";
import { S3Error } from "./s3-error.ts";
import type { UploadMemory } from "./upload-memory.ts";

export interface S3Context {
  readonly method: string;
  readonly headers: Headers;
  readonly params: URLSearchParams;
  readonly body: ByteStream | null;
  readonly signed: SignedBody | undefined;
  readonly principal: Principal;
  /** Path as errors name it. */
  readonly resource: string;
  readonly request_id: string;
  /** Origin of the door as the client wrote it. */
  readonly origin: string;
  readonly storage: Client<typeof storage>;
  readonly call: Call;
  readonly uploads: UploadMemory;
  /** The storage contract's name of a bucket; `NoSuchBucket` when there is none of this name. */
  storeBucket(name: string): Promise<{ bucket?: string }>;
}

/** A context of which the bucket is known; `at` goes into every call of storage. */
export interface BucketContext extends S3Context {
  readonly bucket: string;
  readonly at: { readonly bucket?: string };
}

export interface ObjectContext extends BucketContext {
  readonly key: string;
}

export function bodyOf(context: S3Context, compute?: BodySource["compute"]): IncomingBody {
  const { headers, body, signed } = context;
  return openBody({ headers, body, signed, compute });
}

/** What a write yields; what was wrong with the body itself comes before all else. */
export async function storing<T>(body: IncomingBody | undefined, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw body?.fault() ?? missingOrSame(error);
  }
}

/** If-Match on what is not there is 404 to S3. */
function missingOrSame(error: unknown): unknown {
  if (!(error instanceof LakehouseError) || error.reason !== "etag_differs") return error;
  if (error.extra["etag"] !== null) return error;
  return new S3Error("NoSuchKey", "The specified key does not exist.");
}

export function xmlResponse(xml: string, headers: Record<string, string> = {}): Response {
  return new Response(xml, { headers: { "content-type": "application/xml", ...headers } });
}

/** A number in the query; `InvalidArgument` outside of its bounds. */
export function numberParam(
  params: URLSearchParams,
  name: string,
  bounds: { standard: number; min: number; max: number },
): number {
  const text = params.get(name);
  if (text === null || text === "") return bounds.standard;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= bounds.min && value <= bounds.max) return value;
  throw new S3Error(
    "InvalidArgument",
    `Argument ${name} must be an integer between ${bounds.min} and ${bounds.max}`,
    { details: { ArgumentName: name, ArgumentValue: text } },
  );
}
