// What a domain reads in two queries decides before words in general do.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPlaybook } from "./open-playbook.suite.ts";
import { requestDifferences } from "./request-gate.ts";

test("equal readings have no differences", () => {
  assert.deepEqual(requestDifferences('a.b\n{"n":1}', 'a.b\n{"n":1}'), []);
});

test("fields that differ are named, also those that only one reading has", () => {
  const found = requestDifferences(
    'a.b\n{"n":1,"where":"x","with":["p"]}',
    'a.b\n{"n":2,"where":"x"}',
  );
  assert.deepEqual(found, [
    { kind: "n", query: "1", recorded: "2" },
    { kind: "with", query: '["p"]', recorded: "" },
  ]);
});

test("another kind of task, and readings that are no objects, differ as a whole", () => {
  assert.equal(requestDifferences("a.b\n{}", "a.c\n{}")[0]?.kind, "task");
  assert.equal(requestDifferences("a.b\nx", "a.b\ny")[0]?.kind, "request");
});

/** Reads "N <thing>" in any wording that holds a number and one of two things. */
function readRequest(text: string): string | undefined {
  const n = /\d+/.exec(text)?.[0] ?? (/\bthree\b/i.test(text) ? "3" : undefined);
  const thing = /\b(apple|pear)/i.exec(text)?.[1]?.toLowerCase();
  return n === undefined || thing === undefined
    ? undefined
    : `shop.order\n{"n":${n},"of":"${thing}"}`;
}

test("other words with the same reading are answered, near words with another are not", async (t) => {
  const { client } = await openPlaybook(t, { readRequest });
  await client.record({
    query_text: "Please send 3 apples",
    answer_id: "box-1",
    answer_corpus: "boxes",
    score: 1,
  });
  const same = await client.match({ query_text: "I would be glad of three fine apples today" });
  assert.equal(same.matches[0]?.applied, true, same.matches[0]?.reason);
  for (const query_text of ["Please send 4 apples", "Please send 3 pears"]) {
    const { matches } = await client.match({ query_text });
    assert.equal(
      matches.some((match) => match.applied),
      false,
      query_text,
    );
    assert.ok((matches[0]?.differences.length ?? 1) > 0);
  }
});
