// Tens of thousands of events at once: all are counted, and all stand in the log.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { openObserve } from "./observe.suite.ts";

test("twenty thousand events are taken in bulk and none is lost", async (t) => {
  const dir = await tempDir(t);
  const { service, client } = await openObserve(dir);
  for (let batch = 0; batch < 2; batch++) {
    const events = Array.from({ length: 10_000 }, (_, n) => ({
      source: "contract",
      endpoint: `/matrix/search`,
      duration_ms: n % 100,
      success: true,
    }));
    const taken = await client.events_bulk({ events });
    assert.equal(taken.durable, 10_000);
  }
  assert.equal((await client.stats({})).total, 20_000);
  await service.stop();
  let lines = 0;
  for await (const row of readJsonlFile(`${dir}/ops.jsonl`)) if (row.line > 0) lines++;
  assert.equal(lines, 20_000);
});
