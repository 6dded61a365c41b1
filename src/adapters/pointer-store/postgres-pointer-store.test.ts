// The PostgreSQL store under the suite of its port, on a real server that is killed and comes back.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import postgres from "postgres";
import { pointerStoreSuite } from "#ports/pointer-store.suite.ts";
import { failsWith } from "#ports/object-store.suite.ts";
import { startPostgres, type PostgresServer } from "../../../test/support/postgres-server.ts";
import { standsKilledWriters } from "./killed-writers.suite.ts";
import { readPostgresAddress } from "./postgres-address.ts";
import { createPostgresPointerStore } from "./postgres-pointer-store.ts";

const shared: { starting?: Promise<PostgresServer>; schemas: number } = { schemas: 0 };

after(async () => (await shared.starting)?.stop());

/** A server that everybody here uses, and a schema of one's own. */
async function fresh() {
  const server = await (shared.starting ??= startPostgres());
  return { server, options: { url: server.url, schema: `Odd "schema" ${++shared.schemas}` } };
}

pointerStoreSuite("postgres pointer store", async () =>
  createPostgresPointerStore((await fresh()).options),
);

test("processes that open an empty database at once all succeed", async () => {
  const { options } = await fresh();
  const opened = await Promise.all(
    Array.from({ length: 6 }, () => createPostgresPointerStore(options)),
  );
  const made = await Promise.all(opened.map((store, at) => store.swap("s", "a", 0, at)));
  assert.equal(made.filter((one) => one !== undefined).length, 1);
  await Promise.all(opened.map((store) => store.close()));
});

test("a killed client loses nothing that it said is written", async (t) => {
  const { options } = await fresh();
  const store = await createPostgresPointerStore(options);
  t.after(() => store.close());
  await standsKilledWriters(store, {
    module: new URL("./postgres-pointer-store.ts", import.meta.url).href,
    maker: "createPostgresPointerStore",
    options,
  });
});

test("a server that is away is unavailable by place, and used again when it is back", async (t) => {
  const { server, options } = await fresh();
  const store = await createPostgresPointerStore({ ...options, timeout_ms: 2000 });
  t.after(() => store.close());
  for (let version = 0; version < 5; version++) await store.swap("s", "a", version, version);
  await server.kill();
  for (const call of [
    () => store.get("s", "a"),
    () => store.swap("s", "a", 5, 5),
    () => store.swapAll([]),
  ]) {
    await assert.rejects(call(), (error: Error) => {
      failsWith("unavailable", "pointers_unreachable")(error);
      assert.ok(error.message.includes(server.place), error.message);
      assert.ok(!JSON.stringify([error.message, error.stack]).includes(server.password));
      return true;
    });
  }
  await server.start();
  // What was acknowledged before the crash of the server is there.
  assert.deepEqual(await store.get("s", "a"), { name: "a", version: 5, value: 4 });
  assert.equal((await store.swap("s", "a", 5, 5))?.version, 6);
});

test("a record that is locked for too long is unavailable, not a hang", async (t) => {
  const { server, options } = await fresh();
  const store = await createPostgresPointerStore({ ...options, timeout_ms: 300 });
  const other = postgres(server.url, { max: 1, fetch_types: false });
  t.after(() => Promise.all([store.close(), other.end()]));
  await store.swap("s", "a", 0, 1);
  await other.begin(async (sql) => {
    await sql`SELECT 1 FROM ${sql(`${options.schema}.lakehouse_pointers`)} FOR UPDATE`;
    await assert.rejects(store.swap("s", "a", 1, 2), failsWith("unavailable", "pointers_busy"));
  });
  assert.equal((await store.swap("s", "a", 1, 2))?.version, 2);
});

test("transactions that the server undoes are tried again", async (t) => {
  const { server, options } = await fresh();
  const serializable = postgres(server.url, { max: 1, fetch_types: false });
  t.after(() => serializable.end());
  await serializable`ALTER ROLE tester SET default_transaction_isolation = 'serializable'`;
  const store = await createPostgresPointerStore(options);
  t.after(() => store.close());
  try {
    await store.swap("s", "n", 0, 0);
    const raise = async (): Promise<void> => {
      for (;;) {
        const now = (await store.get("s", "n"))!;
        if (await store.swap("s", "n", now.version, (now.value as number) + 1)) return;
      }
    };
    await Promise.all(Array.from({ length: 8 }, raise));
    assert.equal((await store.get("s", "n"))?.value, 8);
  } finally {
    await serializable`ALTER ROLE tester RESET default_transaction_isolation`;
  }
});

test("a table of a newer version and a server that does not sync are refused", async (t) => {
  const { server, options } = await fresh();
  await (await createPostgresPointerStore(options)).close();
  const admin = postgres(server.url, { max: 1, fetch_types: false });
  t.after(() => admin.end());
  const table = `"${options.schema.replaceAll('"', '""')}".lakehouse_pointers`;
  await admin.unsafe(`COMMENT ON TABLE ${table} IS 'lakehouse pointers, version 99'`);
  await assert.rejects(createPostgresPointerStore(options), failsWith("unavailable"));
  await admin`ALTER ROLE tester SET synchronous_commit = 'off'`;
  try {
    const refused = failsWith("unavailable", "pointers_not_durable");
    await assert.rejects(createPostgresPointerStore((await fresh()).options), refused);
  } finally {
    await admin`ALTER ROLE tester RESET synchronous_commit`;
  }
});

test("a wrong password and a wrong URL are refused without saying the password", async () => {
  const { server, options } = await fresh();
  const url = server.url.replace(server.password, "guessed-wrong");
  await assert.rejects(createPostgresPointerStore({ ...options, url }), (error: Error) => {
    failsWith("unavailable", "pointers_unreachable")(error);
    assert.ok(error.message.includes(server.place) && !error.message.includes("guessed-wrong"));
    return true;
  });
  const wrong = ["postgres://u:secret-word@:x:/", "mysql://u:secret-word@h/d", "secret-word"];
  wrong.push(
    "postgres://u:secret-word@h/d?sslmode=perhaps",
    "postgres://h/d",
    "postgres://u@h/d?x=1",
  );
  for (const bad of wrong) {
    await assert.rejects(createPostgresPointerStore({ url: bad }), (error: Error) => {
      failsWith("invalid", "bad_pointer_url")(error);
      assert.equal(error.cause, undefined);
      return !error.message.includes("secret-word");
    });
  }
});

test("addresses are read as libpq reads them", async () => {
  const read = await readPostgresAddress(
    "postgresql://me%40x:p%2Fw@[::1]:6000/lake?sslmode=require",
  );
  assert.deepEqual(read, {
    host: "::1",
    port: 6000,
    database: "lake",
    username: "me@x",
    password: "p/w",
    ssl: "require",
    place: "::1:6000",
  });
  const socket = await readPostgresAddress("postgres://me@localhost/lake?host=/run/postgresql");
  assert.equal(socket.path, "/run/postgresql/.s.PGSQL.5432");
  assert.equal(socket.place, socket.path);
});
