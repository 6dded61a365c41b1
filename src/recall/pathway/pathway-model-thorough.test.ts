// Properties: against a model, against concurrency, and of the parts that only count.
import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { startCall } from "#kernel/call.ts";
import { createKeyTable, keyOf, uuidOf } from "./key-table.ts";
import { openPathway, SCOPE } from "./open-pathway.suite.ts";
import { runModel } from "./pathway-model.suite.ts";
import { createPostingLists } from "./posting-lists.ts";

test("random operations across scopes do what a simple model says", async (t) => {
  const { client } = await openPathway(t);
  const run = await runModel(client, 11, 1000);
  assert.deepEqual((await client.verify({})).problems, []);
  assert.ok(run.searches > 200 && run.refused > 30 && run.traces > 100, JSON.stringify(run));
});

test("facts that come in ten times, at once or one after the other, are one each", async (t) => {
  const { client, dir } = await openPathway(t);
  const items = Array.from({ length: 200 }, (_, at) => ({
    content: { fact: `machine ${at} stands in hall ${at % 7}` },
    sources: [{ source: "inventory.csv", line: at }],
  }));
  const first = await client.bulk({ ...SCOPE, items });
  assert.equal(first.added, 200);
  const { size } = await stat(join(dir, "pathways.jsonl"));
  const rest = await Promise.all(Array.from({ length: 9 }, () => client.bulk({ ...SCOPE, items })));
  assert.deepEqual(
    rest.map((one) => one.unchanged),
    Array(9).fill(200),
  );
  const after = await stat(join(dir, "pathways.jsonl"));
  assert.equal(after.size, size, "not a byte was added");
  const twice = { content: "said twice at once" };
  const both = await client.bulk({ ...SCOPE, items: [twice, twice, twice] });
  assert.deepEqual([both.added, both.merged], [1, 2]);
});

test("an agent that stores what it recalls, turn after turn, does not grow its memory", async (t) => {
  const { client, service } = await openPathway(t);
  for (let at = 0; at < 20; at++) {
    const content = `lesson ${at}: after step ${at * 3} check valve number ${at + 40} twice`;
    await client.add({ ...SCOPE, content });
  }
  await service.embedded();
  const before = await client.stats(SCOPE);
  for (let turn = 0; turn < 50; turn++) {
    const call = startCall({ trace_id: `turn ${turn % 5}` });
    const { hits } = await client.search(
      { ...SCOPE, query_text: `valve lesson ${turn % 20}` },
      call,
    );
    const texts = hits.map((hit) => String(hit.pathway.content));
    const items = [...texts, texts.join("\n"), `I remember: ${texts[0]}`].map((content) => ({
      content,
    }));
    const said = await client.bulk({ ...SCOPE, items }, call);
    assert.equal(said.refused, items.length, JSON.stringify(said.results));
    const next = await client.bulk({ ...SCOPE, items });
    assert.equal(next.added + next.merged, 0, "nor through another trace");
  }
  assert.deepEqual(await client.stats(SCOPE), before);
});

test("revisions of one trace at the same time: one wins, the others are told", async (t) => {
  const { client } = await openPathway(t);
  const { pathway } = await client.add({ ...SCOPE, content: "version nought" });
  const { pathway_id } = pathway;
  const tries = await Promise.allSettled(
    Array.from({ length: 8 }, (_, at) =>
      client.revise({ ...SCOPE, pathway_id, content: `version of writer ${at}` }),
    ),
  );
  assert.equal(tries.filter((one) => one.status === "fulfilled").length, 1);
  for (const one of tries) {
    if (one.status === "rejected")
      assert.equal((one.reason as { reason: string }).reason, "superseded");
  }
});

test("posting lists give back what was put in, whatever their lengths", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 6000 }), (pushes) => {
      const lists = createPostingLists();
      const expected: number[][] = Array.from({ length: 10 }, () => []);
      for (let list = 0; list < 10; list++) lists.open();
      for (const [at, list] of pushes.entries()) {
        // A few lists are long enough for blocks of every size.
        for (let times = 0; times < (list === 0 ? 9 : 1); times++) {
          lists.push(list, at * 10 + times);
          expected[list]!.push(at * 10 + times);
        }
      }
      for (let list = 0; list < 10; list++) {
        const found: number[] = [];
        lists.each(list, (page, from, to) => found.push(...page.subarray(from, to)));
        assert.deepEqual(found, expected[list]);
        assert.equal(lists.lengthOf(list), expected[list]!.length);
      }
    }),
    { numRuns: 30 },
  );
});

test("ids are found by their key, and a key gives its id back", () => {
  fc.assert(
    fc.property(fc.array(fc.uuid(), { maxLength: 600 }), (ids) => {
      const table = createKeyTable();
      for (const id of ids) table.push(keyOf(id)!);
      for (const [row, id] of ids.entries()) {
        assert.ok(table.find(keyOf(id)!).includes(row));
        assert.equal(uuidOf(table.keyAt(row)), id);
      }
      assert.deepEqual(table.find(keyOf("ffffffff-ffff-4fff-8fff-fffffffffff0")!), []);
    }),
    { numRuns: 30 },
  );
  assert.equal(keyOf("no id"), undefined);
  assert.equal(keyOf("FFFFFFFF-ffff-4fff-8fff-ffffffffffff"), undefined);
});
