// Credentials vending in its simplest form: clients get keys of this server's own S3 door.
import type { Asked } from "./iceberg-route.ts";

/** A pair of S3 keys, perhaps of a session that ends. */
export interface StorageKeys {
  readonly access_key_id: string;
  readonly secret_access_key: string;
  readonly session_token?: string | undefined;
  readonly expires_at_ms?: number | undefined;
}

const REGION = "us-east-1";

/** Where the S3 door is and how it is spoken to: nothing secret. */
export function doorConfig(asked: Asked): Record<string, string> {
  return {
    "s3.endpoint": asked.needs.door_url?.(asked.url) ?? asked.url.origin,
    "s3.path-style-access": "true",
    "s3.region": REGION,
    "client.region": REGION,
  };
}

/** `X-Iceberg-Access-Delegation` names ways, the first that the server knows is taken. */
export function wantsKeys(asked: Asked): boolean {
  const ways = asked.request.headers.get("x-iceberg-access-delegation") ?? "";
  return ways.split(",").some((way) => way.trim() === "vended-credentials");
}

/**
 * What a table's answer says of access: `config` for every client, `storage-credentials` for those
 * that know the newer form. Keys are given only to those who ask for them: who does not has keys
 * of its own, which ours would displace, and secrets do not belong in answers nobody needs them in.
 */
export async function tableAccess(asked: Asked): Promise<TableAccess> {
  const keys = wantsKeys(asked) ? await asked.needs.vend?.(asked.call.principal) : undefined;
  if (keys === undefined) return { config: {}, credentials: [], version: "" };
  const config = { ...doorConfig(asked), ...keysConfig(keys) };
  // Every bucket of the door, so every table: the longest prefix of a location wins.
  const credentials = [{ prefix: "s3://", config }];
  return { config, credentials, version: `${keys.access_key_id} ${keys.expires_at_ms ?? ""}` };
}

export interface TableAccess {
  readonly config: Readonly<Record<string, string>>;
  readonly credentials: readonly { prefix: string; config: Readonly<Record<string, string>> }[];
  /** Changes with the keys: an answer held by a client is stale when they are others. */
  readonly version: string;
}

function keysConfig(keys: StorageKeys): Record<string, string> {
  const config: Record<string, string> = {
    "s3.access-key-id": keys.access_key_id,
    "s3.secret-access-key": keys.secret_access_key,
  };
  if (keys.session_token !== undefined) config["s3.session-token"] = keys.session_token;
  if (keys.expires_at_ms !== undefined) {
    config["s3.session-token-expires-at-ms"] = String(keys.expires_at_ms);
  }
  return config;
}
