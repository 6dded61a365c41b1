// Settings: defaults, variables over the file, faults that name file, line and nearest key.
import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import type { LakehouseError } from "./problem.ts";
import { applyVariables, checkSettings, lineOf, maskSecrets } from "./settings-reader.ts";

const schema = z.strictObject({
  data_dir: z.string().default("data"),
  query: z
    .strictObject({ timeout_ms: z.int().default(1000), rows_max: z.int().default(10) })
    .prefault({}),
});

const TEXT = `# settings
data_dir = "x"

[query]
rows_max = 5
timout_ms = 7
`;

test("an empty document is valid and full of defaults", () => {
  const settings = checkSettings(schema, {}, { name: "lakehouse.toml", text: "" });
  assert.deepEqual(settings, { data_dir: "data", query: { timeout_ms: 1000, rows_max: 10 } });
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
    LAKEHOUSE_QUERY_NOTHING: "1",
    OTHER: "x",
  };
  const document = applyVariables({ query: { rows_max: 3 } }, variables, schema);
  assert.deepEqual(document, { data_dir: "/var/lake", query: { rows_max: 3, timeout_ms: 250 } });
});

test("the line of a key is found within its own section only", () => {
  assert.equal(lineOf(TEXT, "query.rows_max"), 5);
  assert.equal(lineOf(TEXT, "data_dir"), 2);
  assert.equal(lineOf(TEXT, "query"), 4);
  assert.equal(lineOf(TEXT, "rows_max"), undefined);
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
