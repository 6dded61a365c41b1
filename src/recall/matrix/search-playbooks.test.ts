// Tests of what a search does with playbooks and says of them: facts, and answers without effect.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LakehouseError } from "#kernel/problem.ts";
import { openPlaybook } from "#recall/playbook/open-playbook.suite.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { build, openMatrix } from "./open-matrix.suite.ts";

const CREW = ["three welders for the hall", "a crew of welders", "welders with a lift licence"];

const crew = {
  kind: "texts" as const,
  items: CREW.map((text, at) => ({ id: `w${at}`, text, metadata: { at } })),
};

const QUERY = "three welders for the hall";

eachTransport("facts given to a search silence what holds elsewhere", async (connect, t) => {
  const opened = await openMatrix(t, { connect });
  await build(opened, { corpus: "crew", source: crew });
  const answer = { answer_id: "w2", answer_corpus: "crew", score: 1 };
  await opened.playbook.record({ query_text: QUERY, ...answer, facts: { site: "Toledo" } });
  const search = async (more: object) => {
    const { results, playbooks } = await opened.client.search({ query_text: QUERY, ...more });
    return { first: results[0]!.id, match: playbooks[0]! };
  };
  const here = await search({ facts: { site: "Toledo" } });
  assert.deepEqual([here.first, here.match.decisions.reuse.decided], ["w2", true]);
  const elsewhere = await search({ facts: { site: "Dayton" } });
  assert.deepEqual([elsewhere.first, elsewhere.match.applied], ["w0", false]);
  assert.match(elsewhere.match.reason, /fact site: "Dayton" against "Toledo"/);
  const unsaid = await search({});
  assert.deepEqual([unsaid.first, unsaid.match.decisions.reuse.decided], ["w2", false]);
  assert.match(unsaid.match.reason, /^applied: .*; facts not given: site$/);
});

test("an entry without effect is not applied, and says what kept it", async (t) => {
  const opened = await openMatrix(t);
  await build(opened, { corpus: "crew", source: crew, id_prefix: "k-" });
  const search = async (answer_id: string, more: object = {}) => {
    const entry = { query_text: QUERY, answer_id, answer_corpus: "crew", score: 1 };
    await opened.playbook.record({ ...entry, scope: answer_id });
    const asked = { query_text: QUERY, playbook_scope: answer_id, ...more };
    return (await opened.client.search(asked)).playbooks[0]!;
  };
  const unprefixed = await search("w2");
  assert.deepEqual([unprefixed.applied, unprefixed.effect], [false, "none"]);
  assert.match(unprefixed.reason, /"w2" does not stand in the corpus "crew"; there is "k-w2"$/);
  assert.equal(unprefixed.decisions.boost.decided, false);
  assert.match(unprefixed.decisions.reuse.reason, /^no: the answer "w2" does not stand/);
  assert.match((await search("k-99")).reason, /"k-99" does not stand in the corpus "crew"$/);
  const filtered = await search("k-w2", { filters: { at: { lte: 1 } } });
  assert.deepEqual([filtered.applied, filtered.effect], [false, "none"]);
  assert.match(filtered.reason, /"k-w2" is filtered away$/);
  const boosted = await search("k-w1");
  assert.deepEqual([boosted.applied, boosted.effect], [true, "boosted"]);
});

test("of two entries for one answer the one that put it forward is applied", async (t) => {
  const opened = await openMatrix(t);
  await build(opened, { corpus: "crew", source: crew });
  const entry = { query_text: QUERY, answer_id: "w2", answer_corpus: "crew" };
  await opened.playbook.record({ ...entry, score: 1, facts: { site: "Toledo" } });
  await opened.playbook.record({ ...entry, score: 0.5, facts: { day: "Monday" } });
  const { playbooks } = await opened.client.search({ query_text: QUERY });
  const told = playbooks.map((it) => [it.playbook.score, it.applied, it.effect]);
  assert.deepEqual(told, [
    [1, true, "boosted"],
    [0.5, false, "none"],
  ]);
  assert.match(playbooks[1]!.reason, /puts the same answer forward/);
});

test("an answer that is raised and still below those shown is said to be so", async (t) => {
  const opened = await openMatrix(t, { settings: { playbook_strength: 0.05 } });
  await build(opened, { corpus: "crew", source: crew });
  const entry = { query_text: QUERY, answer_id: "w2", answer_corpus: "crew", score: 0.1 };
  await opened.playbook.record(entry);
  const { results, playbooks } = await opened.client.search({ query_text: QUERY, k: 1 });
  assert.deepEqual([results[0]!.id, playbooks[0]!.applied], ["w0", true]);
  assert.match(playbooks[0]!.reason, /even so its answer is below those shown$/);
});

eachTransport("an answer that stands nowhere is told when it is recorded", async (connect, t) => {
  const opened = await openMatrix(t);
  await build(opened, { corpus: "crew", source: crew, id_prefix: "k-" });
  const { client } = await openPlaybook(t, { connect, places: opened.places });
  const record = (answer_corpus: string, answer_id: string) =>
    client.record({ query_text: QUERY, answer_corpus, answer_id, score: 1 });
  assert.deepEqual((await record("crew", "k-w0")).warnings, []);
  const unprefixed = await record("crew", "w0");
  assert.deepEqual(unprefixed.warnings, ['corpus "crew" does not hold "w0" (there is "k-w0")']);
  assert.equal(unprefixed.merged, false);
  await assert.rejects(
    record("crwe", "k-w0"),
    (error: LakehouseError) => error.reason === "no_such_corpus" && /"crew"/.test(error.hint!),
  );
  assert.equal((await client.list({})).total, 2);
  const [foreign] = (await record("actions", "x")).warnings;
  assert.match(foreign!, /^there is no corpus "actions": no search shows this answer/);
  const entries = ["a", "b"].map((answer_id) => ({
    query_text: QUERY,
    answer_corpus: "crwe",
    answer_id,
    score: 1,
  }));
  const bulk = await client.bulk({ entries });
  assert.equal(bulk.recorded, 2);
  assert.match(bulk.warnings.join(), /^there is no corpus "crwe" \(did you mean "crew"\?\)/);
});
