// The key pair that S3 clients sign with as the owner of the house.
import { join } from "node:path";
import { openHouseKey, type KeyPair } from "#edges/s3/s3-keys.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { resolveSecret, type HouseSettings } from "./settings.ts";

/** The key pair of the settings, that several processes share, or the data folder's own. */
export async function houseKey(
  settings: HouseSettings,
  data_dir: string,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<KeyPair> {
  const { access_key, secret_key } = settings.s3;
  if (secret_key === "") return openHouseKey(join(data_dir, "s3", "house-key.json"));
  const secret_access_key = await resolveSecret(secret_key, variables);
  if (secret_access_key.length < 16) {
    const message = `s3.secret_key: ${secret_key} is missing or shorter than 16`;
    throw new LakehouseError("invalid", message, { reason: "bad_settings" });
  }
  return { access_key_id: access_key, secret_access_key };
}
