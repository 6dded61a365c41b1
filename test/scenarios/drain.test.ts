// SIGTERM: what is in flight is answered, followers and half-sent requests hold nothing up.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { startProcess } from "../support/running-house.ts";
import { tempDir } from "../support/temp-dir.ts";

/** Supervisors kill after 10 s; a house must be through well before. */
const STOP_MS_MAX = 6_000;
const ROWS = 300_000;

test("a house that is told to stop answers what is in flight and ends in time", async (t) => {
  const house = await startProcess({ data_dir: join(await tempDir(t), "data") });
  t.after(() => house.kill());
  const follower = await fetch(`${house.url}/observer/events/stream`);
  const followed = follower.text();
  const half = connect(Number(new URL(house.url).port), "127.0.0.1");
  t.after(() => half.destroy());
  half.on("error", () => undefined);
  half.write("POST /query/rows HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{");
  const exported = await fetch(`${house.url}/query/sql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sql: `FROM range(${ROWS})`, format: "ndjson" }),
  });
  assert.equal(exported.status, 200);

  const started = performance.now();
  const exited = house.stop();
  await followed;
  const lines = (await exported.text()).trimEnd().split("\n");
  assert.equal(lines.length, ROWS);
  assert.equal(await exited, 0, house.output());
  const took_ms = performance.now() - started;
  assert.ok(took_ms < STOP_MS_MAX, `it took ${Math.round(took_ms)} ms`);
});
