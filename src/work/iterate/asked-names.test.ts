// Whom a question was for that nobody answered: never a fallback that nobody asked for.
import { test } from "node:test";
import assert from "node:assert/strict";
import { startCall } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { chat } from "#contracts/chat.ts";
import { createAskedNames } from "./asked-names.ts";
import type { Session } from "./session-end.ts";

const answered = (model: string, provider: string) =>
  ({ deciding: { answer: { model, provider } } }) as unknown as Session;
const FAILED = {
  deciding: { failed: new LakehouseError("unavailable", "gone") },
} as unknown as Session;

function namesWith(default_model: string | undefined) {
  let asked = 0;
  const providers = async () => {
    asked++;
    if (default_model === undefined) throw new LakehouseError("unavailable", "gone");
    return { default_model };
  };
  const client = { providers } as unknown as Client<typeof chat>;
  return { names: createAskedNames(client), asked: () => asked };
}

test("where no model was named it is the default one, though a fallback answered before", async () => {
  const { names, asked } = namesWith("up/small");
  assert.equal(await names.of(answered("other/big", "other"), {}, startCall()), undefined);
  for (let times = 0; times < 2; times++) {
    const told = await names.of(FAILED, {}, startCall());
    assert.deepEqual(told, { model: "up/small", provider: "up" });
  }
  assert.equal(asked(), 1);
});

test("where the default cannot be told it is who answered before, else nobody", async () => {
  const { names } = namesWith(undefined);
  assert.deepEqual(await names.of(FAILED, {}, startCall()), { model: "", provider: "" });
  await names.of(answered("up/small", "up"), {}, startCall());
  const told = await names.of(FAILED, {}, startCall());
  assert.deepEqual(told, { model: "up/small", provider: "up" });
});
