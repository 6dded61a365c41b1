// More statements than are kept, asked twice: each answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openEngine } from "./kept-statements.suite.ts";

test("more statements than are kept all answer", async (t) => {
  const { ask } = await openEngine(t);
  for (const round of [1, 2]) {
    for (let n = 0; n < 80; n++) {
      assert.deepEqual(await ask(`SELECT ${n} + $1`, [round]), [[n + round]]);
    }
  }
});
