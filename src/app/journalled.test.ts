// Mutations stand in the journal with what they were asked for, and with the id of what they made.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clients } from "#contracts/all-contracts.ts";
import type { usage } from "#contracts/usage.ts";
import { startCall } from "#kernel/call.ts";
import type { Handlers } from "#kernel/contract.ts";
import { silentLog } from "#kernel/log.ts";
import { journalled } from "./journalled.ts";

const KEY = { key_id: "k-7", name: "clerk" };

/** Only what is journalled is asked here. */
const handlers = {
  create_key: async () => ({ key: KEY, secret: "lk-never-in-the-journal" }),
  delete_key: async () => ({ key_id: "k-7" }),
} as unknown as Handlers<typeof usage>;

test("a new key is journalled under its name with its id, and never with its secret", async () => {
  const lines: unknown[] = [];
  const append = async (event: unknown) => void lines.push(event);
  const journal = () => ({ append }) as unknown as Clients["journal"];
  const missed = () => assert.fail("nothing is missed");
  const wrapped = journalled("usage", handlers, journal, missed, silentLog);
  await wrapped.create_key({ name: "clerk" } as never, startCall());
  await wrapped.delete_key({ key_id: "k-7" }, startCall());
  assert.deepEqual(lines, [
    { action: "usage.create_key", subject: "name:clerk", details: { key_id: "k-7" } },
    { action: "usage.delete_key", subject: "key_id:k-7", details: { key_id: "k-7" } },
  ]);
});
