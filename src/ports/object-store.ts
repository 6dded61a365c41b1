// Port: a place for immutable-ish bytes by key. Adapters: local disk, any S3 endpoint.
import type { ByteStream } from "#kernel/contract.ts";

export interface StoredObject {
  readonly key: string;
  readonly size_bytes: number;
  /** Opaque version of the content, in double quotes as HTTP writes it. */
  readonly etag: string;
  readonly modified_at: string;
  readonly content_type: string;
  /** What the writer wanted kept beside the bytes; names in lower case. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Half-open byte range; `end` undefined = to the end. */
export interface ByteRange {
  readonly start: number;
  readonly end: number | undefined;
}

export interface PutConditions {
  /** Fails with `precondition_failed` when an object stands there already. */
  readonly if_absent?: boolean;
  /** Fails with `precondition_failed` unless the present etag is this one. */
  readonly if_match?: string;
}

export interface PutOptions extends PutConditions {
  readonly content_type?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** Over it: `too_large`, nothing written. */
  readonly bytes_max: number;
}

export interface ListPage {
  readonly objects: readonly StoredObject[];
  /** Common prefixes up to the delimiter, when one was given. */
  readonly prefixes: readonly string[];
  /** Give it as `after` to go on; undefined at the end. */
  readonly next_after: string | undefined;
}

export interface ListOptions {
  readonly prefix?: string;
  readonly after?: string;
  readonly limit: number;
  readonly delimiter?: string;
}

/** An upload in parts that is neither completed nor aborted. */
export interface Upload {
  readonly upload_id: string;
  readonly key: string;
  readonly started_at: string;
  readonly content_type: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface UploadPart {
  readonly part_number: number;
  readonly etag: string;
  readonly size_bytes: number;
  readonly modified_at: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface CopyOptions extends PutConditions {
  /** Fails with `precondition_failed` unless the source's etag is this one. */
  readonly if_source_match?: string;
  /** Absent: the source's. */
  readonly content_type?: string;
  /** Absent: the source's. */
  readonly attributes?: Readonly<Record<string, string>>;
  readonly bytes_max: number;
}

/** Parts survive a crash; an upload without an end is kept until it is aborted. */
export interface MultipartStore {
  start(
    key: string,
    options: { content_type?: string; attributes?: Readonly<Record<string, string>> },
  ): Promise<Upload>;
  /** undefined: no such upload. Parts by number: all, or a page of them (`limit` 0: none). */
  find(
    upload_id: string,
    page?: { readonly after_part?: number; readonly limit?: number },
  ): Promise<{ upload: Upload; parts: readonly UploadPart[] } | undefined>;
  /** Durable when it resolves. `not_found` (`no_such_upload`). */
  putPart(
    upload_id: string,
    part_number: number,
    body: ByteStream,
    options: { bytes_max: number; attributes?: Readonly<Record<string, string>> },
  ): Promise<UploadPart>;
  /** `invalid` (`bad_part`) when a part is not there with this etag; `too_large` over the bound. */
  complete(
    upload_id: string,
    parts: readonly { part_number: number; etag: string }[],
    options: PutConditions & {
      attributes?: Readonly<Record<string, string>>;
      bytes_max: number;
    },
  ): Promise<StoredObject>;
  /** true when there was one. */
  abort(upload_id: string): Promise<boolean>;
  /** In order of key, then of start. */
  list(prefix: string): Promise<readonly Upload[]>;
}

export interface ObjectStore {
  /** undefined when there is no such object. Keys that could leave the root are `invalid`. */
  head(key: string): Promise<StoredObject | undefined>;
  /** The object and its bytes (a range of them); undefined when there is no such object. */
  get(
    key: string,
    range?: ByteRange,
  ): Promise<{ object: StoredObject; body: ByteStream } | undefined>;
  /** Durable when it resolves: the new bytes or the old ones, never a mixture. */
  put(key: string, body: ByteStream, options: PutOptions): Promise<StoredObject>;
  /** true when there was one. */
  remove(key: string, conditions?: Pick<PutConditions, "if_match">): Promise<boolean>;
  /** Copies inside this store; undefined when there is no such source. Atomic and durable. */
  copy(from_key: string, key: string, options: CopyOptions): Promise<StoredObject | undefined>;
  readonly uploads: MultipartStore;
  /** Keys in byte order. */
  list(options: ListOptions): Promise<ListPage>;
  /** A path under which a large result may be written before `adopt` gives it a key. */
  stage(): Promise<string>;
  /** Makes a staged file the object `key` without copying it; durable when it resolves. */
  adopt(key: string, staged_path: string, conditions?: PutConditions): Promise<StoredObject>;
  /**
   * Paths under which an engine on this machine can read these immutable objects by itself, in
   * order: on disk their own (not looked at), else local copies, fetched where they are not held.
   * `missing_keys` names those known not to be there; their paths are "".
   */
  locate(
    keys: readonly string[],
    signal?: AbortSignal,
  ): Promise<{ uris: readonly string[]; missing_keys: readonly string[] }>;
}
