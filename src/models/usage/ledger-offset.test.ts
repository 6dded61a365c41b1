// Finding a time in the ledger: no line is missed, however unevenly they stand, and little is read.
import { test } from "node:test";
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { seededRandom } from "#kernel/random.ts";
import { offsetOfTime } from "./ledger-offset.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";

const START = Date.parse("2026-01-01T00:00:00Z");

test("no line of the wanted time stands before the offset, and few others after it", async (t) => {
  const random = seededRandom(11);
  const path = join(await tempDir(t), "usage.jsonl");
  const lines: { offset: number; time_ms: number }[] = [];
  let text = "";
  let now = START;
  for (let at = 0; at < 5_000; at++) {
    // Quiet weeks, busy seconds, clocks that are set back, a line that is no JSON.
    now += random.int(20) === 0 ? random.int(12 * 3_600_000) : random.int(1_000);
    const time_ms = now - random.int(60_000);
    lines.push({ offset: text.length, time_ms });
    const line = { time: new Date(time_ms).toISOString(), pad: "x".repeat(random.int(400)) };
    text += random.int(500) === 0 ? "broken\n" : `${JSON.stringify(line)}\n`;
  }
  await writeFile(path, text);
  for (let look = 0; look < 50; look++) {
    const wanted = lines[random.int(lines.length)]!.time_ms;
    const offset = await offsetOfTime(path, text.length, wanted);
    assert.ok(offset === 0 || text[offset - 1] === "\n");
    assert.equal(lines.filter((one) => one.offset < offset && one.time_ms >= wanted).length, 0);
    const needed = lines.find((one) => one.time_ms >= wanted - 3_600_000)!.offset;
    assert.ok(needed - offset < 300_000, `${needed - offset} bytes too many`);
  }
  assert.equal(await offsetOfTime(path, text.length, -Infinity), 0);
});
