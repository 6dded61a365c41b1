// The API document is whole in itself: references resolve, ids are unique, aliases are themselves.
import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { bytes, defineContract, read, stream, write } from "./contract.ts";
import { openApi } from "./openapi.ts";

const json = z.json();
const things = defineContract("things", "Things.", {
  put: bytes({
    summary: "bytes in",
    http: "PUT /things/{key...}",
    input: z.strictObject({ key: z.string(), type: z.string(), note: z.string().optional() }),
    output: z.strictObject({ size: z.number() }),
    request_body: "raw",
    response_body: "json",
    request_headers: { type: "content-type", note: "x-note" },
  }),
  find: read({
    summary: "by body or by query",
    http: "POST /things/{key}/find",
    aliases: ["GET /things/{key}/find"],
    input: z.strictObject({ key: z.string(), where: z.string() }),
    output: z.strictObject({ found: json }),
  }),
  make: write({
    summary: "json in and out",
    http: "POST /things",
    input: z.strictObject({ value: json, other: json.optional() }),
    output: z.strictObject({ value: json }),
  }),
  follow: stream({
    summary: "one by one",
    http: "GET /things",
    input: z.strictObject({}),
    output: z.strictObject({ value: json }),
  }),
});

interface Described {
  readonly operationId: string;
  readonly parameters?: { name: string; in: string }[];
  readonly requestBody?: { content: Record<string, { schema?: Record<string, unknown> }> };
  readonly responses: Record<string, { content: Record<string, Record<string, unknown>> }>;
}

const document = openApi([things], "1.0.0") as {
  paths: Record<string, Record<string, Described>>;
  components: { schemas: Record<string, unknown> };
};

function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "$ref" ? [String(inner)] : references(inner),
  );
}

test("every reference leads to a schema of the document's components; equal ones stand once", () => {
  const found = new Set(references(document));
  assert.deepEqual([...found].toSorted(), [
    "#/components/schemas/Problem",
    "#/components/schemas/Shared1",
  ]);
  assert.deepEqual(Object.keys(document.components.schemas), ["Problem", "Shared1"]);
  assert.ok(!JSON.stringify(document).includes("$defs"));
});

test("an alias is described as it is asked: a query has no body", () => {
  const { post, get } = document.paths["/things/{key}/find"]!;
  assert.deepEqual([post!.operationId, get!.operationId], ["things.find", "things.find.2"]);
  assert.deepEqual(
    post!.parameters!.map((one) => [one.name, one.in]),
    [["key", "path"]],
  );
  assert.deepEqual(
    get!.parameters!.map((one) => [one.name, one.in]),
    [
      ["key", "path"],
      ["where", "query"],
    ],
  );
  assert.ok(post!.requestBody !== undefined && get!.requestBody === undefined);
});

test("bytes are taken as any type; the type's header is no parameter", () => {
  const { put } = document.paths["/things/{key}"]!;
  assert.deepEqual(Object.keys(put!.requestBody!.content), ["*/*"]);
  assert.deepEqual(
    put!.parameters!.map((one) => one.name),
    ["key", "x-note"],
  );
});

test("a stream is text of lines, with the schema of one line beside it", () => {
  const { get } = document.paths["/things"]!;
  const lines = get!.responses["200"]!.content["application/x-ndjson"]!;
  assert.deepEqual(lines["schema"], { type: "string" });
  assert.ok(references(lines["x-lakehouse-item"]).length === 1);
});
