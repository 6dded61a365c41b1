// Kills of a process that writes the ledger, at random counts of settled calls.
import { test } from "node:test";
import { seededRandom } from "#kernel/random.ts";
import { killLedgerWriters } from "../support/killed-ledger.ts";
import { tempDir } from "../support/temp-dir.ts";

const KILLS = Number(process.env["LAKEHOUSE_TEST_KILLS"] ?? 200);

test("kills lose no acknowledged line of the ledger and no key", async (t) => {
  const random = seededRandom(200);
  const kills = Array.from({ length: KILLS }, () => 2 + random.int(150));
  const figures = await killLedgerWriters(await tempDir(t), kills);
  t.diagnostic(JSON.stringify(figures));
});
