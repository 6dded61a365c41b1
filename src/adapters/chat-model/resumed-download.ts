// Downloads a file by ranges: what is there already is not fetched again.
import { open, stat, type FileHandle } from "node:fs/promises";
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
 * Appends to `path` until the file is whole. Errors: `unavailable` (source; storage_full,
 * cannot_write), `not_found`, `cancelled`.
 */
export async function resumedDownload(
  url: string,
  path: string,
  options: DownloadOptions,
): Promise<void> {
  const had_bytes = (await stat(path).catch(() => undefined))?.size ?? 0;
  const gap = new AbortController();
  const signal = AbortSignal.any([options.signal, gap.signal]);
  const response = await followed(url, had_bytes, signal);
  const { status, headers } = response;
  if (status === 416) {
    // Nothing is left to fetch; the hash tells whether that is so.
    await drain(response);
    return;
  }
  // A server that knows no ranges sends it all again.
  const from = status === 206 ? had_bytes : 0;
  const total_bytes = from + Number(headers["content-length"] ?? Number.NaN);
  const file = await writing(path, () => open(path, from === 0 ? "w" : "a"));
  let done_bytes = from;
  try {
    for await (const bytes of bodyBytes(url, response, gap, options.signal)) {
      await writing(path, () => file.writeFile(bytes));
      done_bytes += bytes.length;
      options.onProgress({ step: "fetching", detail: url, done_bytes, total_bytes });
    }
  } finally {
    await writing(path, () => syncAndClose(file));
  }
  if (done_bytes < total_bytes) throw brokenOff(url, undefined, options.signal);
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
    if (status === 200 || status === 206 || status === 416) return response;
    await drain(response);
    const { location } = response.headers;
    if (status >= 300 && status < 400 && location !== undefined) {
      address = new URL(location, address).href;
      continue;
    }
    const code = status === 404 || status === 401 || status === 403 ? "not_found" : "unavailable";
    throw new LakehouseError(code, `${address} answered ${status}`);
  }
  throw new LakehouseError("unavailable", `${url} leads on and on`);
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
