// respond with an overseer: refused work is corrected, logged, fenced, tried again, and told.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createOpenAiCompatibleProvider } from "#adapters/chat-model/openai-compatible-provider.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { silentLog } from "#kernel/log.ts";
import { chat } from "#contracts/chat.ts";
import { correctionRow, type CorrectionRow } from "#contracts/respond.ts";
import { createChat } from "#models/chat/chat-service.ts";
import { chatSettings } from "#models/chat/chat-settings.ts";
import {
  startScriptedModel,
  type AskedCompletion,
  type ScriptedAnswer,
} from "#work/iterate/scripted-model.suite.ts";
import { correctionLogColumns } from "#work/respond/correction-log-columns.ts";
import { respondHouse, type HasAfter } from "./respond-house.suite.ts";

const TASK = "Need 3 highly reliable forklift operators in Toledo, OH";
const SAME = '{"fills":[]}';
const ADVICE = 'Take three candidates; the list must not be empty. ``` {"fills":[]}';

const textOf = (asked: AskedCompletion) => asked.messages.map((one) => String(one.content)).join();
const isCorrected = (asked: AskedCompletion) => textOf(asked).includes("```overseer-correction\n");

async function setUp(
  t: HasAfter,
  overseer: ScriptedAnswer,
  corrected: (asked: AskedCompletion) => string,
) {
  const server = await startScriptedModel(t, (asked) => {
    if (asked.model === "judge") return overseer;
    return { content: isCorrected(asked) ? corrected(asked) : SAME };
  });
  const provider = createOpenAiCompatibleProvider({ name: "script", base_url: server.base_url });
  const models = await createChat(
    {
      log: silentLog,
      clock: systemClock,
      providers: [provider],
      tiers: { local_judge: "script/judge" },
    },
    chatSettings.parse({ default_model: "script/small" }),
  );
  t.after(() => models.stop());
  const house = await respondHouse(t, {
    chat: connectLocal(chat, models.handlers),
    settings: { overseer: "tier/local_judge" },
  });
  const corrections = async (): Promise<CorrectionRow[]> => {
    const rows: CorrectionRow[] = [];
    const path = `${house.kb_dir}/overseer_corrections.jsonl`;
    for await (const { row } of readJsonlFile<CorrectionRow>(path)) {
      rows.push(correctionRow.parse(row));
    }
    return rows;
  };
  return { ...house, server, corrections };
}

/** The right answer to the conversation, worked out before it is asked for. */
async function rightAnswer(t: HasAfter): Promise<string> {
  const { client } = await respondHouse(t);
  const answer = await client.respond({ task: TASK, max_iterations: 9, k: 50 });
  return JSON.stringify(answer.artifact);
}

test("drafts that drift are corrected by the overseer, durably logged, and tried again", async (t) => {
  const right = await rightAnswer(t);
  const house = await setUp(t, { content: `<think>hm</think>${ADVICE}` }, () => right);
  const answer = await house.client.respond({ task: TASK, max_iterations: 5, k: 50 });
  assert.equal(answer.status, "accepted", answer.reason);
  // Two equal drafts are drift: the other three iterations are not spent.
  assert.equal(answer.iterations, 3);
  assert.deepEqual(
    answer.history.map((one) => [one.iteration, one.verdict]),
    [
      [1, "validation_failed"],
      [2, "validation_failed"],
      [3, "accepted"],
    ],
  );
  assert.deepEqual(answer.corrections, [
    { correction: ADVICE, model: "script/judge", applied_at_turn: 3 },
  ]);
  const [row] = await house.corrections();
  assert.equal(row!.sig_hash, answer.sig_hash);
  assert.deepEqual([row!.task_class, row!.applied_at_turn], ["staffing.fill", 3]);
  assert.match(row!.reason, /asks for 3/);
  assert.equal(row!.usage.total_tokens, 15);
  const [outcome] = await house.outcomes();
  assert.deepEqual([outcome!.accepted, outcome!.corrections], [true, 1]);
  const event = house.events.find((one) => one.source === "overseer_correction")!;
  assert.deepEqual([event.rescue_attempted, event.rescue_succeeded], [true, true]);
});

test("a correction stands fenced in the prompt and is never remembered as evidence", async (t) => {
  const right = await rightAnswer(t);
  const house = await setUp(t, { content: ADVICE }, () => right);
  await house.client.respond({ task: TASK, k: 50 });
  const prompt = textOf(house.server.asked.findLast(isCorrected)!);
  const outside = prompt.replaceAll(/^```[\w-]+\n[\s\S]*?\n```$/gm, "");
  assert.ok(!outside.includes("must not be empty"), outside);
  assert.equal(house.memory.length, 3);
  assert.ok(!JSON.stringify(house.memory).includes("must not be empty"));

  // Recalled answers that are accepted again count for their playbooks and are nothing new.
  const again = await house.client.respond({ task: TASK, k: 50 });
  assert.equal(again.status, "accepted");
  assert.deepEqual(again.playbooks_recorded, []);
  assert.equal(house.memory.length, 3);
  assert.deepEqual(
    house.memory.map((one) => [one.query_text, one.outcomes]),
    Array(3).fill([TASK, [true]]),
  );
});

test("work that stays wrong after its correction is told as exhausted", async (t) => {
  const house = await setUp(t, { content: ADVICE }, () => '{"fills":[],"note":1}');
  const answer = await house.client.respond({ task: TASK, k: 50 });
  assert.equal(answer.status, "max_iter_exhausted");
  assert.equal(answer.iterations, 4);
  assert.equal((await house.corrections()).length, 1);
  const event = house.events.find((one) => one.source === "overseer_correction")!;
  assert.equal(event.rescue_succeeded, false);
});

test("an overseer that cannot be asked is told, and the refusal stands", async (t) => {
  const house = await setUp(t, { status: 400, message: "no such model here" }, () => SAME);
  const answer = await house.client.respond({ task: TASK, k: 50 });
  assert.equal(answer.status, "max_iter_exhausted");
  assert.match(answer.not_recorded[0]!, /^overseer: .*no such model here/);
  assert.deepEqual([answer.corrections, await house.corrections()], [[], []]);
});

test("without an overseer every iteration is used and nobody else is asked", async (t) => {
  const server = await startScriptedModel(t, () => ({ content: SAME }));
  const provider = createOpenAiCompatibleProvider({ name: "script", base_url: server.base_url });
  const models = await createChat(
    { log: silentLog, clock: systemClock, providers: [provider], tiers: {} },
    chatSettings.parse({ default_model: "script/small" }),
  );
  const house = await respondHouse(t, { chat: connectLocal(chat, models.handlers) });
  const answer = await house.client.respond({ task: TASK, max_iterations: 4, k: 50 });
  assert.deepEqual([answer.iterations, server.asked.length], [4, 4]);
});

test("the columns of the correction log are the fields of its rows", () => {
  assert.deepEqual(
    correctionLogColumns.map((column) => column.name),
    Object.keys(correctionRow.shape),
  );
});
