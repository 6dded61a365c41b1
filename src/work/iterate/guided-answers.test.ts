// Choosing with models that are not held to a schema: what they say in place of one item.
import { test } from "node:test";
import assert from "node:assert/strict";
import { startCall } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { chat, ChatAnswer } from "#contracts/chat.ts";
import type { Attempt } from "#contracts/iterate.ts";
import type { ChatMessage } from "#contracts/nouns.ts";
import { createModelAsker, spentBefore, type AskedModel, type AskModel } from "./ask-model.ts";
import { spoken } from "./asked-model.suite.ts";
import { afterRefusal, choicesOf, createChooser } from "./guided-choice.ts";

const item = (id: string) => JSON.stringify({ id, title: `T ${id}` });
const list = (...ids: string[]) => `{"picks":[${ids.map(item).join(",")}]}`;

function choicesFor(ids: readonly string[], count: number) {
  const anyOf = ids.map((id) => ({
    properties: { id: { const: id }, title: { const: `T ${id}` } },
  }));
  const picks = { type: "array", minItems: count, maxItems: count, items: { anyOf } };
  return choicesOf({ properties: { picks } });
}

const USAGE = { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 };

/** Says the lines in turn; what is no text is thrown. */
function saying(...lines: readonly (string | Error)[]) {
  let at = 0;
  const ask: AskModel = async () => {
    const line = lines[at++]!;
    if (line instanceof Error) throw line;
    const told = { content: line, usage: USAGE, finish_reason: "stop", model: "m", provider: "p" };
    return told as ChatAnswer;
  };
  return { ask, times: () => at };
}

const draft = (ask: AskModel, count: number) => {
  const choices = choicesFor(["a", "b", "c"], count)!;
  return createChooser(ask)({ choices } as AskedModel, [], startCall());
};

const idsIn = (artifact: Record<string, unknown>) => {
  return (artifact["picks"] as { id: string }[]).map(({ id }) => id).join("");
};

for (const [what, lines, ids] of [
  ["an item as it is", [item("b"), item("c")], "bc"],
  ["an item in a fence", [`\`\`\`json\n${item("b")}\n\`\`\``, item("a")], "ba"],
  ["an item in prose", [`Sure: ${item("b")}, that is it.`, item("a")], "ba"],
  ["an item whose fields stand in another order", ['{"title":"T a","id":"a"}', item("b")], "ab"],
  ["the whole list at once", [list("c", "a")], "ca"],
  ["the whole list at the second place", [item("c"), `Here: ${list("c", "a")}`], "ca"],
  ["a list of the one item", [list("b"), list("a")], "ba"],
  ["a list that is no object", [`[${item("c")}, ${item("a")}]`], "ca"],
  ["such a list in a fence", [`\`\`\`json\n[${item("c")}, ${item("a")},]\n\`\`\``], "ca"],
  ["such a list of the one item", [`[${item("b")}]`, `[${item("a")}]`], "ba"],
] as const) {
  test(`${what} is read as what was chosen, and kept as it was said`, async () => {
    const { ask, times } = saying(...lines);
    const { read, content, usage } = await draft(ask, 2);
    assert.ok(read !== undefined && "artifact" in read && read.not_offered === undefined);
    assert.equal(idsIn(read.artifact), ids);
    assert.equal(content, lines.join("\n"));
    assert.deepEqual([times(), usage.total_tokens], [lines.length, 4 * lines.length]);
  });
}

test("what is none of the items left is never taken for one", async () => {
  for (const [lines, field] of [
    [[item("z")], "picks.0"],
    [[item("a"), item("a")], "picks.1"],
    [['{"id":"a"}'], "picks.0"],
    [[list("a", "z")], "picks.1"],
  ] as const) {
    const { read, content } = await draft(saying(...lines).ask, 2);
    assert.ok(read !== undefined && "artifact" in read);
    assert.equal(read.not_offered?.field, field);
    assert.match(read.not_offered.message, /^item \d is none of the items .* of id, title$/);
    assert.equal(content, lines.join("\n"));
  }
  const { read } = await draft(saying("I cannot.").ask, 2);
  assert.ok(read !== undefined && "error" in read);
});

test("a list of less than one item, or of part of one, is no list of choices", () => {
  for (const count of [0, -1, 0.5, 1.5, Number.NaN]) {
    assert.equal(choicesFor(["a", "b"], count), undefined, String(count));
  }
  assert.equal(choicesFor(["a", "a"], 2), undefined, "two of one item");
  assert.equal(choicesFor(["a", "a", "b"], 2)!.options.length, 2);
});

test("where no schema can be sent the prompt names the items that are left", async () => {
  for (const use_schema of [true, false]) {
    const said: ChatMessage[][] = [];
    const client = {
      chat: async (input: { messages: ChatMessage[]; response_format?: object }) => {
        if (input.response_format !== undefined) throw new LakehouseError("invalid", "no schemas");
        said.push(input.messages);
        return { content: said.length === 1 ? item("a") : item("b"), usage: USAGE, model: "m" };
      },
    } as unknown as Client<typeof chat>;
    const chooser = createChooser(createModelAsker(client, silentLog, use_schema));
    const choices = choicesFor(["a", "b", "c"], 2)!;
    const messages: ChatMessage[] = [{ role: "user", content: "two" }];
    await chooser({ choices } as AskedModel, messages, startCall());
    const words = "Answer with one of these JSON objects and nothing else:";
    assert.deepEqual(said.map(spoken), [
      [`user: two\n\n${words}\n${item("a")}\n${item("b")}\n${item("c")}`],
      [
        "user: two",
        `assistant: ${item("a")}`,
        `user: Choose one more, another one.\n\n${words}\n${item("b")}\n${item("c")}`,
      ],
    ]);
    assert.deepEqual(messages, [{ role: "user", content: "two" }]);
  }
});

test("what was spent before a question failed is told with the failure", async () => {
  const down = new LakehouseError("unavailable", "gone", {
    reason: "provider_failed",
    hint: "wait",
    extra: { provider: "p" },
  });
  for (const [lines, tokens] of [
    [[item("a"), down], 4],
    [[down], undefined],
  ] as const) {
    const error = (await draft(saying(...lines).ask, 2).catch(
      (thrown: unknown) => thrown,
    )) as never;
    assert.ok((error as unknown) instanceof LakehouseError);
    const { code, reason, message, hint, extra } = error as LakehouseError;
    assert.deepEqual(
      [code, reason, message, hint, extra["provider"]],
      ["unavailable", "provider_failed", "gone", "wait", "p"],
    );
    assert.equal(spentBefore(error)?.total_tokens, tokens);
  }
});

test("what was chosen before a place went wrong stays, and only that place is asked for", async () => {
  for (const [second, message] of [
    ["", /^item 2: the answer holds no JSON object/],
    [item("z"), /^item 2 is none of the items/],
    [item("b"), /^item 2 is none of the items/],
  ] as const) {
    const { ask } = saying(item("b"), second, item("c"));
    const choices = choicesFor(["b", "c", "d"], 3)!;
    const asked = { choices } as AskedModel;
    const { read, content: raw } = await createChooser(ask)(asked, [], startCall());
    assert.ok(read !== undefined && "artifact" in read && read.not_offered !== undefined);
    assert.match(read.not_offered.message, message);
    assert.equal(read.not_offered.field, "picks.1");
    assert.deepEqual(raw.split("\n"), second === "" ? [item("b")] : [item("b"), second]);
    const { artifact, not_offered: error } = read;
    const left = afterRefusal(choices, { artifact, raw, error } as Attempt);
    const bOnly: unknown[] = [JSON.parse(item("b")), undefined, undefined];
    assert.deepEqual([left.places, left.options.length], [bOnly, 3]);
  }
});

test("what is refused of a list is told shortly, however long it is", async () => {
  const told = async (content: string, ids: readonly string[], count: number) => {
    const choices = choicesFor(ids, count)!;
    const asked = { choices } as AskedModel;
    const { read } = await createChooser(saying(content).ask)(asked, [], startCall());
    assert.ok(read !== undefined && "artifact" in read && read.not_offered !== undefined);
    return read.not_offered;
  };
  const ones = (length: number) => JSON.stringify({ picks: Array.from({ length }, () => 1) });
  const longer = await told(ones(2_000), ["a", "b", "c"], 2);
  assert.deepEqual([longer.field, longer.also], ["picks", undefined]);
  assert.match(longer.message, /^2000 items are more than 2; answer with one .* of id, title$/);

  const ids = Array.from({ length: 40 }, (_, at) => `i${at}`);
  const { field, also = [] } = await told(ones(30), ids, 30);
  assert.deepEqual([field, also.length], ["picks.0", 10]);
  assert.deepEqual(also[9], { field: "picks.10", message: "item 11 is none of them either" });
});

test("of a draft that is refused only what was offered stays, however many faults it had", async () => {
  const ids = Array.from({ length: 30 }, (_, at) => `o${at}`);
  const choices = choicesFor(ids, 14)!;
  const ghosts = Array.from({ length: 13 }, (_, at) => `ghost${at}`);
  const { ask } = saying(list("o7", ...ghosts));
  const { read, content: raw } = await createChooser(ask)({ choices } as never, [], startCall());
  assert.ok(read !== undefined && "artifact" in read && read.not_offered !== undefined);
  const { artifact, not_offered: error } = read;
  const left = afterRefusal(choices, { artifact, raw, error } as Attempt);
  const nobody: unknown[] = ghosts.map(() => undefined);
  assert.deepEqual(left.places, [JSON.parse(item("o7")), ...nobody]);
  assert.equal(left.options.length, 30);
});
