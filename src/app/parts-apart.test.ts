// Which parts a process runs, and where they listen: where the others look for them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LakehouseError } from "#kernel/problem.ts";
import { addressOf, parseServices, portApart } from "./parts-apart.ts";
import { houseSettings } from "./settings.ts";

const settings = (services: Readonly<Record<string, string>> = {}) =>
  houseSettings.parse({ data_dir: "unused", services });

test("parts that run apart listen where the others ask for them", () => {
  const port = (only: string, services?: Readonly<Record<string, string>>) =>
    portApart(parseServices(only), settings(services));
  assert.equal(port("storage"), 3211);
  assert.equal(port("query,vector"), 3214);
  assert.equal(port("vector, query"), 3215);
  assert.equal(port("mcp"), 3222);
  assert.equal(port("chat,mcp"), 3220);
  assert.equal(port("gateway,chat"), undefined);
  assert.equal(port("chat,gateway"), undefined);
  assert.equal(port("query", { query: "http://127.0.0.1:4000" }), 4000);
  assert.equal(port("query", { query: "http://localhost:4001" }), 4001);
  for (const elsewhere of ["https://query.test", "http://query.test:4000", "query-host", ""]) {
    assert.equal(port("query", { query: elsewhere }), 3214, elsewhere);
  }
  assert.equal(addressOf(settings(), "validate"), "http://127.0.0.1:3221");
});

test("a part that is not known is refused, and those that are known are named", () => {
  assert.throws(
    () => parseServices("query,nothing"),
    (error) => {
      assert.ok(error instanceof LakehouseError && error.code === "invalid");
      return /"nothing" \(known: gateway, mcp, .*query/.test(error.message);
    },
  );
  assert.deepEqual(parseServices(" query , mcp,"), {
    services: ["query"],
    gateway: false,
    mcp: true,
  });
});
