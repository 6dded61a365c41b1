// How wide the graph is searched.
import assert from "node:assert/strict";
import { test } from "node:test";
import { graphWidth } from "./vector-search.ts";
import { vectorSettings } from "./vector-settings.ts";

test("the width of a search is the configured one, and grows with the items beyond 100,000", () => {
  const settings = vectorSettings.parse({});
  assert.deepEqual(
    [0, 1, 100_000, 300_000, 2_500_000].map((items) => graphWidth(items, settings)),
    [64, 64, 64, 154, 840],
  );
  assert.equal(graphWidth(2_500_000, vectorSettings.parse({ expansion_search: 10 })), 131);
  assert.equal(graphWidth(2_500_000, vectorSettings.parse({ expansion_search: 4096 })), 10_000);
});
