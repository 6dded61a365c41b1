// Choices read value by value: what is asked, which values go together, and what a refusal changes.
import { test } from "node:test";
import assert from "node:assert/strict";
import { startCall } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { ChatAnswer } from "#contracts/chat.ts";
import type { Attempt } from "#contracts/iterate.ts";
import type { Reading, TokenLogprob } from "#contracts/nouns.ts";
import type { AskedModel, AskModel } from "./ask-model.ts";
import { askedModel, spoken } from "./asked-model.suite.ts";
import type { AttemptRequest } from "./attempt.ts";
import { choicesOf, createChooser } from "./guided-choice.ts";
import { createGuide } from "./guided-session.ts";

const READING: Reading = {
  instruction: "Read it.",
  text: "From Rome to Oslo.",
  names: { from: "Where it begins" },
  examples: [{ text: "From Paris to Bonn.", values: { "Where it begins": "Paris", to: "Bonn" } }],
};

type Option = Readonly<Record<string, string | number>>;

function schemaFor(options: readonly Option[], count = 1) {
  const anyOf = options.map((option) => ({
    type: "object",
    properties: Object.fromEntries(
      Object.entries(option).map(([field, value]) => [field, { const: value }]),
    ),
    required: Object.keys(option),
  }));
  const list = { type: "array", minItems: count, maxItems: count, items: { anyOf } };
  return { type: "object", properties: { trips: list }, required: ["trips"] };
}

/** Both ways round: each city is used once. */
const BOTH = [
  { from: "Rome", to: "Oslo" },
  { from: "Oslo", to: "Rome" },
];

/**
 * The answer of a model that finds texts so likely: the likeliest, in tokens of so many characters,
 * each place with all that could have stood there.
 */
function answerOf(likely: Readonly<Record<string, number>>, size = 1, tokens = Infinity) {
  const texts = Object.entries(likely).map(([text, p]) => [JSON.stringify(text), p] as const);
  const logprobs: TokenLogprob[] = [];
  for (let told = ""; logprobs.length < tokens;) {
    const open = texts.filter(([text]) => text.startsWith(told));
    const all = open.reduce((sum, [, p]) => sum + p, 0);
    const next = new Map<string, number>();
    for (const [text, p] of open) {
      const token = text.slice(told.length, told.length + size);
      next.set(token, (next.get(token) ?? 0) + p / all);
    }
    const ranked = [...next].toSorted((one, other) => other[1] - one[1]);
    const top_logprobs = ranked.map(([token, p]) => ({ token, logprob: Math.log(p) }));
    const [first] = top_logprobs;
    if (first === undefined || first.token === "") break;
    logprobs.push({ ...first, top_logprobs });
    told += first.token;
  }
  return { content: logprobs.map(({ token }) => token).join(""), logprobs };
}

const read = (ask: AskModel, options: readonly Option[], asked: Partial<AskedModel> = {}) => {
  const choices = choicesOf(schemaFor(options), { reading: READING });
  return createChooser(ask)({ ...asked, choices } as AskedModel, [], startCall());
};
const tripsOf = ({ content }: ChatAnswer) => (JSON.parse(content) as { trips: Option[] }).trips;

test("each field is asked for by itself, after the same examples, held to its values", async () => {
  const { ask, said } = askedModel((says) =>
    answerOf(says === "to?" ? { Oslo: 0.9, Rome: 0.1 } : { Rome: 0.8, Oslo: 0.2 }),
  );
  const answer = await read(ask, BOTH, { model: "m" });
  assert.deepEqual(tripsOf(answer), [{ from: "Rome", to: "Oslo" }]);
  assert.equal(answer.finish_reason, "stop");
  assert.equal(answer.usage.total_tokens, 8);
  assert.deepEqual(said[0]!.asked, {
    model: "m",
    schema: { name: "value", schema: { enum: ["Rome", "Oslo"] }, part_of: READING },
    temperature: 0,
    // The quotation mark is the same, the letter after it tells.
    max_tokens: 2,
    logprobs: true,
    top_logprobs: 20,
  });
  const before = [
    "system: Read it.",
    "user: From Paris to Bonn.",
    "assistant: I have read it.",
    "user: Where it begins?",
    'assistant: "Paris"',
    "user: to?",
    'assistant: "Bonn"',
    "user: From Rome to Oslo.",
    "assistant: I have read it.",
  ];
  assert.deepEqual(
    said.map(({ messages }) => spoken(messages)),
    [
      [...before, "user: Where it begins?"],
      [...before, "user: to?"],
    ],
  );
});

test("the values that go together best are taken, though a field by itself would have another", async () => {
  // It likes to say Rome, whatever it is asked.
  const { ask } = askedModel((says) =>
    answerOf(says === "to?" ? { Rome: 0.9, Oslo: 0.1 } : { Rome: 0.6, Oslo: 0.4 }),
  );
  assert.deepEqual(tripsOf(await read(ask, BOTH)), [{ from: "Oslo", to: "Rome" }]);
});

test("values that begin alike are told apart where they part, in tokens of any length", async () => {
  const values = { "1,000": 0.2, "1,500": 0.5, "1,550": 0.3 };
  const options = Object.keys(values).map((amount) => ({ amount }));
  for (const size of [1, 2, 3, 5, 20]) {
    const { ask, said } = askedModel((_says, { max_tokens }) =>
      answerOf(values, size, max_tokens ?? 0),
    );
    const choices = choicesOf(schemaFor(options), { reading: READING })!;
    const judged = await choices.judge!(ask, {}, choices.options, startCall());
    const scores = choices.options.map((option) => Math.exp(judged.scores.get(option)!));
    assert.deepEqual(
      scores.map((score) => Math.round(score * 1000) / 1000),
      [0.2, 0.5, 0.3],
      `tokens of ${size}`,
    );
    // `"1,5` is what two of them share.
    assert.equal(said[0]!.asked.max_tokens, 5);
  }
});

test("a field in which there is no choice is not asked for, unless there is no other", async () => {
  const { ask, said } = askedModel(() => answerOf({ Oslo: 0.9, Rome: 0.1 }));
  const options = [
    { from: "Rome", to: "Rome" },
    { from: "Rome", to: "Oslo" },
  ];
  assert.deepEqual(tripsOf(await read(ask, options)), [options[1]]);
  assert.equal(said.length, 1);
  assert.deepEqual(tripsOf(await read(ask, options.slice(0, 1))), [options[0]]);
  assert.equal(said.length, 2);
});

test("a model that tells no likelihoods is taken by its word, with quotation marks or without", async () => {
  const words = askedModel((says) => ({ content: says === "to?" ? '"Rome"' : "Oslo" }));
  assert.deepEqual(tripsOf(await read(words.ask, BOTH)), [BOTH[1]]);

  const refusing = askedModel((says, asked) => {
    if (asked.logprobs !== undefined) throw new LakehouseError("rejected", "no logprobs here");
    return { content: says === "to?" ? "Rome" : "Oslo" };
  });
  assert.deepEqual(tripsOf(await read(refusing.ask, BOTH)), [BOTH[1]]);
  // It is told so once, and from then on asked without.
  assert.equal(refusing.said.length, 3);
});

test("after a refusal the next best is taken, and nothing is asked twice of the same model", async () => {
  const { ask, said } = askedModel((says) =>
    answerOf(says === "to?" ? { Oslo: 0.7, Rome: 0.3 } : { Rome: 0.8, Oslo: 0.2 }),
  );
  const options = [...BOTH, { from: "Rome", to: "Rome" }];
  const schema = schemaFor(options) as Record<string, unknown>;
  const guide = createGuide({ guided: true, schema, reading: READING });
  const once = async (model: string) => {
    const { chat } = guide.guided({ chat: { model } } as AttemptRequest);
    return createChooser(ask)(chat, [], startCall());
  };
  const first = await once("m");
  assert.deepEqual(tripsOf(first), [options[0]]);
  guide.refused({
    artifact: JSON.parse(first.content) as Attempt["artifact"],
    raw: first.content,
    error: { kind: "policy", field: "trips.0", message: "no" },
  } as Attempt);
  const second = await once("m");
  assert.deepEqual(tripsOf(second), [options[2]]);
  assert.equal(second.usage.total_tokens, 0);
  assert.equal(said.length, 2);
  assert.deepEqual(tripsOf(await once("bigger")), [options[2]]);
  // Both that are left lead to Rome: only where they begin is open.
  assert.equal(said.length, 3);
});

test("a question that failed is asked again", async () => {
  let fails = true;
  const { ask } = askedModel(() => {
    if (fails) throw new LakehouseError("unavailable", "gone");
    return answerOf({ Rome: 0.8, Oslo: 0.2 });
  });
  const choices = choicesOf(schemaFor(BOTH), { reading: READING })!;
  const asking = () => createChooser(ask)({ choices } as AskedModel, [], startCall());
  await assert.rejects(asking(), /gone/);
  fails = false;
  assert.equal(tripsOf(await asking()).length, 1);
});

test("choices that differ in their fields are chosen from as a list", () => {
  const options = [{ from: "Rome" }, { to: "Oslo" }] as Option[];
  assert.equal(choicesOf(schemaFor(options), { reading: READING })!.judge, undefined);
});
