// Choices judged one by one: what is asked, how they are ranked, and what happens after a refusal.
import { test } from "node:test";
import assert from "node:assert/strict";
import { startCall } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { ChatAnswer } from "#contracts/chat.ts";
import type { Attempt } from "#contracts/iterate.ts";
import { judging, type Judging, type TokenLogprob } from "#contracts/nouns.ts";
import { spentBefore, type AskedModel, type AskModel } from "./ask-model.ts";
import { askedModel, spoken } from "./asked-model.suite.ts";
import type { AttemptRequest } from "./attempt.ts";
import { choicesOf, createChooser } from "./guided-choice.ts";
import { createGuide } from "./guided-session.ts";

const JUDGING: Judging = {
  instruction: "good or bad?",
  right: "good",
  wrong: "bad",
  examples: [
    { says: "round", right: true },
    { says: "not round", right: false },
  ],
};

/** Options a, b, c …, each with what is said of it. */
function schemaFor(said: readonly (string | undefined)[], count: number) {
  const anyOf = said.map((description, at) => ({
    type: "object",
    ...(description === undefined ? {} : { description }),
    properties: { id: { const: "abcdefgh"[at] } },
    required: ["id"],
  }));
  const list = { type: "array", minItems: count, maxItems: count, items: { anyOf } };
  return { type: "object", properties: { picks: list }, required: ["picks"] };
}

const likely = (good: number): Partial<ChatAnswer> => {
  const top_logprobs = [
    { token: " Good", logprob: Math.log(good) },
    { token: "bad", logprob: Math.log(1 - good) },
    { token: "maybe", logprob: -1 },
  ];
  const first: TokenLogprob = { token: "maybe", logprob: -1, top_logprobs };
  return { content: "maybe", logprobs: [first] };
};

type Picks = { picks: { id: string }[] };
const idsOf = ({ content }: ChatAnswer) => (JSON.parse(content) as Picks).picks.map(({ id }) => id);

const draft = (ask: AskModel, schema: object, asked: Partial<AskedModel> = {}) => {
  const choices = choicesOf(schema as Record<string, unknown>, { judging: JUDGING });
  return createChooser(ask)({ ...asked, choices } as AskedModel, [], startCall());
};

test("each option is asked about by itself, after the same examples, for one word", async () => {
  const { ask, said } = askedModel((says) => likely(Number(says)));
  const answer = await draft(ask, schemaFor(["0.2", "0.9", "0.6"], 2), { model: "m" });
  assert.deepEqual(idsOf(answer), ["b", "c"]);
  assert.equal(answer.finish_reason, "stop");
  assert.equal(answer.usage.total_tokens, 12);
  assert.equal(said.length, 3);
  const { asked, messages } = said[0]!;
  assert.deepEqual(asked, {
    model: "m",
    temperature: 0,
    max_tokens: 1,
    logprobs: true,
    top_logprobs: 20,
  });
  assert.deepEqual(spoken(messages), [
    "system: good or bad?",
    "user: round",
    "assistant: good",
    "user: not round",
    "assistant: bad",
    "user: 0.2",
  ]);
});

test("options that are found equally right keep their own order", async () => {
  const { ask } = askedModel(() => likely(0.5));
  assert.deepEqual(idsOf(await draft(ask, schemaFor(["x", "x", "x"], 2))), ["a", "b"]);
});

test("a model that tells no likelihoods is taken by its word; one that refuses, asked without", async () => {
  const words = askedModel((says) => ({ content: says }));
  const schema = schemaFor(["bad", "what?", "Good."], 2);
  assert.deepEqual(idsOf(await draft(words.ask, schema)), ["c", "b"]);

  const refusing = askedModel((says, asked) => {
    if (asked.logprobs !== undefined) throw new LakehouseError("rejected", "no logprobs here");
    return { content: says };
  });
  assert.deepEqual(idsOf(await draft(refusing.ask, schema)), ["c", "b"]);
  // It is told so once, and from then on asked without.
  assert.equal(refusing.said.length, 4);

  const broken = askedModel(() => {
    throw new LakehouseError("unavailable", "gone");
  });
  await assert.rejects(draft(broken.ask, schema), /gone/);
});

test("after a refusal the next best is taken, and nothing is asked twice of the same model", async () => {
  const { ask, said } = askedModel((says) => likely(Number(says)));
  const schema = schemaFor(["0.2", "0.9", "0.6"], 1) as Record<string, unknown>;
  const guide = createGuide({ guided: true, schema, judging: JUDGING });
  const once = (model: string) => {
    const { chat } = guide.guided({ chat: { model } } as AttemptRequest);
    return createChooser(ask)(chat, [], startCall());
  };
  const first = await once("m");
  assert.deepEqual(idsOf(first), ["b"]);
  guide.refused({
    artifact: JSON.parse(first.content) as Attempt["artifact"],
    raw: first.content,
    error: { kind: "policy", field: "picks.0", message: "no" },
  } as Attempt);
  const second = await once("m");
  assert.deepEqual(idsOf(second), ["c"]);
  assert.equal(second.usage.total_tokens, 0);
  assert.equal(said.length, 3);
  assert.deepEqual(idsOf(await once("bigger")), ["c"]);
  assert.equal(said.length, 5);
});

test("options of which one has no description are chosen from as a list", () => {
  assert.equal(choicesOf(schemaFor(["1", undefined], 1), { judging: JUDGING })!.judge, undefined);
  assert.equal(choicesOf(schemaFor(["1", "2"], 1))!.judge, undefined);
});

test("drafts side by side ask once; a question that failed is asked again", async () => {
  const { ask, said } = askedModel((says) => likely(Number(says)));
  const choices = choicesOf(schemaFor(["0.2", "0.9", "0.6"], 1), { judging: JUDGING })!;
  const chooser = createChooser(ask);
  const drafts = [1, 2, 3].map(() => chooser({ choices } as AskedModel, [], startCall()));
  for (const one of await Promise.all(drafts)) assert.deepEqual(idsOf(one), ["b"]);
  assert.equal(said.length, 3);

  let fails = true;
  const flaky = askedModel((says) => {
    if (fails) throw new LakehouseError("unavailable", "gone");
    return likely(Number(says));
  });
  const again = choicesOf(schemaFor(["0.2", "0.9"], 1), { judging: JUDGING })!;
  const asking = () => createChooser(flaky.ask)({ choices: again } as AskedModel, [], startCall());
  await assert.rejects(asking(), /gone/);
  fails = false;
  assert.deepEqual(idsOf(await asking()), ["b"]);
});

test("a question that failed is asked again for whoever waited for it and still does", async () => {
  const aborter = new AbortController();
  const calls = [startCall(), startCall({ signal: aborter.signal }), startCall(), startCall()];
  for (const [failures, answered, questions] of [
    [1, 2, 3],
    [2, 1, 4],
    [3, 0, 3],
  ] as const) {
    let asked = 0;
    const ask: AskModel = async (one, messages, call) => {
      if (asked++ < failures) throw new LakehouseError("unavailable", "gone");
      return askedModel((says) => likely(Number(says))).ask(one, messages, call);
    };
    const choices = choicesOf(schemaFor(["0.2", "0.9"], 1), { judging: JUDGING })!;
    const chooser = createChooser(ask);
    const drafts = calls.map((call) => chooser({ choices } as AskedModel, [], call));
    aborter.abort();
    const ended = await Promise.allSettled(drafts);
    const ids = ended.flatMap((one) => (one.status === "fulfilled" ? [idsOf(one.value)] : []));
    assert.deepEqual(
      ids,
      Array.from({ length: answered }, () => ["b"]),
    );
    const [owner, leaver] = ended.map((one) => (one.status === "rejected" ? one.reason : one));
    assert.deepEqual([owner.code, leaver.code], ["unavailable", "cancelled"]);
    assert.equal(asked, questions);
  }
});

test("of drafts that wait for a question none asks again what came too late", async () => {
  let asked = 0;
  const ask: AskModel = async () => {
    asked++;
    throw new LakehouseError("deadline_exceeded", "the model did not answer within 20 ms");
  };
  const choices = choicesOf(schemaFor(["0.2", "0.9"], 1), { judging: JUDGING })!;
  const chooser = createChooser(ask);
  const draft = () => chooser({ choices } as AskedModel, [], startCall());
  const ended = await Promise.allSettled([draft(), draft(), draft()]);
  assert.deepEqual(new Set(ended.map(({ status }) => status)), new Set(["rejected"]));
  assert.equal(asked, 1);
});

test("one silent answer is no limit of those who wait for it", async () => {
  let asked = 0;
  const ask: AskModel = async (one, messages, call) => {
    const silent = { extra: { silent_ms: 60_000 } };
    if (asked++ === 0) throw new LakehouseError("deadline_exceeded", "sent nothing", silent);
    return askedModel((says) => likely(Number(says))).ask(one, messages, call);
  };
  const choices = choicesOf(schemaFor(["0.2", "0.9"], 1), { judging: JUDGING })!;
  const chooser = createChooser(ask);
  const draft = () => chooser({ choices } as AskedModel, [], startCall());
  const ended = await Promise.allSettled([draft(), draft(), draft()]);
  const statuses = ended.map(({ status }) => status);
  assert.deepEqual(statuses, ["rejected", "fulfilled", "fulfilled"]);
});

test("what was judged before a question failed is told with the failure", async () => {
  const { ask } = askedModel((says) => {
    if (says === "0.6") throw new LakehouseError("unavailable", "gone");
    return likely(Number(says));
  });
  const failing = draft(ask, schemaFor(["0.2", "0.9", "0.6"], 1));
  await assert.rejects(failing, (error) => {
    assert.equal(spentBefore(error as LakehouseError)?.total_tokens, 8);
    return true;
  });
});

test("a refusal that names no place is told to the model with the whole list", () => {
  const schema = schemaFor(["0.2", "0.9"], 1) as Record<string, unknown>;
  const guide = createGuide({ guided: true, schema, judging: JUDGING });
  const choices = () => guide.guided({ chat: {} } as AttemptRequest).chat.choices!;
  assert.ok(choices().judge);
  guide.refused({
    artifact: { picks: [{ id: "b" }] } as Attempt["artifact"],
    raw: "",
    error: { kind: "policy", field: "", message: "a rule denies it" },
  } as Attempt);
  assert.equal(choices().judge, undefined);
  assert.equal(choices().options.length, 2);
});

test("two words of which one begins the other cannot be told apart", () => {
  const parsed = judging.safeParse({ ...JUDGING, right: "fit", wrong: "Fits not" });
  assert.equal(parsed.success, false);
  assert.match(parsed.error!.issues[0]!.message, /how they begin/);
});
