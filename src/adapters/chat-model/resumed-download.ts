// Downloads a file by ranges: what is there already is not fetched again.
import { open, readFile, stat, writeFile, type FileHandle } from "node:fs/promises";
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

/**
 * Appends to `path` until the file is whole; what came is kept, whatever the source answers.
 * Errors: `unavailable` (source; storage_full, cannot_write), `not_found`, `cancelled`.
 */
export async function resumedDownload(
  { url, sha256 }: { readonly url: string; readonly sha256: string },
  path: string,
  options: DownloadOptions,
): Promise<void> {
  const had_bytes = await keptBytes(path, sha256);
  const gap = new AbortController();
  const signal = AbortSignal.any([options.signal, gap.signal]);
  const response = await followed(url, had_bytes, signal);
  if (response.status === 416) {
    // Nothing is left to fetch; the hash tells whether that is so.
    await drain(response);
    return;
  }
  const { from, total_bytes } = await extentOf(url, response, had_bytes);
  const file = await writing(path, () => open(path, had_bytes === 0 ? "w" : "a"));
  let done_bytes = from;
  try {
    if (had_bytes === 0) await writing(path, () => writeFile(pinOf(path), sha256));
    for await (const bytes of bodyBytes(url, response, gap, options.signal)) {
      const fresh = bytes.subarray(Math.max(0, had_bytes - done_bytes));
      if (fresh.length > 0) await writing(path, () => file.writeFile(fresh));
      done_bytes += bytes.length;
      options.onProgress({ step: "fetching", detail: url, done_bytes, total_bytes });
    }
  } finally {
    await writing(path, () => syncAndClose(file));
  }
  if (done_bytes < total_bytes) throw brokenOff(url, undefined, options.signal);
  if (done_bytes < had_bytes) {
    const said = `${url} sent ${done_bytes} bytes, ${had_bytes} are here already`;
    throw new LakehouseError("unavailable", said, {
      hint: `pull again; if that is the whole file, take ${path} away before`,
    });
  }
}

/** Beside the part: the hash of the file that it is a part of. */
export function pinOf(path: string): string {
  return `${path}.sha256`;
}

/** A part of another file is worth nothing; one without a pin, of an earlier version, is used. */
async function keptBytes(path: string, sha256: string): Promise<number> {
  const pinned = await readFile(pinOf(path), "utf8").catch(() => sha256);
  return pinned === sha256 ? ((await stat(path).catch(() => undefined))?.size ?? 0) : 0;
}

/**
 * Where in the file the answer starts, and the size of the whole file (NaN: not told). A server
 * that knows no ranges sends it all again: what is here already is passed over, not overwritten.
 */
async function extentOf(
  url: string,
  response: HttpResponse,
  had_bytes: number,
): Promise<{ readonly from: number; readonly total_bytes: number }> {
  const { status, headers } = response;
  const refuse = async (said: string) => {
    await drain(response);
    return new LakehouseError("unavailable", said, {
      hint: "what came before is kept: pull again",
    });
  };
  if (status === 200 && had_bytes > 0 && /^text\/html\b/i.test(headers["content-type"] ?? "")) {
    throw await refuse(`${url} answered with a page, not with the file`);
  }
  // RFC 9110 §14.4; one who leaves it out sends what was asked for.
  const range = status === 206 ? headers["content-range"] : undefined;
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/i.exec(range ?? "") ?? [];
  const from = range === undefined ? (status === 206 ? had_bytes : 0) : Number(start);
  if (!(from <= had_bytes)) {
    throw await refuse(`${url} sent ${range}, asked for was what follows ${had_bytes} bytes`);
  }
  const told = Number(total);
  const length = Number(headers["content-length"] ?? Number.NaN);
  return { from, total_bytes: Number.isNaN(told) ? from + length : told };
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
    await drain(response);
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

async function drain(response: HttpResponse): Promise<void> {
  for await (const _ of response.body) break;
}

function brokenOff(url: string, cause: unknown, signal: AbortSignal): LakehouseError {
  if (signal.aborted) return new LakehouseError("cancelled", "the pull was cancelled", { cause });
  return new LakehouseError("unavailable", `${url} broke off`, {
    hint: "what came is kept: pull again to go on from there",
    cause,
  });
}
