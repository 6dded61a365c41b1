// Bad input of every kind, over the whole contract list: the documented problem, nothing changed.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { z } from "zod";
import { ALL_CONTRACTS } from "#contracts/all-contracts.ts";
import { inputInQuery } from "#kernel/http-form.ts";
import { parseRoute, type Contract, type Operation } from "#kernel/contract.ts";
import { toSchema } from "#kernel/openapi.ts";
import { startHouse, type RunningHouse } from "../support/running-house.ts";
import { tempDir } from "../support/temp-dir.ts";

interface Bad {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly body?: string | Uint8Array;
  readonly type?: string;
  readonly encoding?: string;
  readonly status: number;
  /** Reasons that are right; absent: any. */
  readonly reasons?: readonly string[];
  /** The field that must be named among the issues: the planted fault, not another one. */
  readonly issue?: string;
}

const OPERATIONS = (Object.values(ALL_CONTRACTS) as Contract[]).flatMap((contract) =>
  Object.entries(contract.operations)
    .filter(([, operation]) => operation.exposure !== "process")
    .map(([name, operation]) => ({ id: `${contract.service}.${name}`, operation })),
);

/** A path in which every parameter has a well-formed value that names nothing. */
function pathOf(operation: Operation): string {
  return parseRoute(operation.http).path.replaceAll(/\{\w+(\.\.\.)?\}/g, "nothing_here");
}

function unknownFieldCases(): Bad[] {
  return OPERATIONS.filter(({ operation }) => isStrict(operation)).map(({ id, operation }) => {
    const { method } = parseRoute(operation.http);
    const in_query = inputInQuery(operation, method);
    return {
      name: `${id}: unknown field`,
      method,
      path: in_query ? `${pathOf(operation)}?zzz_unknown=1` : pathOf(operation),
      ...(in_query ? {} : { body: '{"zzz_unknown":1}' }),
      status: 400,
      reasons: ["invalid_input"],
      issue: "zzz_unknown",
    };
  });
}

function isStrict(operation: Operation): boolean {
  return (toSchema(operation.input, "input")["additionalProperties"] as unknown) === false;
}

/** For each JSON field with a plain type: a value of another type. */
function wrongTypeCases(): Bad[] {
  return OPERATIONS.flatMap(({ id, operation }) => {
    const { method, params } = parseRoute(operation.http);
    if (inputInQuery(operation, method)) return [];
    const schema = toSchema(operation.input, "input");
    const properties = (schema["properties"] ?? {}) as Record<string, { type?: string }>;
    return Object.entries(properties)
      .filter(([field, { type }]) => type !== undefined && !params.includes(field))
      .map(([field, { type }]) => {
        const wrong = type === "object" || type === "array" ? 5 : { wrong: true };
        const body = JSON.stringify({ [field]: wrong });
        return {
          name: `${id}: ${field} is not a ${type}`,
          method,
          path: pathOf(operation),
          body,
          status: 400,
          reasons: ["invalid_input"],
          issue: field,
        };
      });
  });
}

function bodyCases(): Bad[] {
  const with_body = OPERATIONS.filter(({ operation }) => {
    const { method } = parseRoute(operation.http);
    return !inputInQuery(operation, method);
  });
  return with_body.flatMap(({ id, operation }) => {
    const { method } = parseRoute(operation.http);
    const path = pathOf(operation);
    const huge = `{"padding":"${"x".repeat(10 * 1024 * 1024)}"}`;
    const takes_more = (operation.body_bytes_max ?? 0) > huge.length;
    return [
      {
        name: `${id}: broken JSON`,
        method,
        path,
        body: '{"a":',
        status: 400,
        reasons: ["not_json"],
      },
      { name: `${id}: a list`, method, path, body: "[1]", status: 400, reasons: ["invalid_input"] },
      ...(takes_more
        ? []
        : [
            {
              name: `${id}: 10 MiB`,
              method,
              path,
              body: huge,
              status: 413,
              reasons: ["body_too_large"],
            },
          ]),
    ];
  });
}

const sql = (statement: string) => JSON.stringify({ sql: statement });

function sqlCases(): Bad[] {
  const bad: readonly (readonly [string, number, ...string[]])[] = [
    ["SELECT * FROM no_such_table", 404, "no_such_table"],
    ["SELEC 1", 400, "sql_syntax"],
    ["SELECT 1; SELECT 2", 400, "many_statements"],
    ["INSERT INTO kept VALUES (1)", 403, "not_read_only"],
    ["CREATE TABLE t (a int)", 403, "not_read_only"],
    ["DROP TABLE kept", 403, "not_read_only"],
    ["COPY (SELECT 1) TO '/tmp/x.csv'", 403, "not_read_only"],
    ["ATTACH '/tmp/x.db'", 403, "not_read_only"],
    ["INSTALL httpfs", 403, "not_read_only"],
    ["SET memory_limit = '1TB'", 403, "not_read_only"],
    ["SELECT * FROM read_csv('/etc/passwd')", 403, "not_read_only"],
    ["SELECT * FROM '/etc/passwd'", 404, "no_such_table"],
    ["SELECT * FROM glob('/**')", 403, "not_read_only"],
  ];
  return bad.flatMap(([statement, status, ...reasons]) =>
    ["/query/sql", "/query/rows"].map((path) => ({
      name: `${path}: ${statement}`,
      method: "POST",
      path,
      body: sql(statement),
      status,
      reasons,
    })),
  );
}

/** Half of a gzip file. */
const TORN_GZIP = new Uint8Array(
  gzipSync(`a,b\n${Array.from({ length: 20_000 }, (_, index) => `${index},x`).join("\n")}`),
).subarray(0, 20_000);

const PARQUET_START = new TextEncoder().encode("PAR1 and then nothing that fits");

function particularCases(): Bad[] {
  const post = (path: string, body: object, status: number, ...reasons: string[]): Bad => ({
    name: `POST ${path} ${JSON.stringify(body).slice(0, 80)}`,
    method: "POST",
    path,
    body: JSON.stringify(body),
    status,
    ...(reasons.length === 0 ? {} : { reasons }),
  });
  const upload = (
    query: string,
    body: string | Uint8Array,
    status: number,
    ...reasons: string[]
  ): Bad => ({
    name: `upload ${query}`,
    method: "POST",
    path: `/ingest/file?${query}`,
    body,
    type: "application/octet-stream",
    status,
    reasons,
  });
  const chat = (model: string) => ({ model, messages: [{ role: "user", content: "hi" }] });
  return [
    { name: "no such route", method: "GET", path: "/nothing", status: 404, reasons: ["no_route"] },
    {
      name: "missing dataset",
      method: "GET",
      path: "/catalog/datasets/absent",
      status: 404,
      reasons: ["no_such_dataset"],
    },
    {
      name: "bad dataset name",
      method: "GET",
      path: "/catalog/datasets/Not%20a%20name",
      status: 400,
      reasons: ["invalid_input"],
    },
    {
      name: "missing object",
      method: "GET",
      path: "/storage/objects/absent",
      status: 404,
      reasons: ["no_such_object"],
    },
    {
      name: "escape upwards",
      method: "PUT",
      path: "/storage/objects/a/..%2F..%2F..%2Fescaped",
      body: "x",
      status: 400,
    },
    {
      name: "escape absolute",
      method: "PUT",
      path: "/storage/objects/%2Fetc%2Fescaped",
      body: "x",
      status: 400,
    },
    {
      name: "escape by NUL",
      method: "PUT",
      path: "/storage/objects/a%00b",
      body: "x",
      status: 400,
    },
    {
      name: "escape on reading",
      method: "GET",
      path: "/storage/objects/..%2F..%2Fetc%2Fpasswd",
      status: 400,
    },
    post("/storage/adopt", { key: "mine", path: "/etc/passwd" }, 400, "not_staged"),
    upload("dataset=broken&format=parquet", PARQUET_START, 400, "unreadable_source"),
    upload("dataset=broken&filename=x.csv.gz", TORN_GZIP, 400, "unreadable_source"),
    upload("dataset=broken&filename=x.unknown", "a,b\n1,2\n", 400, "unknown_format"),
    upload("dataset=broken&filename=x.csv", "a,b\n", 400, "no_rows"),
    upload("dataset=broken&filename=x.csv&mode=wipe", "a\n1\n", 400, "invalid_input"),
    upload("dataset=kept&filename=x.csv", "other,fields\nx,y\n", 409, "schema_differs"),
    {
      name: "JSON in gzip",
      method: "POST",
      path: "/v1/chat",
      body: new Uint8Array(gzipSync(JSON.stringify(chat("builtin/echo")))),
      encoding: "gzip",
      status: 400,
      reasons: ["body_encoded"],
    },
    post("/v1/chat", chat("nowhere/x"), 404, "no_such_provider"),
    post("/v1/chat/completions", chat("builtin/absent"), 404, "no_such_model"),
    post("/embed", { texts: ["a"], model: "absent/model" }, 404, "no_such_model"),
    post("/v1/embeddings", { input: "a", model: "absent/model" }, 404, "no_such_model"),
    post("/vectors/search", { index: "absent", query_text: "a" }, 404, "no_such_index"),
    post("/matrix/search", { query_text: "a", corpora: ["absent"] }, 404, "no_such_corpus"),
    post("/v1/validate", { kind: "absent", artifact: {} }, 404, "no_such_kind"),
    post("/v1/iterate", { kind: "absent", prompt: "x" }, 404, "no_such_kind"),
    post("/v1/respond", { task: "x", kind: "absent" }, 404, "no_such_kind"),
    post("/matrix/playbooks/absent/retire", {}, 404, "no_such_playbook"),
    post("/lift/run", { set: "../../etc" }, 404, "no_such_set"),
    post("/lift/evaluate", { set: "absent" }, 404, "no_such_set"),
  ];
}

async function stateOf({ clients }: RunningHouse): Promise<unknown> {
  const { datasets } = await clients.catalog.list({ include_tombstoned: true });
  const { total } = await clients.journal.list({ limit: 1 });
  const { objects } = await clients.storage.list({ limit: 1000 });
  const { indexes } = await clients.vector.list({});
  const { total: playbooks } = await clients.playbook.list({});
  return { datasets, total, keys: objects.map((one) => one.key), indexes, playbooks };
}

test(
  "bad input gets the documented problem and changes nothing",
  { timeout: 300_000 },
  async (t) => {
    const dir = await tempDir(t);
    const house = await startHouse(join(dir, "data"), "one process");
    t.after(() => house.stop());
    const body = (async function* () {
      yield new TextEncoder().encode("a,b\n1,x\n2,y\n");
    })();
    await house.clients.ingest.file({ dataset: "kept", filename: "kept.csv", body });
    const before = await stateOf(house);
    const cases = [
      ...unknownFieldCases(),
      ...wrongTypeCases(),
      ...bodyCases(),
      ...sqlCases(),
      ...particularCases(),
    ];
    assert.ok(cases.length > 200, `only ${cases.length} cases`);
    const faults: string[] = [];
    for (const bad of cases) {
      const fault = await tryCase(house.url, bad);
      if (fault !== undefined) faults.push(`${bad.name}: ${fault}`);
    }
    assert.deepEqual(faults, []);
    assert.deepEqual(await stateOf(house), before);
    t.diagnostic(`${cases.length} cases`);
  },
);

const problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  reason: z.string(),
  issues: z.array(z.object({ path: z.string(), message: z.string() })).default([]),
});

/** undefined when the answer is the documented problem. */
async function tryCase(url: string, bad: Bad): Promise<string | undefined> {
  const answer = await fetch(url + bad.path, {
    method: bad.method,
    headers: {
      "content-type": bad.type ?? "application/json",
      ...(bad.encoding === undefined ? {} : { "content-encoding": bad.encoding }),
    },
    ...(bad.body === undefined ? {} : { body: bad.body as string }),
    signal: AbortSignal.timeout(20_000),
  });
  const text = await answer.text();
  if (answer.status !== bad.status) return `status ${answer.status}: ${text.slice(0, 200)}`;
  if (answer.headers.get("content-type") !== "application/problem+json") return "not a problem";
  const parsed = problem.safeParse(JSON.parse(text));
  if (!parsed.success) return `not a whole problem: ${text.slice(0, 200)}`;
  if (bad.reasons !== undefined && !bad.reasons.includes(parsed.data.reason)) {
    return `reason ${parsed.data.reason}: ${parsed.data.detail.slice(0, 200)}`;
  }
  const { issues } = parsed.data;
  if (bad.issue !== undefined && !issues.some((one) => one.path.split(".")[0] === bad.issue)) {
    return `no issue names ${bad.issue}: ${JSON.stringify(issues).slice(0, 200)}`;
  }
  return undefined;
}
