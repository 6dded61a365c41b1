// Virtual keys on disk and in memory: each change is a line of keys.jsonl, the last one counts.
import { timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import type { Principal } from "#kernel/call.ts";
import type { Clock } from "#kernel/clock.ts";
import { isoTime } from "#kernel/clock.ts";
import { openJsonlLog, type JsonlLog } from "#kernel/jsonl-log.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { claimedKey, hasHash, newKeyId, newSecret, secretHash } from "./key-secret.ts";
import { namePatterns } from "./name-pattern.ts";
import {
  damagedKeys,
  faultOfChange,
  type FormerSecret,
  type KeyChange,
  type StoredKey,
} from "./stored-key.ts";

export type NewKey = Omit<
  StoredKey,
  "key_id" | "created_at" | "rotated_at" | "sha256" | "former" | "older"
>;

export interface LiveKey extends StoredKey {
  readonly allows: (full_name: string) => boolean;
}

export interface VirtualKeys {
  get(key_id: string): LiveKey | undefined;
  list(): readonly LiveKey[];
  /** Durable when they answer. */
  create(fields: NewKey): Promise<{ key: LiveKey; secret: string }>;
  rotate(key_id: string, grace_s: number): Promise<{ key: LiveKey; secret: string }>;
  remove(key_id: string): Promise<void>;
  /**
   * Whose secret this is; undefined when it is none of a virtual key. Throws `unauthenticated`
   * (unknown_key, key_expired) when it looks like one and is not good.
   */
  holderOf(secret: string): Principal | undefined;
  close(): Promise<void>;
}

/** Throws `unavailable` (damaged_keys) when a line cannot be read; the file stays as it is. */
export async function openVirtualKeys(dir: string, clock: Clock, log: Log): Promise<VirtualKeys> {
  const path = join(dir, "keys.jsonl");
  const file = await openJsonlLog<KeyChange>(path, {
    onCorrupt({ line, message }) {
      throw damagedKeys(path, line, message);
    },
  });
  if (file.repaired_bytes > 0) {
    log.warn({ path, bytes: file.repaired_bytes }, "torn line of the keys set aside");
  }
  const keys = await readKeys(file).catch(async (error: unknown) => {
    await file.close();
    throw error;
  });
  // Changes stand in line, so that what is read by one is what the one before has written.
  let line: Promise<unknown> = Promise.resolve();
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = line.then(work);
    line = turn.catch(() => undefined);
    return turn;
  }

  /** What was proven last for each key, in memory only: the next time no hash is made. */
  const proven = new Map<string, { readonly sha256: string; readonly secret: Buffer }>();

  function isGood(secret: string, key: LiveKey): boolean {
    const given = Buffer.from(secret);
    const known = proven.get(key.key_id);
    if (known?.sha256 === key.sha256 && known.secret.length === given.length) {
      if (timingSafeEqual(known.secret, given)) return true;
    }
    if (!hasHash(secret, goodHashes(key, clock))) return false;
    // The former secret of a rotated key is good for a while only, and is always hashed.
    const is_current = hasHash(secret, [key.sha256]);
    if (is_current) proven.set(key.key_id, { sha256: key.sha256, secret: given });
    return true;
  }

  async function put(key: StoredKey): Promise<LiveKey> {
    await file.append({ op: "put", key });
    const made = live(key);
    keys.set(key.key_id, made);
    return made;
  }

  return {
    get: (key_id) => keys.get(key_id),
    list: () => [...keys.values()],
    create: (fields) =>
      inTurn(async () => {
        if ([...keys.values()].some(({ name }) => name === fields.name)) throw keyExists(fields);
        const key_id = newKeyId();
        const secret = newSecret(key_id);
        const made = { created_at: isoTime(clock), rotated_at: null, former: null };
        const key = await put({ key_id, ...fields, ...made, sha256: secretHash(secret) });
        return { key, secret };
      }),
    rotate: (key_id, grace_s) =>
      inTurn(async () => {
        const { allows: _allows, ...key } = known(keys, key_id);
        const secret = newSecret(key_id);
        const until = new Date(clock.now() + grace_s * 1000).toISOString();
        // Without grace all former secrets end: one of them may be in the wrong hands.
        const former = grace_s === 0 ? null : { sha256: key.sha256, until };
        const older = former === null ? [] : formerSecrets(key, clock);
        const changed = { sha256: secretHash(secret), former, older, rotated_at: isoTime(clock) };
        return { key: await put({ ...key, ...changed }), secret };
      }),
    remove: (key_id) =>
      inTurn(async () => {
        known(keys, key_id);
        await file.append({ op: "remove", key_id });
        keys.delete(key_id);
        proven.delete(key_id);
      }),
    holderOf(secret) {
      const key_id = claimedKey(secret);
      if (key_id === undefined) return undefined;
      const key = keys.get(key_id);
      if (key === undefined || !isGood(secret, key)) throw unknownKey();
      checkExpiry(key, clock.now());
      return { name: key.name, scopes: key.scopes, key_id, models_only: key.models_only };
    },
    async close() {
      await line;
      await file.close();
    },
  };
}

async function readKeys(file: JsonlLog<KeyChange>): Promise<Map<string, LiveKey>> {
  const keys = new Map<string, LiveKey>();
  for await (const { row, line } of file.read()) {
    const fault = faultOfChange(row);
    if (fault !== undefined) throw damagedKeys(file.path, line, fault);
    if (row.op === "put") keys.set(row.key.key_id, live(row.key));
    // Only a key that is there is ever deleted.
    else if (!keys.delete(row.key_id)) throw damagedKeys(file.path, line, "there is no such key");
  }
  return keys;
}

function live(key: StoredKey): LiveKey {
  return { ...key, allows: namePatterns(key.models) };
}

function goodHashes(key: StoredKey, clock: Clock): string[] {
  return [key.sha256, ...formerSecrets(key, clock).map(({ sha256 }) => sha256)];
}

/** Those that are good still. */
function formerSecrets({ former, older = [] }: StoredKey, clock: Clock): FormerSecret[] {
  const all = former === null ? older : [former, ...older];
  return all.filter(({ until }) => Date.parse(until) > clock.now());
}

/** Throws `unauthenticated` (key_expired). */
export function checkExpiry(key: StoredKey, now_ms: number): void {
  if (key.expires_at === null || Date.parse(key.expires_at) > now_ms) return;
  throw new LakehouseError("unauthenticated", `key "${key.name}" expired at ${key.expires_at}`, {
    reason: "key_expired",
    hint: "ask for a new key",
  });
}

export function unknownKey(): LakehouseError {
  const options = { reason: "unknown_key", hint: "it was deleted, or its secret was rotated" };
  return new LakehouseError("unauthenticated", "the key is not known", options);
}

function known(keys: ReadonlyMap<string, LiveKey>, key_id: string): LiveKey {
  const key = keys.get(key_id);
  if (key !== undefined) return key;
  throw new LakehouseError("not_found", `there is no key ${key_id}`, {
    reason: "no_such_key",
    hint: "GET /v1/keys lists them",
  });
}

function keyExists({ name }: NewKey): LakehouseError {
  return new LakehouseError("conflict", `there is a key "${name}" already`, {
    reason: "key_exists",
    hint: "rotate or delete it, or take another name",
  });
}
