// Key pairs: the house's file, tokens, vended keys and their limits.
import assert from "node:assert/strict";
import { chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fixedClock } from "#kernel/clock.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { S3Error } from "./s3-error.ts";
import { createS3Keys, openHouseKey } from "./s3-keys.ts";

const house = { access_key_id: "LHHOUSE", secret_access_key: "house-secret-0123456789" };
const tokens = [{ name: "reader", secret: "reader-secret-0123456", scopes: ["read" as const] }];

test("the house key is made once, also by two that start at once, and only its owner reads it", async (t) => {
  const path = join(await tempDir(t), "secrets", "s3.json");
  const made = await Promise.all([openHouseKey(path), openHouseKey(path), openHouseKey(path)]);
  const again = await openHouseKey(path);
  for (const one of made) assert.deepEqual(one, again);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(join(path, "..")), ["s3.json"]);
  assert.ok((await readFile(path, "utf8")).includes(again.access_key_id));
});

test("a key file that others can read, or that holds none, is refused with what to do", async (t) => {
  const path = join(await tempDir(t), "s3.json");
  await openHouseKey(path);
  await chmod(path, 0o644);
  await assert.rejects(openHouseKey(path), (error) => {
    return error instanceof LakehouseError && error.reason === "key_file_open";
  });
  const broken = join(await tempDir(t), "s3.json");
  await writeFile(broken, "{", { mode: 0o600 });
  await assert.rejects(openHouseKey(broken), (error) => {
    return error instanceof LakehouseError && error.reason === "key_file_broken";
  });
});

test("with auth off the house key is the owner's; with auth on the tokens are keys instead", () => {
  const clock = fixedClock(1_000_000);
  const off = createS3Keys({ house, tokens: [], clock });
  assert.deepEqual(off.find("LHHOUSE")?.principal.scopes, ["read", "write", "admin"]);
  const on = createS3Keys({ house, tokens, clock });
  assert.equal(on.find("LHHOUSE"), undefined);
  assert.deepEqual(on.find("reader")?.principal, { name: "reader", scopes: ["read"] });
  assert.equal(on.find("nobody"), undefined);
});

test("a vended key is found by whoever has the house key, until it expires", () => {
  const clock = fixedClock(1_000_000);
  const tokens = [
    { name: "spark", secret: "spark-secret-0123456", scopes: ["read" as const, "write" as const] },
  ];
  const keys = createS3Keys({ house, tokens, clock });
  const principal = { name: "spark", scopes: ["read" as const, "write" as const] };
  const vended = keys.vend(principal, 60_000);
  assert.ok(vended.access_key_id.length <= 128);
  assert.match(vended.access_key_id, /^LK[A-Za-z0-9_-]+$/);
  assert.equal(vended.expires_at, new Date(1_060_000).toISOString());
  const elsewhere = createS3Keys({ house, tokens, clock });
  const found = elsewhere.find(vended.access_key_id);
  assert.deepEqual(found?.principal, principal);
  assert.equal(found?.secret, vended.secret_access_key);
  clock.advance(60_001);
  assert.throws(() => keys.find(vended.access_key_id), S3Error);
});

test("a vended key of more scopes or another time has another secret", () => {
  const keys = createS3Keys({ house, tokens, clock: fixedClock(1_000_000) });
  const vended = keys.vend({ name: "reader", scopes: ["read"] }, 60_000);
  const text = Buffer.from(vended.access_key_id.slice(2), "base64url").toString();
  const forged = `LK${Buffer.from(text.replace('"r"', '"rwa"')).toString("base64url")}`;
  assert.notEqual(forged, vended.access_key_id);
  assert.notEqual(keys.find(forged)?.secret, vended.secret_access_key);
  for (const id of ["LK", "LKnonsense", `LK${"A".repeat(600)}`]) {
    assert.equal(keys.find(id), undefined);
  }
});

test("a vended key is gone with its token, with its token's secret and with scopes it lost", () => {
  const clock = fixedClock(1_000_000);
  const spark = { name: "spark", secret: "spark-secret-0123456" };
  const both = ["read" as const, "write" as const];
  const keysOf = (...now: { name: string; secret: string; scopes: ("read" | "write")[] }[]) =>
    createS3Keys({ house, tokens: [...tokens, ...now], clock });
  const vended = keysOf({ ...spark, scopes: both }).vend({ name: "spark", scopes: both }, 60_000);
  const id = vended.access_key_id;
  assert.equal(keysOf({ ...spark, scopes: both }).find(id)?.secret, vended.secret_access_key);
  assert.equal(keysOf().find(id), undefined);
  assert.equal(keysOf({ ...spark, scopes: ["read"] }).find(id), undefined);
  const changed = keysOf({ ...spark, secret: "another-secret-0123456", scopes: both }).find(id);
  assert.notEqual(changed?.secret, vended.secret_access_key);
});

test("what was vended, or known of the house key, while auth was off opens nothing once it is on", () => {
  const clock = fixedClock(1_000_000);
  const off = createS3Keys({ house, tokens: [], clock });
  const on = createS3Keys({ house, tokens, clock });
  const owners = off.vend({ name: "local", scopes: ["read", "write", "admin"] }, 60_000);
  assert.ok(off.find(owners.access_key_id));
  assert.equal(on.find(owners.access_key_id), undefined);
  // Whoever has the house's secret can make keys for any name while auth is off.
  const made = off.vend({ name: "reader", scopes: ["read"] }, 60_000);
  assert.notEqual(on.find(made.access_key_id)?.secret, made.secret_access_key);
  const more = off.vend({ name: "reader", scopes: ["read", "write"] }, 60_000);
  assert.equal(on.find(more.access_key_id), undefined);
});
