// kill -9 of a process that writes the ledger: what was settled is there, what was torn is not.
import { test } from "node:test";
import assert from "node:assert/strict";
import { killLedgerWriters } from "../../../test/support/killed-ledger.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";

test("a killed process loses no settled call and no key that was made", async (t) => {
  const { settled } = await killLedgerWriters(await tempDir(t), [5, 60, 177]);
  assert.ok(settled >= 5 + 60 + 177 - 3);
});
