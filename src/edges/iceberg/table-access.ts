// Credentials vending in its simplest form: clients get keys of this server's own S3 door.
import type { Principal } from "#kernel/call.ts";
import type { TableIdentifier } from "./iceberg-names.ts";
import type { Asked } from "./iceberg-route.ts";

/** A pair of S3 keys; they may end by themselves. */
export interface StorageKeys {
  readonly access_key_id: string;
  readonly secret_access_key: string;
}

/** Keys for one who asks, that are good for so long from now. */
export type Vend = (principal: Principal, expires_ms: number) => StorageKeys;

/**
 * Keys end at the second next noon or midnight UTC: they last for half a day at least, and an
 * answer with keys stays the same for as long, so that clients may hold it.
 */
const KEY_PERIOD_MS = 12 * 3_600_000;

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
export function tableAccess(asked: Asked, table: TableIdentifier): TableAccess {
  const { vend, clock } = asked.needs;
  if (vend === undefined || !wantsKeys(asked)) return { config: {}, credentials: [], version: "" };
  const period = Math.floor(clock.now() / KEY_PERIOD_MS);
  const ends_ms = (period + 2) * KEY_PERIOD_MS;
  const { principal } = asked.call;
  const keys = vend(principal, ends_ms - clock.now());
  const config = {
    ...doorConfig(asked),
    "s3.access-key-id": keys.access_key_id,
    "s3.secret-access-key": keys.secret_access_key,
    // The door needs none, but clients take keys that end for such a pair only with a token.
    "s3.session-token": keys.access_key_id,
    "s3.session-token-expires-at-ms": String(ends_ms),
    "client.refresh-credentials-endpoint": credentialsUrl(asked.url, table),
  };
  // Every bucket of the door, so every table: the longest prefix of a location wins.
  const credentials = [{ prefix: "s3://", config }];
  return { config, credentials, version: `${principal.name} ${period}` };
}

/** Where clients get the next keys, before theirs end. */
function credentialsUrl(url: URL, { namespace, name }: TableIdentifier): string {
  const levels = namespace.map(encodeURIComponent).join("%1F");
  const path = `/iceberg/v1/namespaces/${levels}/tables/${encodeURIComponent(name)}/credentials`;
  return url.origin + path;
}

export interface TableAccess {
  readonly config: Readonly<Record<string, string>>;
  readonly credentials: readonly { prefix: string; config: Readonly<Record<string, string>> }[];
  /** Changes with the keys: an answer held by a client is stale when they are others. */
  readonly version: string;
}
