// Port: a place for immutable-ish bytes by key. Adapters: local disk (issue B adds S3).
import type { ByteStream } from "#kernel/contract.ts";

export interface StoredObject {
  readonly key: string;
  readonly size_bytes: number;
  /** Opaque version of the content, in double quotes as HTTP writes it. */
  readonly etag: string;
  readonly modified_at: string;
  readonly content_type: string;
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
  remove(key: string): Promise<boolean>;
  /** Keys in byte order. */
  list(options: ListOptions): Promise<ListPage>;
  /** A path under which a large result may be written before `adopt` gives it a key. */
  stage(): Promise<string>;
  /** Makes a staged file the object `key` without copying it; durable when it resolves. */
  adopt(key: string, staged_path: string, conditions?: PutConditions): Promise<StoredObject>;
  /** A path or URI under which an engine can read the object by itself. */
  locate(key: string): string;
}
