// Settings: defaults, variables over the file, faults that name file, line and nearest key.
import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import type { LakehouseError } from "./problem.ts";
import {
  applyVariables,
  checkSettings,
  lineOf,
  maskSecrets,
  readVariables,
} from "./settings-reader.ts";

const schema = z.strictObject({
  data_dir: z.string().default("data"),
  query: z
    .strictObject({ timeout_ms: z.int().default(1000), rows_max: z.int().default(10) })
    .prefault({}),
  near: z
    .strictObject({
      limits: z.record(z.string(), z.int()).default({}),
      inner: z.strictObject({ url: z.string().default("") }).prefault({}),
      tokens: z
        .array(z.strictObject({ name: z.string(), scopes: z.array(z.string()) }))
        .default([]),
    })
    .prefault({}),
  models: z.record(z.string(), z.string()).default({}),
});

const TEXT = `# settings
data_dir = "x"

[query]
rows_max = 5
timout_ms = 7
`;

test("an empty document is valid and full of defaults", () => {
  const settings = checkSettings(schema, {}, { name: "lakehouse.toml", text: "" });
  assert.deepEqual(settings, {
    data_dir: "data",
    query: { timeout_ms: 1000, rows_max: 10 },
    near: { limits: {}, inner: { url: "" }, tokens: [] },
    models: {},
  });
});

test("an unknown key is an error with file, line and the nearest known key", () => {
  const document = { data_dir: "x", query: { rows_max: 5, timout_ms: 7 } };
  assert.throws(
    () => checkSettings(schema, document, { name: "lakehouse.toml", text: TEXT }),
    (error: LakehouseError) => {
      assert.equal(error.reason, "bad_settings");
      assert.match(error.message, /lakehouse\.toml:6: query\.timout_ms/);
      assert.match(error.message, /did you mean "timeout_ms"/);
      return true;
    },
  );
});

test("variables lie over the file, at the top and in sections, read as JSON where they are", () => {
  const variables = {
    LAKEHOUSE_DATA_DIR: "/var/lake",
    LAKEHOUSE_QUERY_TIMEOUT_MS: "250",
    LAKEHOUSE_NEAR_INNER_URL: "http://x",
    LAKEHOUSE_MODELS_LOCAL_FAST: "ollama/tiny",
    LAKEHOUSE_TEST_RUNS: "1",
    LAKEHOUSE_QUERY_ROWS_MAX: undefined,
    OTHER: "x",
  };
  const read = readVariables(variables, schema);
  assert.deepEqual(applyVariables({ query: { rows_max: 3 } }, read), {
    data_dir: "/var/lake",
    query: { rows_max: 3, timeout_ms: 250 },
    near: { inner: { url: "http://x" } },
    models: { local_fast: "ollama/tiny" },
  });
});

test("a variable that begins with a section and is none of its keys is refused", () => {
  for (const [name, nearest] of [
    ["LAKEHOUSE_QUERY_TIMOUT_MS", "LAKEHOUSE_QUERY_TIMEOUT_MS"],
    ["LAKEHOUSE_NEAR_INNER_URI", "LAKEHOUSE_NEAR_INNER_URL"],
    ["LAKEHOUSE_NEAR_LIMITS_A", "LAKEHOUSE_NEAR_LIMITS"],
  ] as const) {
    assert.throws(
      () => readVariables({ [name]: "1" }, schema),
      (error: LakehouseError) => {
        assert.deepEqual([error.code, error.reason], ["invalid", "bad_settings"]);
        return error.message.startsWith(`unknown variable ${name}, did you mean ${nearest}?`);
      },
    );
  }
});

test("a bad value of a variable is told by the variable's name", () => {
  const variables = readVariables({ LAKEHOUSE_QUERY_TIMEOUT_MS: "soon" }, schema);
  const document = applyVariables({ query: { rows_max: 5 } }, variables);
  assert.throws(
    () => checkSettings(schema, document, { name: "lakehouse.toml", text: TEXT, variables }),
    /^LakehouseError: LAKEHOUSE_QUERY_TIMEOUT_MS: query\.timeout_ms: /,
  );
});

test("the line of a key is found within its own section only", () => {
  assert.equal(lineOf(TEXT, "query.rows_max"), 5);
  assert.equal(lineOf(TEXT, "data_dir"), 2);
  assert.equal(lineOf(TEXT, "query"), 4);
  assert.equal(lineOf(TEXT, "rows_max"), undefined);
});

const TABLES = `[[near.tokens]]
name = "a"
scopes = ["read"]

[near]
other = [
  "[near.inner]", # not a table
]
[[near.tokens]]
name = "b"
scpes = [
  "read",
]
[near.tokens.limits]
day = 1
[chat.fallbacks]
"ollama/a.b" = ["x/y"]
chain.of = { names = 1 }
`;

test("a fault in an array of tables has the line within its own element", () => {
  const tokens = [
    { name: "a", scopes: ["read"] },
    { name: "b", scpes: ["read"] },
  ];
  const source = { name: "lakehouse.toml", text: TABLES };
  assert.throws(
    () => checkSettings(schema, { near: { tokens } }, source),
    (error: LakehouseError) => {
      assert.match(error.message, /^lakehouse\.toml:9: near\.tokens\.1\.scopes: /m);
      assert.match(error.message, /^lakehouse\.toml:11: near\.tokens\.1\.scpes: .*"scopes"/m);
      return true;
    },
  );
  for (const [path, line] of [
    ["near.tokens.0.scopes.0", 3],
    ["near.tokens.1.name", 10],
    ["near.tokens.1.limits.day", 15],
    ["near.tokens.1.limits.month", 14],
    ["near.other.0", 6],
    ["chat.fallbacks.ollama/a.b.0", 17],
    ["chat.fallbacks.chain.of.names", 18],
    ["query.rows_max", undefined],
  ] as const) {
    assert.equal(lineOf(TABLES, path), line, path);
  }
});

test("secrets are masked at any depth, references are kept", () => {
  const masked = maskSecrets({
    auth: {
      tokens: [
        { name: "a", token: "s3cret" },
        { name: "b", token: "env:TOKEN_B" },
      ],
    },
    providers: { api_key: "k", base_url: "http://x" },
  });
  assert.deepEqual(masked, {
    auth: {
      tokens: [
        { name: "a", token: "***" },
        { name: "b", token: "env:TOKEN_B" },
      ],
    },
    providers: { api_key: "***", base_url: "http://x" },
  });
});
