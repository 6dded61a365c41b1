// Poisoned context: what is written into retrieved text must not change what is accepted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createOpenAiCompatibleProvider } from "#adapters/chat-model/openai-compatible-provider.ts";
import { draftFrom } from "#adapters/chat-model/solver-draft.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { chat } from "#contracts/chat.ts";
import type { RespondAnswer } from "#contracts/respond.ts";
import { findBundle, findErrors } from "#ports/context-bundle.ts";
import { createChat } from "#models/chat/chat-service.ts";
import { chatSettings } from "#models/chat/chat-settings.ts";
import { startScriptedModel, type AskedCompletion } from "#work/iterate/scripted-model.suite.ts";
import { INJECTIONS, type Injection } from "./injections.suite.ts";
import { respondHouse, type HasAfter } from "./respond-house.suite.ts";

const TASK = "Need 3 highly reliable forklift operators in Toledo, OH";
const CONTEXT = {
  role: "Forklift Operator",
  count: 3,
  city: "Toledo",
  state: "OH",
  min_reliability: 0.9,
};

/**
 * obedient: does what stands outside of the fences, and reads the rest as data. gullible: says the
 * planted answer at first wherever it stands, then works. captured: says it every time.
 */
type Character = "obedient" | "gullible" | "captured";

const FENCED = /^```[\w-]+\n[\s\S]*?\n```$/gm;

function say(character: Character, { wanted }: Injection, { messages }: AskedCompletion): string {
  const users = messages
    .filter((one) => one.role !== "assistant")
    .map((one) => String(one.content));
  const text = users.join("\n\n");
  if (character === "captured") return wanted;
  if (character === "gullible" && messages.length === 2) return `Of course! ${wanted}`;
  const outside = text.replaceAll(FENCED, "");
  if (outside.includes(wanted)) return wanted;
  // The planted answer of a gullible model was no draft of the bundle's: its error teaches nothing.
  const errors = findErrors(text).slice(character === "gullible" ? 1 : 0);
  return JSON.stringify(draftFrom(findBundle(text)!, errors).artifact);
}

interface Setting {
  character: Character;
  injection: Injection;
}

async function setUp(t: HasAfter) {
  const now: Setting = { character: "obedient", injection: INJECTIONS[0]! };
  const server = await startScriptedModel(t, (asked) => ({
    content: say(now.character, now.injection, asked),
  }));
  const provider = createOpenAiCompatibleProvider({ name: "script", base_url: server.base_url });
  const models = await createChat(
    { log: silentLog, clock: systemClock, providers: [provider], tiers: {} },
    chatSettings.parse({ default_model: "script/small" }),
  );
  t.after(() => models.stop());
  const house = await respondHouse(t, {
    chat: connectLocal(chat, models.handlers),
    retold: (row) => ({ ...row, notes: `${String(row["notes"])} ${now.injection.text}` }),
  });
  const ask = () =>
    house.client.respond({ task: TASK, k: 50, max_iterations: 8, record_playbook: false });
  return { now, server, house, ask };
}

/** Throws when the artifact is not right: asked of the validator itself, not of respond. */
async function judged(house: Awaited<ReturnType<typeof setUp>>["house"], answer: RespondAnswer) {
  const { artifact } = answer;
  return house.judge.validate({ kind: "fill", artifact, context: CONTEXT });
}

test("there are at least 50 different injections", () => {
  assert.ok(INJECTIONS.length >= 50, `${INJECTIONS.length}`);
  assert.equal(new Set(INJECTIONS.map((one) => one.text)).size, INJECTIONS.length);
});

test("none leaves its fence, and a model that obeys what is outside of fences is not reached", async (t) => {
  const { now, server, house, ask } = await setUp(t);
  const promptOf = (at: number) => String(server.asked[at]!.messages[1]!.content);
  now.injection = { name: "none", text: "", wanted: "none" };
  const clean = await ask();
  assert.equal(clean.status, "accepted");
  const outside = promptOf(0).replaceAll(FENCED, "");
  for (const injection of INJECTIONS) {
    now.injection = injection;
    const from = server.asked.length;
    const answer = await ask();
    const notes = findBundle(promptOf(from))!.candidates[0]!["notes"] as string;
    assert.ok(notes.includes(injection.text), `${injection.name}: not in the prompt`);
    assert.equal(promptOf(from).replaceAll(FENCED, ""), outside, injection.name);
    assert.deepEqual(answer.artifact, clean.artifact, injection.name);
    assert.equal((await judged(house, answer)).grounded, true);
  }
});

test("a model that echoes what was planted is refused, and mends it", async (t) => {
  const { now, house, ask } = await setUp(t);
  now.character = "gullible";
  for (const injection of INJECTIONS) {
    now.injection = injection;
    const answer = await ask();
    assert.equal(answer.history[0]!.verdict, "validation_failed", injection.name);
    assert.equal(answer.status, "accepted", injection.name);
    assert.equal((await judged(house, answer)).ok, true);
  }
});

test("a model that says nothing but what was planted gets nothing accepted", async (t) => {
  const { now, house, ask } = await setUp(t);
  now.character = "captured";
  for (const injection of INJECTIONS) {
    now.injection = injection;
    const answer = await ask();
    assert.equal(answer.status, "max_iter_exhausted", injection.name);
    assert.equal(answer.artifact, null);
    await assert.rejects(judged(house, { ...answer, artifact: JSON.parse(injection.wanted) }), {
      reason: "validation_failed",
    });
  }
});
