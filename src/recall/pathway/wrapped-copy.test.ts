// What wraps a recalled text and what says something new with its words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startCall } from "#kernel/call.ts";
import { toLakehouseError } from "#kernel/problem.ts";
import { openPathway, SCOPE } from "./open-pathway.suite.ts";
import { wordsToFind, wrappedIn } from "./wrapped-copy.ts";

const FACTS = [
  "pump 7 leaks at the flange",
  "gate 4 is shut on Mondays",
  "Maria has the cellar keys",
  "invoices go to the Lyon office",
  "never restart queue B by hand",
  "the printer needs blue toner",
  "boiler pressure stays below 3 bar",
  "der Schlüssel liegt im Büro",
  "orders over 500 need approval",
  "staging runs on port 3110",
];

const WRAPPINGS: ((fact: string) => string)[] = [
  (fact) => `I remember that ${fact}`,
  (fact) => `According to memory, ${fact}.`,
  (fact) => `${fact} (this is what I found in memory)`,
  (fact) => `The answer is: ${fact}, as I recalled.`,
  (fact) => `Note: ${fact}`,
  (fact) => `As noted earlier, ${fact}.`,
  (fact) => `Based on the search results, ${fact}!`,
  (fact) => `From what I know, ${fact}, and that is confirmed.`,
  (fact) => `Don't forget: ${fact}.`,
  (fact) => `Important reminder for everybody: ${fact}`,
  (fact) => `Summary of what was retrieved:\n- ${fact}`,
  (fact) => `"${fact}" – so the notes say.`,
  (fact) => `It is known that ${fact}.`,
  (fact) => `I looked it up and found: ${fact}`,
  (fact) => `As I mentioned before: ${fact}.`,
  (fact) => `User asked; I told them ${fact}.`,
  (fact) => `If I am not mistaken, ${fact}.`,
  (fact) => `My long term memory contains this entry: ${fact}`,
  (fact) => `TO REMEMBER: ${fact.toUpperCase()}`,
  (fact) => `Good to know, ${fact}. Thanks!`,
  (fact) => `We have established that ${fact}`,
  (fact) => `Heads up, team: ${fact}`,
  (fact) => `${fact}, just so you know`,
  (fact) => `Yes, indeed, ${fact}, as stated above.`,
  (fact) => `It appears that ${fact}.`,
  (fact) => `What I learned today: ${fact}`,
  (fact) => `${fact}. This came up in a prior session.`,
  (fact) => `**Key insight**: ${fact}`,
  (fact) => `Fact retrieved from the knowledge store: ${fact}`,
];

const NEWS: ((fact: string) => string)[] = [
  (fact) => `${fact} because seal 12 cracked in March`,
  (fact) => `${fact} because the gasket is worn`,
  (fact) => `it is not true that ${fact}`,
  (fact) => `${fact} no longer`,
  (fact) => `${fact}; this was fixed yesterday`,
  (fact) => `${fact}, Bernard says`,
  (fact) => `since the flood ${fact}`,
  (fact) => `${fact} and the spare part is ordered`,
  (fact) => `${fact} until the inspection`,
  (fact) => `${fact}, 30 litres a day`,
  (fact) => `the rule that ${fact} is obsolete`,
  (fact) => `${fact} but only at night`,
  (fact) => `${fact} or the sensor lies`,
  (fact) => `when the heating is on ${fact}`,
  (fact) => `unless the foreman agrees, ${fact}`,
  (fact) => `I recall that ${fact}, which costs us twice the budget`,
  (fact) => `${fact}: closed by the contractor`,
  (fact) => `I don't think ${fact}`,
  (fact) => `although nobody complained, ${fact}`,
  (fact) => `${fact}. A new supplier delivers better material for far lower prices every week`,
  (fact) => `people doubt that ${fact} while auditors insist on it`,
  (fact) => `it was wrong that ${fact}`,
  (fact) => `${fact} in rainy weather`,
  (fact) => `${fact}, which is dangerous`,
  (fact) => `${fact}. Remedy: tighten bolts`,
  (fact) => `${fact}; the manager wants it mended by friday`,
  (fact) => `contrary to what I said, ${fact}`,
];

test("wrapping around any of ten facts is seen through", () => {
  for (const fact of FACTS) {
    for (const wrap of WRAPPINGS) {
      const text = wrap(fact);
      assert.deepEqual(wrappedIn(text, [wordsToFind(fact)]), [0], text);
    }
  }
});

test("what says more than the fact it mentions is news", () => {
  for (const fact of FACTS) {
    for (const say of NEWS) {
      const text = say(fact);
      assert.deepEqual(wrappedIn(text, [wordsToFind(fact)]), [], text);
    }
  }
});

test("a changed value, word or order is no copy", () => {
  const fact = "the red key of pump 7 hangs behind the door";
  const changed = [
    "I remember: the red key of pump 8 hangs behind the door",
    "I remember: the red key of pump 7 hangs beside the door",
    "I remember: the blue key of pump 7 hangs behind the door",
    "I remember: the red key of pump 7 hangs behind the cellar door",
    "I remember: the red key of the old pump 7 hangs behind the door",
    "I remember: the door of pump 7 hangs behind the red key",
    "the red key of pump 7 hangs",
  ];
  for (const text of changed) assert.deepEqual(wrappedIn(text, [wordsToFind(fact)]), [], text);
});

test("several facts in one wrapping are seen through, each of them", () => {
  const known = FACTS.map(wordsToFind);
  const text = `From memory: ${FACTS[2]}. Also noted: ${FACTS[0]}. That is all I found.`;
  assert.deepEqual(wrappedIn(text, known).toSorted(), [0, 2]);
  assert.deepEqual(wrappedIn("nothing of the kind was ever said", known), []);
  assert.deepEqual(wrappedIn("", known), []);
  assert.deepEqual(wrappedIn("it is", [wordsToFind("it is")]), [], "no word of any matter");
});

test("in the trace that recalled it, a wrapped fact is refused; news and other traces are not", async (t) => {
  const { client } = await openPathway(t);
  const fact = FACTS[0]!;
  await client.add({ ...SCOPE, content: fact });
  const call = startCall({ trace_id: "run" });
  await client.search({ ...SCOPE, query_text: "pump" }, call);
  for (const [at, wrap] of WRAPPINGS.entries()) {
    const content = at % 2 === 0 ? wrap(fact) : { note: wrap(fact) };
    const thrown = await client.add({ ...SCOPE, content }, call).then(
      () => assert.fail(`${wrap(fact)} was accepted`),
      (error: unknown) => toLakehouseError(error),
    );
    assert.equal(thrown.reason, "recalled_text");
  }
  assert.equal((await client.stats(SCOPE)).traces, 1);
  const news = `${fact} because seal 12 cracked in March`;
  assert.equal((await client.add({ ...SCOPE, content: news }, call)).result, "added");
  const elsewhere = "According to memory, pump 7 leaks at the flange.";
  const other = startCall({ trace_id: "another run" });
  assert.equal((await client.add({ ...SCOPE, content: elsewhere }, other)).result, "added");
});
