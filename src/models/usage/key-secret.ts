// Secrets of virtual keys: made at random, shown once, kept as sha256, compared in constant time.
import { hash, randomBytes, timingSafeEqual } from "node:crypto";

/** What every secret begins with: scanners of leaked secrets and our own door know it by this. */
const PREFIX = "lhk_";
const KEY_ID = /^[0-9a-f]{16}$/;

export function newKeyId(): string {
  return randomBytes(8).toString("hex");
}

/** `lhk_<key_id>_<43 random characters>`: the id finds the key, the rest (256 bits) proves it. */
export function newSecret(key_id: string): string {
  return `${PREFIX}${key_id}_${randomBytes(32).toString("base64url")}`;
}

/** The key that a bearer token claims to be; undefined when it is no secret of ours. */
export function claimedKey(secret: string): string | undefined {
  if (!secret.startsWith(PREFIX)) return undefined;
  const key_id = secret.slice(PREFIX.length, PREFIX.length + 16);
  return KEY_ID.test(key_id) ? key_id : "";
}

export function secretHash(secret: string): string {
  return hash("sha256", secret, "hex");
}

/** Whether the secret has one of these hashes; each is compared in whole. */
export function hasHash(secret: string, hashes: readonly string[]): boolean {
  const given = hash("sha256", secret, "buffer");
  return hashes.filter((one) => timingSafeEqual(Buffer.from(one, "hex"), given)).length > 0;
}
