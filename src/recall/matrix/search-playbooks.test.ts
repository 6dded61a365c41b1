// Tests of what a search does with playbooks and says of them: facts, and answers without effect.
import assert from "node:assert/strict";
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
