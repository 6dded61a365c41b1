// How large an object may be: by the longest prefix of its key that has a cap.
import { LakehouseError } from "#kernel/problem.ts";
import type { StorageSettings } from "./storage-settings.ts";

/** Largest size in bytes of an object of this key: the cap of the longest prefix that fits. */
export function capOf(settings: StorageSettings, key: string): number {
  let cap = settings.object_bytes_max;
  let longest = -1;
  for (const [prefix, bytes] of Object.entries(settings.caps)) {
    if (!key.startsWith(prefix) || prefix.length <= longest) continue;
    longest = prefix.length;
    cap = bytes;
  }
  return cap;
}

export function overCap(key: string, bytes_max: number): LakehouseError {
  return new LakehouseError("too_large", `${key} may have at most ${bytes_max} bytes`, {
    reason: "over_prefix_cap",
    hint: "raise storage.caps for this prefix",
    extra: { bytes_max },
  });
}

/** The work, whose own `too_large` is told as the cap of the key's prefix. */
export async function underCap<T>(key: string, bytes_max: number, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof LakehouseError) || error.code !== "too_large") throw error;
    throw overCap(key, bytes_max);
  }
}
