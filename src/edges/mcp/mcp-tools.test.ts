// Tools and cursors without a house: names, schemas, scopes, pages.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ALL_CONTRACTS, type Clients } from "#contracts/all-contracts.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { readCursor, writeCursor } from "./mcp-resources.ts";
import { houseTools } from "./mcp-tools.ts";

/** Schemas do not need anybody who answers. */
const clients = Object.fromEntries(
  Object.keys(ALL_CONTRACTS).map((service) => [service, {}]),
) as unknown as Clients;

test("tools have names of their own that MCP allows, and hints that fit their scope", () => {
  const tools = houseTools({ clients, files: "embedded" });
  const names = tools.map((tool) => tool.name);
  assert.ok(tools.length >= 24, `only ${tools.length}`);
  assert.equal(new Set(names).size, names.length);
  assert.deepEqual(names, names.toSorted(), "in a fixed order");
  for (const { name, scope, hints, description, input_schema, output_schema } of tools) {
    assert.match(name, /^[a-z][a-z_]{0,63}$/);
    assert.equal(hints.readOnlyHint, scope === "read", name);
    assert.ok(description.length > 5);
    assert.equal(input_schema["type"], "object");
    assert.equal(output_schema["type"], "object");
  }
});

test("files of the machine are a tool for its owner only", () => {
  const names = (files?: "embedded" | "attached") =>
    houseTools({ clients, files }).map((tool) => tool.name);
  assert.ok(!names().includes("ingest_path"));
  assert.ok(names("attached").includes("ingest_path"));
});

test("a cursor leads on where the page before ended; any other text is refused", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (section, after) => {
      assert.deepEqual(readCursor(writeCursor(section, after)), [section, after]);
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.throws(() => readCursor(text), LakehouseError);
    }),
  );
});
