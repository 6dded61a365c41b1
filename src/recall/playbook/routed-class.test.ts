// A query whose kind nobody told: the scope's classes work it out, and the answer says so.
import { test } from "node:test";
import assert from "node:assert/strict";
import { openPlaybook } from "./open-playbook.suite.ts";
import { transferProbability } from "./form-likeness.ts";
import { ROUTED_ENTRIES_MIN } from "./routed-class.ts";

const KINDS = {
  timer: "start a timer for minutes",
  weather: "how is the weather forecast over town",
};
const PLACES = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
const entries = (classed: boolean) =>
  Object.entries(KINDS).flatMap(([task_class, text]) =>
    PLACES.map((place) => ({
      query_text: `${text} ${place}`,
      answer_id: task_class,
      answer_corpus: "c",
      score: 1,
      ...(classed ? { task_class } : {}),
    })),
  );
const query_text = "start a new timer for twenty minutes";

test("the kind of a query is worked out from the classes of its scope, and told", async (t) => {
  const { client } = await openPlaybook(t);
  await client.bulk({ scope: "classed", entries: entries(true) });
  await client.bulk({ scope: "plain", entries: entries(false) });
  assert.ok(entries(true).length >= ROUTED_ENTRIES_MIN);
  const first = async (scope: string, more = {}) =>
    (await client.match({ query_text, scope, k: 1, ...more })).matches[0]!;
  const [routed, plain] = [await first("classed"), await first("plain")];
  assert.equal(routed.playbook.answer_id, "timer");
  assert.match(
    routed.decisions.transfer.reason,
    /most like "timer", .+ this entry is of the same/u,
  );
  assert.doesNotMatch(plain.decisions.transfer.reason, /most like/u);
  assert.ok(routed.decisions.transfer.probability > plain.decisions.transfer.probability);
  // Whoever tells the class is believed, and nothing is worked out.
  const told = await first("classed", { task_class: "timer" });
  assert.ok(told.decisions.transfer.probability >= routed.decisions.transfer.probability);
  assert.doesNotMatch(told.decisions.transfer.reason, /most like/u);
  // Boost and reuse know nothing of it.
  assert.equal(routed.confidence, plain.confidence);
  assert.deepEqual(routed.decisions.reuse, plain.decisions.reuse);
  // An entry left out has taught the router: it is not asked then.
  const without = [told.playbook.playbook_id];
  const other = await first("classed", { without });
  assert.doesNotMatch(other.decisions.transfer.reason, /most like/u);
});

test("few classed entries, or one class only, are no ground to go by", async (t) => {
  const { client } = await openPlaybook(t);
  const of = (kind: string) => entries(true).filter((entry) => entry.task_class === kind);
  await client.bulk({ scope: "few", entries: [...of("timer").slice(0, 5), ...of("weather")] });
  await client.bulk({ scope: "one", entries: of("timer") });
  for (const scope of ["few", "one"]) {
    const { matches } = await client.match({ query_text, scope, k: 3 });
    assert.ok(matches.length > 0);
    for (const { decisions } of matches)
      assert.doesNotMatch(decisions.transfer.reason, /most like/u);
  }
});

test("a class worked out counts as far as it is sure", () => {
  const p = transferProbability(0.4, null, "a");
  assert.equal(transferProbability(0.4, "a", "a", 0), p);
  const same = [0, 0.5, 1].map((trust) => transferProbability(0.4, "a", "a", trust));
  const other = [0, 0.5, 1].map((trust) => transferProbability(0.4, "b", "a", trust));
  assert.ok(same[0]! < same[1]! && same[1]! < same[2]!);
  assert.ok(other[0]! > other[1]! && other[1]! > other[2]!);
});
