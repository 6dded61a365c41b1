// Downloads a file by ranges: what is there already is not fetched again.
import {
  appendFile,
  open,
  readFile,
  stat,
  truncate,
  writeFile,
  type FileHandle,
} from "node:fs/promises";
import { httpRequest, type HttpResponse } from "#kernel/http-client.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { writing } from "./disk-write.ts";
import type { PullProgress } from "./weights-pull.ts";

const REDIRECTS_MAX = 5;
const HEAD_TIMEOUT_MS = 60_000;
/** A line that brings nothing for so long is given up; the next pull goes on from there. */
const GAP_TIMEOUT_MS = 60_000;

export interface DownloadOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: PullProgress) => void;
}

/** How far a download can be trusted, for the case that the file turns out to have a wrong hash. */
export interface Downloaded {
  /** So much was there before; 0 as well where all of it was, and nothing of it can be wanted. */
  readonly before_bytes: number;
  /** Set where it is not known that the file is whole: what to say then. All of it is kept. */
  readonly doubt?: LakehouseError;
}

/** What is there of a file, and where the rest of it comes from. */
interface Part {
  readonly url: string;
  readonly path: string;
  readonly sha256: string;
  readonly had_bytes: number;
  readonly is_pinned: boolean;
}

/** Where in the file an answer starts, and the size of the whole file (NaN: not told). */
interface Extent {
  readonly from: number;
  readonly total_bytes: number;
  /** Its media type is not one of weights; some servers call weights so too. */
  readonly looks_like_page: boolean;
}

/**
 * Appends to `path` until the file is whole; what came is kept, whatever the source answers.
 * Errors: `unavailable` (source; storage_full, cannot_write), `not_found`, `cancelled`.
 */
export async function resumedDownload(
  { url, sha256 }: { readonly url: string; readonly sha256: string },
  path: string,
  options: DownloadOptions,
): Promise<Downloaded> {
  const part = { url, path, sha256, ...(await keptPart(path, sha256)) };
  const { had_bytes } = part;
  const gap = new AbortController();
  const signal = AbortSignal.any([options.signal, gap.signal]);
  const response = await followed(url, had_bytes, signal);
  try {
    if (response.status === 416) return nothingMore(part, response);
    const extent = extentOf(part, response);
    const pieces = bodyBytes(url, response, gap, options.signal);
    const done_bytes = await append(part, extent, pieces, options);
    if (done_bytes < extent.total_bytes) throw brokenOff(url, undefined, options.signal);
    if (done_bytes < had_bytes) {
      throw refusal(part, `sent ${done_bytes} bytes, ${had_bytes} are here already`);
    }
    return { before_bytes: had_bytes };
  } finally {
    leave(response);
  }
}

/** Beside the part: the hash of the file that it is a part of. */
export function pinOf(path: string): string {
  return `${path}.sha256`;
}

const CUT_BACK = "cut back";

/**
 * Of a part whose hash turned out wrong, takes away what this pull brought: the fault may be in
 * there only. False: it is in what was there before, for this was done once already.
 */
export async function cutBack(path: string, before_bytes: number): Promise<boolean> {
  const pin = await readFile(pinOf(path), "utf8").catch(() => "");
  if (before_bytes === 0 || pin.endsWith(CUT_BACK)) return false;
  await writing(path, () => truncate(path, before_bytes));
  await writing(pinOf(path), () => appendFile(pinOf(path), `\n${CUT_BACK}`));
  return true;
}

/** A part of another file is worth nothing; one without a pin, of an earlier version, is used. */
async function keptPart(
  path: string,
  sha256: string,
): Promise<Pick<Part, "had_bytes" | "is_pinned">> {
  const told = await readFile(pinOf(path), "utf8").catch(() => "");
  // A full disk may have left less than a hash.
  const pinned = /^[0-9a-f]{64}/.exec(told)?.[0];
  const is_other = pinned !== undefined && pinned !== sha256;
  const had_bytes = is_other ? 0 : ((await stat(path).catch(() => undefined))?.size ?? 0);
  return { had_bytes, is_pinned: had_bytes > 0 && pinned !== undefined };
}

/** Nothing follows what is here; whether that is the whole file, only a size that is told says. */
function nothingMore(part: Part, { headers }: HttpResponse): Downloaded {
  const { had_bytes } = part;
  // RFC 9110 §15.5.17; not every server tells it.
  const told = /^bytes \*\/(\d+)$/i.exec(headers["content-range"] ?? "")?.[1];
  const total_bytes = Number(told ?? Number.NaN);
  if (total_bytes === had_bytes) return { before_bytes: 0 };
  const size = told === undefined ? "does not tell its size" : `has ${told} bytes`;
  const said = `sends nothing beyond the ${had_bytes} bytes that are here, and ${size}`;
  const doubt = refusal(part, said);
  if (total_bytes > had_bytes) throw doubt;
  return { before_bytes: had_bytes, doubt };
}

/**
 * A server that knows no ranges sends it all again: what is here already is compared, and passed
 * over. A page in place of a range shows only in that it does not tell which range it is.
 */
function extentOf(part: Part, { status, headers }: HttpResponse): Extent {
  const { had_bytes } = part;
  const told_range = status === 206 ? headers["content-range"] : undefined;
  const looks_like_page = PAGE.test(headers["content-type"] ?? "");
  if (status === 206 && told_range === undefined && looks_like_page) throw refusal(part, IS_PAGE);
  // RFC 9110 §14.4; one who leaves it out sends what was asked for.
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/i.exec(told_range ?? "") ?? [];
  const from = told_range === undefined ? (status === 206 ? had_bytes : 0) : Number(start);
  if (!(from <= had_bytes)) {
    throw refusal(part, `sent ${told_range}, asked for was what follows ${had_bytes} bytes`);
  }
  const told = Number(total);
  const length = Number(headers["content-length"] ?? Number.NaN);
  return { from, total_bytes: Number.isNaN(told) ? from + length : told, looks_like_page };
}

/** Media types of pages, errors, and answers of several ranges, which nobody asked for. */
const PAGE = /^(text\/|multipart\/|application\/([\w.-]+\+)?json\b)/i;
const IS_PAGE = "answered with a page, not with the file";
const IS_OTHER = "sent something else than what is here of the file";

/** Answers how far into the file the pieces came. */
async function append(
  part: Part,
  { from, total_bytes, looks_like_page }: Extent,
  pieces: AsyncIterable<Uint8Array>,
  { onProgress }: DownloadOptions,
): Promise<number> {
  const { url, path, sha256, had_bytes, is_pinned } = part;
  const file = await writing(path, () => open(path, had_bytes === 0 ? "w" : "a+"));
  let done_bytes = from;
  try {
    if (!is_pinned) await writing(path, () => writeFile(pinOf(path), sha256));
    for await (const bytes of pieces) {
      const again = bytes.subarray(0, Math.max(0, had_bytes - done_bytes));
      if (!(await writing(path, () => isThere(file, again, done_bytes)))) {
        throw refusal(part, looks_like_page ? IS_PAGE : IS_OTHER);
      }
      const fresh = bytes.subarray(again.length);
      if (fresh.length > 0) await writing(path, () => file.writeFile(fresh));
      done_bytes += bytes.length;
      onProgress({ step: "fetching", detail: url, done_bytes, total_bytes });
    }
  } finally {
    await writing(path, () => syncAndClose(file));
  }
  return done_bytes;
}

async function isThere(file: FileHandle, bytes: Uint8Array, at: number): Promise<boolean> {
  if (bytes.length === 0) return true;
  const here = Buffer.alloc(bytes.length);
  await file.read(here, 0, here.length, at);
  return here.equals(bytes);
}

async function syncAndClose(file: FileHandle): Promise<void> {
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Troubles of the line end in here; only the waiting for it is timed, for a disk may be slow. */
async function* bodyBytes(
  url: string,
  { body }: HttpResponse,
  gap: AbortController,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const giveUp = () => gap.abort();
  let timer = setTimeout(giveUp, GAP_TIMEOUT_MS);
  try {
    for await (const bytes of body) {
      clearTimeout(timer);
      yield bytes;
      timer = setTimeout(giveUp, GAP_TIMEOUT_MS);
    }
  } catch (cause) {
    throw brokenOff(url, cause, signal);
  } finally {
    clearTimeout(timer);
  }
}

async function followed(
  url: string,
  had_bytes: number,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const headers: Record<string, string> = had_bytes > 0 ? { range: `bytes=${had_bytes}-` } : {};
  let address = url;
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
    const timeout_ms = HEAD_TIMEOUT_MS;
    const response = await httpRequest({
      method: "GET",
      url: address,
      headers,
      signal,
      timeout_ms,
    });
    const { status } = response;
    if (status === 200 || status === 206 || (status === 416 && had_bytes > 0)) return response;
    leave(response);
    const { location } = response.headers;
    if (status >= 300 && status < 400 && location !== undefined) {
      address = redirected(address, location);
      continue;
    }
    const code = status === 404 || status === 401 || status === 403 ? "not_found" : "unavailable";
    throw new LakehouseError(code, `${address} answered ${status}`);
  }
  throw new LakehouseError("unavailable", `${url} leads on and on`);
}

function redirected(address: string, location: string): string {
  const next = URL.parse(location, address);
  if (next !== null && /^https?:$/.test(next.protocol)) return next.href;
  const said = `${address} redirects to what is not http(s): ${location}`;
  throw new LakehouseError("unavailable", said);
}

/** Its body is given up and not waited for: it may never come. */
function leave({ body }: HttpResponse): void {
  void body[Symbol.asyncIterator]()
    .return?.()
    .catch(() => undefined);
}

/** An answer that is not taken. A part that is too long or wrong is met again by each pull. */
function refusal({ url, path }: Part, said: string): LakehouseError {
  return new LakehouseError("unavailable", `${url} ${said}`, {
    hint: `what came before is kept: pull again; if this stays so, take ${path} away`,
  });
}

function brokenOff(url: string, cause: unknown, signal: AbortSignal): LakehouseError {
  if (signal.aborted) return new LakehouseError("cancelled", "the pull was cancelled", { cause });
  return new LakehouseError("unavailable", `${url} broke off`, {
    hint: "what came is kept: pull again to go on from there",
    cause,
  });
}
