// Bodies that are there in whole: one piece, read once, whoever reads them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { collectBytes } from "./http-client.ts";
import { wholeBody, wholeTextOf } from "./whole-body.ts";

test("a whole body reads as one piece, and its text is there without reading", async () => {
  const body = wholeBody("Grüße ✓");
  assert.equal(wholeTextOf(body), "Grüße ✓");
  assert.equal((await collectBytes(body)).toString("utf8"), "Grüße ✓");
  assert.equal((await collectBytes(body)).length, 0);
});

test("a body that must be read has no text yet", () => {
  async function* pieces() {
    yield new Uint8Array(1);
  }
  assert.equal(wholeTextOf(pieces()), undefined);
});
