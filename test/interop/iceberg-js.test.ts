// Two foreign clients from npm that always run: iceberg-js on our catalog, icebird on our tables.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type IcebergError, IcebergRestCatalog } from "iceberg-js";
import { icebergRead } from "icebird";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { startHouse, type RunningHouse } from "../support/running-house.ts";
import { tempDir } from "../support/temp-dir.ts";
import { ourRows } from "./engine-values.ts";
import { READER, startGuardedHouse, WRITER } from "./guarded-house.ts";
import { fillChurned } from "./random-operations.ts";
import { fillLake, ingestRows, TABLES } from "./lake-tables.ts";

const stops: (() => unknown)[] = [];
const lifetime = { after: (stop: () => unknown) => void stops.push(stop) };
let house: RunningHouse;
let client: IcebergRestCatalog;

describe("iceberg-js and icebird", () => {
  before(async () => {
    const dir = await tempDir(lifetime);
    house = await startHouse(join(dir, "data"), "one process");
    lifetime.after(() => house.stop());
    await fillLake(house.clients, dir);
    client = new IcebergRestCatalog({
      baseUrl: `${house.url}/iceberg`,
      auth: { type: "none" },
      accessDelegation: ["vended-credentials"],
    });
  });

  after(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  const SCHEMA = {
    type: "struct" as const,
    "schema-id": 0,
    fields: [
      { id: 1, name: "id", type: "long" as const, required: true },
      { id: 2, name: "at", type: "timestamp" as const, required: false },
    ],
  };

  test("iceberg-js makes, changes and drops namespaces", async () => {
    const id = { namespace: ["js_ns"] };
    await client.createNamespace(id, { properties: { owner: "js" } });
    const properties = async () => {
      const loaded = await client.loadNamespaceMetadata(id);
      // The server adds where tables may stand.
      const { location, ...own } = loaded.properties ?? {};
      assert.match(location ?? "", /^s3:\/\/.+\/js_ns$/);
      return own;
    };
    assert.deepEqual(await properties(), { owner: "js" });
    await assert.rejects(client.createNamespace(id), (error: IcebergError) => error.isConflict());
    await client.updateNamespaceProperties(id, { removals: ["owner"], updates: { team: "x" } });
    assert.deepEqual(await properties(), { team: "x" });
    const seen: string[] = [];
    let page = await client.listNamespaces({ pageSize: 1 });
    for (;;) {
      seen.push(...page.namespaces.flatMap(({ namespace }) => namespace));
      if (page.nextPageToken === undefined) break;
      page = await client.listNamespaces({ pageSize: 1, pageToken: page.nextPageToken });
    }
    assert.deepEqual(seen, ["default", "js_ns", "shop"]);
    await client.dropNamespace(id);
    assert.equal(await client.namespaceExists(id), false);
    await assert.rejects(client.dropNamespace({ namespace: ["shop"] }), { status: 409 });
  });

  test("iceberg-js creates a table, loads it with keys, renames and drops it", async () => {
    const namespace = { namespace: ["default"] };
    const table = { ...namespace, name: "by_js" };
    const made = await client.createTableResult(namespace, {
      name: "by_js",
      schema: SCHEMA,
      "partition-spec": {
        "spec-id": 0,
        fields: [{ "source-id": 2, "field-id": 1000, name: "at_day", transform: "day" }],
      },
      properties: { "made-by": "iceberg-js" },
    });
    assert.equal(made.config?.["s3.endpoint"], house.url);
    assert.ok(made.config?.["s3.secret-access-key"]);
    const loaded = await client.loadTableResult(table);
    assert.equal(loaded?.metadata["table-uuid"], made.metadata["table-uuid"]);
    assert.equal(await client.loadTableResult(table, { ifNoneMatch: loaded!.etag! }), null);
    const ours = await house.clients.catalog.get({ name: "by_js" });
    assert.deepEqual(
      ours.partition_by.map((one) => [one.column, one.transform]),
      [["at", "day"]],
    );
    await client.updateTable(table, {
      requirements: [{ type: "assert-table-uuid", uuid: made.metadata["table-uuid"]! }],
      updates: [{ action: "set-properties", updates: { seen: "yes" } }],
    });
    await assert.rejects(
      client.updateTable(table, {
        requirements: [{ type: "assert-table-uuid", uuid: "00000000-0000-4000-8000-000000000000" }],
        updates: [],
      }),
      (error: IcebergError) => error.icebergType === "CommitFailedException",
    );
    const to = { ...namespace, name: "by_js_too" };
    await client.renameTable({ source: table, destination: to });
    assert.equal(await client.tableExists(table), false);
    const metadata = await client.loadTable(to);
    assert.equal(metadata?.properties?.["seen"], "yes");
    await client.dropTable(to, { purge: true });
    await assert.rejects(
      client.loadTable(to),
      (error: IcebergError) => error.icebergType === "NoSuchTableException",
    );
  });

  test("iceberg-js lists our tables and sees our snapshots", async () => {
    const { identifiers } = await client.listTables({ namespace: ["default"] });
    const names = identifiers.map(({ name }) => name);
    for (const table of TABLES) assert.equal(names.includes(table), !table.includes("."), table);
    const metadata = await client.loadTable({ namespace: ["default"], name: "edited" });
    const { snapshots } = await house.clients.catalog.snapshots({ name: "edited" });
    assert.equal(metadata?.snapshots?.length, snapshots.length);
    assert.ok(snapshots.length >= 5);
  });

  /** Icebird reads s3:// from Amazon's own hosts; here each of them is our door. */
  function throughOurDoor<T>(work: () => Promise<T>): Promise<T> {
    const own = globalThis.fetch;
    globalThis.fetch = (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      const bucket = /^(.+)\.s3\.amazonaws\.com$/.exec(url.host)?.[1];
      return own(bucket === undefined ? input : `${house.url}/s3/${bucket}${url.pathname}`, init);
    };
    return work().finally(() => (globalThis.fetch = own));
  }

  /** What icebird's values have in common with what `ourRows` makes of ours. */
  function plain(type: string, value: unknown): unknown {
    if (value === undefined || value === null) return null;
    // Of a column that was widened, old files hold the narrower type.
    return type === "long" ? String(value) : value;
  }

  test("a table goes through 200 random operations", async () => {
    await fillChurned(house.clients);
  });

  test("iceberg-js sees schema and snapshots as they are after 200 random operations", async () => {
    const metadata = await client.loadTable({ namespace: ["default"], name: "churned" });
    const ours = await house.clients.catalog.get({ name: "churned" });
    const current = metadata!.schemas!.find(
      (one) => one["schema-id"] === metadata!["current-schema-id"],
    );
    assert.deepEqual(
      current!.fields.map(({ id, name, type }) => [id, name, type]),
      ours.fields.map(({ field_id, name, type }) => [field_id, name, type]),
    );
    const { snapshots } = await house.clients.catalog.snapshots({ name: "churned", limit: 1000 });
    assert.equal(metadata!.snapshots!.length, snapshots.length);
    assert.equal(
      String(metadata!["current-snapshot-id"]),
      String(Number(ours.current_snapshot_id)),
    );
  });

  for (const table of ["churned", "evolved", "parted", "edited", "shop.orders"]) {
    test(`icebird reads the same rows of ${table}`, async () => {
      const [name = "", namespace = "default"] = table.split(".").toReversed();
      const metadata = await client.loadTable({ namespace: [namespace], name });
      const read = await throughOurDoor(() =>
        icebergRead({
          tableUrl: metadata!.location!,
          metadata: metadata as unknown as NonNullable<
            Parameters<typeof icebergRead>[0]["metadata"]
          >,
        }),
      );
      const { fields } = await house.clients.catalog.get({ name: table });
      const alike = fields.filter(({ type }) => /^(long|string|double)$/.test(type));
      const columns = alike.map((one) => one.name);
      const theirs = read
        .map((row) =>
          Object.fromEntries(alike.map(({ name, type }) => [name, plain(type, row[name])])),
        )
        .toSorted((a, b) => Number(a["id"]) - Number(b["id"]));
      const ours = await ourRows(
        house.clients,
        `SELECT ${columns.join(", ")} FROM ${table} ORDER BY id`,
      );
      assert.ok(columns.length >= 2 && ours.length > 0);
      assert.deepEqual(theirs, ours);
    });
  }

  test("with auth on, a token opens catalog and data as far as its scopes go", async (t) => {
    const guarded = await startGuardedHouse(join(await tempDir(t), "data"));
    t.after(() => guarded.stop());
    await ingestRows(guarded.clients, "kept", [{ id: 1 }]);
    const as = (token: string) =>
      new IcebergRestCatalog({
        baseUrl: `${guarded.url}/iceberg`,
        auth: { type: "bearer", token },
        accessDelegation: ["vended-credentials"],
      });
    const refused = (type: string) => (error: IcebergError) => error.icebergType === type;
    await assert.rejects(as("no-such-token").listNamespaces(), refused("NotAuthorizedException"));
    const made = as(READER).createNamespace({ namespace: ["ns"] });
    await assert.rejects(made, refused("ForbiddenException"));
    await as(WRITER).createNamespace({ namespace: ["ns"] });
    for (const [token, may_write] of [
      [READER, false],
      [WRITER, true],
    ] as const) {
      const loaded = await as(token).loadTableResult({ namespace: ["default"], name: "kept" });
      const config = loaded!.config!;
      const s3 = new S3Client({
        endpoint: config["s3.endpoint"]!,
        region: config["s3.region"]!,
        forcePathStyle: config["s3.path-style-access"] === "true",
        credentials: {
          accessKeyId: config["s3.access-key-id"]!,
          secretAccessKey: config["s3.secret-access-key"]!,
          sessionToken: config["s3.session-token"]!,
        },
      });
      const [, bucket = "", key = ""] = /^s3:\/\/([^/]+)\/(.+)$/.exec(
        loaded!["metadata-location"]!,
      )!;
      const read = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      assert.match(await read.Body!.transformToString(), /"format-version"/);
      const fresh = { Bucket: bucket, Key: `${key}.other`, Body: "x" };
      const written = await s3.send(new PutObjectCommand(fresh)).then(
        () => true,
        (error: Error) => error.name,
      );
      assert.equal(written, may_write ? true : "AccessDenied");
      s3.destroy();
    }
  });
});
