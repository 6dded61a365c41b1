// Key pairs that S3 clients sign with: the house's own, the access tokens', and vended ones.
import { createHmac, randomBytes } from "node:crypto";
import { link, open, readFile, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { LOCAL_PRINCIPAL, type Principal, type Scope } from "#kernel/call.ts";
import type { Clock } from "#kernel/clock.ts";
import { makeDurableDir, syncDir } from "#kernel/durable-dir.ts";
import { newId } from "#kernel/ids.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { S3Error } from "./s3-error.ts";

export interface KeyPair {
  readonly access_key_id: string;
  readonly secret_access_key: string;
}

export interface S3Keys {
  /**
   * Undefined: no such key. Throws `ExpiredToken` for a vended key past its time. With auth on a
   * vended key is as good as the token it was vended to: gone with it, and with its secret.
   */
  find(access_key_id: string): { secret: string; principal: Principal } | undefined;
  /** A key pair for a principal, good for `expires_ms` from now; nothing is kept of it. */
  vend(principal: Principal, expires_ms: number): KeyPair & { readonly expires_at: string };
}

export interface S3KeysNeeds {
  /** With auth on it is not a key of clients, only the root of vended ones. */
  readonly house: KeyPair;
  /** Empty: auth is off. Each is a key pair: its name and its secret. */
  readonly tokens: readonly { name: string; secret: string; scopes: readonly Scope[] }[];
  readonly clock: Clock;
}

const VENDED = "LK";
const SCOPES: readonly Scope[] = ["read", "write", "admin"];
const VENDED_MS_MAX = 7 * 24 * 3_600_000;

export function createS3Keys({ house, tokens, clock }: S3KeysNeeds): S3Keys {
  const root = house.secret_access_key;
  const known = new Map(
    tokens.map(({ name, secret, scopes }) => [name, { secret, principal: { name, scopes } }]),
  );
  const auth_is_on = tokens.length > 0;
  if (!auth_is_on) {
    known.set(house.access_key_id, { secret: root, principal: LOCAL_PRINCIPAL });
  }

  /** Undefined with auth on: no token of this name has all these scopes. */
  function secretOf(id: string, { name, scopes }: Principal): string | undefined {
    const mac = (key: string | Buffer) => createHmac("sha256", key).update(id);
    if (!auth_is_on) return mac(root).digest("base64");
    const holder = known.get(name);
    if (holder === undefined) return undefined;
    const held = holder.principal.scopes;
    if (!held.includes("admin") && !scopes.every((scope) => held.includes(scope))) return undefined;
    // The house's secret alone is not enough: while auth was off others may have come to know it.
    return mac(createHmac("sha256", root).update(holder.secret).digest()).digest("base64");
  }

  return {
    find(access_key_id) {
      const pair = known.get(access_key_id);
      if (pair !== undefined) return pair;
      const vended = readVendedId(access_key_id);
      if (vended === undefined) return undefined;
      if (clock.now() > vended.expires_s * 1000) {
        throw new S3Error("ExpiredToken", "The provided key has expired.");
      }
      // A made-up id finds a secret too, but nobody outside can know which.
      const secret = secretOf(access_key_id, vended.principal);
      return secret === undefined ? undefined : { secret, principal: vended.principal };
    },
    vend(principal, expires_ms) {
      const lasts_ms = Math.min(Math.max(expires_ms, 0), VENDED_MS_MAX);
      const expires_s = Math.floor((clock.now() + lasts_ms) / 1000);
      const access_key_id = vendedId(principal, expires_s);
      const secret_access_key = secretOf(access_key_id, principal);
      if (secret_access_key === undefined) {
        const message = `no token named "${principal.name}" has these scopes, so it gets no keys`;
        throw new LakehouseError("forbidden", message, { reason: "missing_scope" });
      }
      return {
        access_key_id,
        secret_access_key,
        expires_at: new Date(expires_s * 1000).toISOString(),
      };
    },
  };
}

/** `LK` and base64url of JSON `[name, scopes by first letter, expiry in epoch seconds]`. */
function vendedId({ name, scopes }: Principal, expires_s: number): string {
  const letters = SCOPES.filter((scope) => scopes.includes(scope)).map((scope) => scope[0]);
  const text = JSON.stringify([name, letters.join(""), expires_s]);
  return VENDED + Buffer.from(text).toString("base64url");
}

function readVendedId(id: string): { principal: Principal; expires_s: number } | undefined {
  if (!id.startsWith(VENDED) || id.length > 512) return undefined;
  try {
    const text = Buffer.from(id.slice(VENDED.length), "base64url").toString("utf8");
    const [name, letters, expires_s] = JSON.parse(text) as unknown[];
    if (typeof name !== "string" || typeof letters !== "string") return undefined;
    if (typeof expires_s !== "number") return undefined;
    const scopes = SCOPES.filter((scope) => letters.includes(scope[0]!));
    return { principal: { name, scopes }, expires_s };
  } catch {
    return undefined;
  }
}

/**
 * The house's own key pair: made on the first start, kept in a file of mode 0600. Refuses a file
 * that others can read (`invalid`, `key_file_open`) or that holds no key pair (`key_file_broken`).
 */
export async function openHouseKey(path: string): Promise<KeyPair> {
  const present = await readHouseKey(path);
  if (present !== undefined) return present;
  const made: KeyPair = {
    access_key_id: `LH${randomBytes(9).toString("hex").toUpperCase()}`,
    secret_access_key: randomBytes(30).toString("base64url"),
  };
  const staged = `${path}.${newId()}`;
  await makeDurableDir(dirname(path));
  try {
    const file = await open(staged, "wx", 0o600);
    try {
      await file.writeFile(`${JSON.stringify(made)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    // Of two that start at once, one gives the file its name and both use that one.
    await link(staged, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(staged, { force: true });
  }
  await syncDir(dirname(path));
  return (await readHouseKey(path)) ?? made;
}

async function readHouseKey(path: string): Promise<KeyPair | undefined> {
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (info === undefined) return undefined;
  if (process.platform !== "win32" && (info.mode & 0o077) !== 0) {
    throw new LakehouseError("invalid", `the key file ${path} can be read by others`, {
      reason: "key_file_open",
      hint: `chmod 600 ${path}`,
    });
  }
  try {
    const pair = JSON.parse(await readFile(path, "utf8")) as Partial<KeyPair>;
    const { access_key_id, secret_access_key } = pair;
    if (typeof access_key_id === "string" && typeof secret_access_key === "string") {
      if (access_key_id !== "" && secret_access_key.length >= 16) {
        return { access_key_id, secret_access_key };
      }
    }
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw new LakehouseError("invalid", `the key file ${path} holds no key pair`, {
    reason: "key_file_broken",
    hint: "remove it: a new one is made at the next start",
  });
}
