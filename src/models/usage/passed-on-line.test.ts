// The line of a model that was stood in for: what lost tries are charged is told once, also when a
// line cannot be written.
import { test } from "node:test";
import assert from "node:assert/strict";
import { fixedClock } from "#kernel/clock.ts";
import type { JsonlLog } from "#kernel/jsonl-log.ts";
import type { UsageLine } from "#contracts/usage.ts";
import type { ModelOutcome } from "#ports/call-ledger.ts";
import { heldTokens } from "./held-tokens.ts";
import { createPriceTable } from "./price-table.ts";
import { createUsageLedger } from "./usage-ledger.ts";
import type { VirtualKeys } from "./virtual-keys.ts";

const NO_BUDGET = { day_cost: null, day_tokens: null, month_cost: null, month_tokens: null };
const CI = {
  name: "ci",
  models: ["*"],
  requests_per_minute: null,
  tokens_per_minute: null,
  budget: { ...NO_BUDGET, day_tokens: 1_000 },
};
/** Of the prompt, and of the answer at the most. */
const HELD = 40 + 60;

function open() {
  const rows: UsageLine[] = [];
  const disk = { full: false };
  const append = async (row: UsageLine) => {
    if (disk.full) throw new Error("no space");
    return rows.push(row);
  };
  const ledger = createUsageLedger({
    file: { append } as unknown as JsonlLog<UsageLine>,
    keys: {} as VirtualKeys,
    tokens: heldTokens([CI]),
    prices: createPriceTable([]),
    clock: fixedClock(Date.parse("2026-03-10T10:00:00Z")),
    reserve_completion_tokens: 60,
  });
  const tries = { lost: 0 };
  const admit = () =>
    ledger.admit({
      caller: { name: "ci", scopes: ["write"] },
      operation: "chat",
      provider: "p",
      model: "m",
      trace_id: "t",
      span_id: "s",
      task_class: undefined,
      stream: false,
      promptTokensMax: () => 40,
      tries,
    });
  const charged = () => rows.map((row) => [row.model, row.passed_on, row.charged_tokens]);
  return { admit, tries, disk, charged };
}

function failed(model: string): ModelOutcome {
  const times = { duration_ms: 1, first_token_ms: undefined, cache: "off" as const, retries: 0 };
  const end = { usage: undefined, finish_reason: undefined, error: "provider_failed" };
  return { provider: "p", model, ...end, ...times };
}

const NEXT = { provider: "p", model: "next" };

test("each line has what its own model lost", async () => {
  const { admit, tries, charged } = open();
  const admitted = await admit();
  tries.lost = 1;
  assert.ok(admitted.covers("p", "next"));
  await admitted.lost(failed("m"), NEXT);
  tries.lost = 3;
  await admitted.settle(failed("next"));
  assert.deepEqual(charged(), [
    ["m", true, HELD],
    ["next", false, 2 * HELD],
  ]);
});

test("what a line that was not written would have told, the next one tells", async () => {
  const { admit, tries, disk, charged } = open();
  const admitted = await admit();
  tries.lost = 1;
  assert.ok(admitted.covers("p", "next"));
  disk.full = true;
  await assert.rejects(admitted.lost(failed("m"), NEXT), /no space/);
  disk.full = false;
  await admitted.settle(failed("next"));
  assert.deepEqual(charged(), [["next", false, HELD]]);
});
