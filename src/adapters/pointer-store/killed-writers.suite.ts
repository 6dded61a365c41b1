// What a store on disk or on a server must stand: its writers are killed at any instant.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { PointerStore } from "#ports/pointer-store.ts";
import { testRuns } from "../../../test/support/test-runs.ts";

const WRITER = `
  const { writeSync } = await import("node:fs");
  const [module, maker, options] = process.argv.slice(-3);
  const store = await (await import(module))[maker](JSON.parse(options));
  writeSync(1, "ready\\n");
  for (;;) {
    const [a, b] = await Promise.all([store.get("s", "a"), store.get("s", "b")]);
    const n = a.value + 1;
    const one = (name, pointer, value) =>
      ({ space: "s", name, expected_version: pointer.version, value });
    if (await store.swapAll([one("b", b, -n), one("a", a, n)])) writeSync(1, "ack " + n + "\\n");
  }
`;

/** Kills children that write pairs of records, and looks for what they said is written. */
export async function standsKilledWriters(
  store: PointerStore,
  child: { module: string; maker: string; options: unknown },
): Promise<void> {
  for (const name of ["a", "b"]) await store.swap("s", name, 0, 0);
  for (let round = testRuns(2); round > 0; round--) {
    const before = (await store.get("s", "a"))!.value as number;
    const acked = await runUntilKilled(child, 10 + Math.random() * 60);
    const [a, b] = await store.list("s");
    const value = a!.value as number;
    assert.ok(acked > before, "the child wrote something");
    assert.ok(value >= acked, `${acked} was acknowledged, ${value} is there`);
    assert.ok(value <= acked + 1, `${value} is there, but only ${acked + 1} was tried`);
    assert.equal(b!.value, -value, "both of the pair or none");
    // Whatever the killed one held is free again; a server may still end what it was sent.
    await swapOnTop(store);
  }
}

async function swapOnTop(store: PointerStore): Promise<void> {
  for (let tries = 0; tries < 10; tries++) {
    const { version, value } = (await store.get("s", "a"))!;
    if (await store.swap("s", "a", version, value)) return;
  }
  assert.fail("the record cannot be changed any more");
}

async function runUntilKilled(
  { module, maker, options }: { module: string; maker: string; options: unknown },
  after_ms: number,
): Promise<number> {
  const args = ["--input-type=module", "-e", WRITER, module, maker, JSON.stringify(options)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  let killing = false;
  child.stdout.setEncoding("utf8").on("data", (more: string) => {
    text += more;
    if (killing || !text.includes("ack ")) return;
    killing = true;
    setTimeout(() => child.kill("SIGKILL"), after_ms);
  });
  const signal = await new Promise((resolve) => child.once("close", (_, name) => resolve(name)));
  assert.equal(signal, "SIGKILL");
  const acks = [...text.matchAll(/ack (\d+)\n/g)];
  return Number(acks.at(-1)![1]);
}
