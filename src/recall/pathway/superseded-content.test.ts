// What once was true and is said again: each door says what works, and that does work.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startCall } from "#kernel/call.ts";
import { toLakehouseError } from "#kernel/problem.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { openPathway, SCOPE } from "./open-pathway.suite.ts";

const SEVEN = "gate 9 opens at 7";
const EIGHT = "gate 9 opens at 8";

type Client = Awaited<ReturnType<typeof openPathway>>["client"];

async function refusal(work: Promise<unknown>) {
  const thrown = await work.then(
    () => assert.fail("it was not refused"),
    (error: unknown) => toLakehouseError(error),
  );
  return thrown;
}

const add = async (client: Client, content: string) =>
  (await client.add({ ...SCOPE, content })).pathway.pathway_id;

async function found(client: Client, include_superseded = false): Promise<unknown[]> {
  const ask = { query_text: "when does gate 9 open", remember_recall: false, include_superseded };
  const { hits } = await client.search({ ...SCOPE, ...ask });
  return hits.map((hit) => hit.pathway.content);
}

eachTransport(
  "what was replaced is not taken for evidence; revising brings it back",
  async (c, t) => {
    const { client } = await openPathway(t, { connect: c });
    const first = await add(client, SEVEN);
    const second = await client.revise({ ...SCOPE, pathway_id: first, content: EIGHT });
    const no = await refusal(client.add({ ...SCOPE, content: SEVEN }));
    assert.deepEqual([no.code, no.reason], ["conflict", "superseded_content"]);
    assert.ok(no.message.includes(second.pathway_id), no.message);
    assert.match(no.hint ?? "", new RegExp(`revise ${second.pathway_id}`));
    assert.equal(no.extra["pathway_id"], second.pathway_id);
    const bulk = await client.bulk({ ...SCOPE, items: [{ content: SEVEN }, { content: EIGHT }] });
    assert.deepEqual(
      bulk.results.map((one) => [one.result, one.reason]),
      [
        ["refused", "superseded_content"],
        ["merged", null],
      ],
    );
    const { pathway_id } = second;
    const third = await client.revise({ ...SCOPE, pathway_id, content: SEVEN });
    assert.deepEqual([third.status, third.replaces], ["active", pathway_id]);
    assert.deepEqual(await found(client), [SEVEN]);
    assert.deepEqual(await found(client, true), [SEVEN, EIGHT, SEVEN]);
    assert.equal(await add(client, SEVEN), third.pathway_id, "now it is evidence again");
  },
);

eachTransport(
  "a chain whose newest was retired is over: its older content is new",
  async (c, t) => {
    const { client } = await openPathway(t, { connect: c });
    const first = await add(client, SEVEN);
    const second = await client.revise({ ...SCOPE, pathway_id: first, content: EIGHT });
    await client.retire({ ...SCOPE, pathway_id: second.pathway_id });
    assert.deepEqual(await found(client, true), []);
    for (const pathway_id of [first, second.pathway_id]) {
      for (const change of [client.revise, client.update]) {
        const no = await refusal(change({ ...SCOPE, pathway_id, content: "gate 9 opens at 9" }));
        assert.deepEqual([no.reason, no.hint], ["retired", "add anew"]);
      }
    }
    const again = await client.add({ ...SCOPE, content: SEVEN });
    assert.deepEqual([again.result, again.pathway.replaces], ["added", null]);
    assert.notEqual(again.pathway.pathway_id, first);
    assert.deepEqual(await found(client), [SEVEN]);
    assert.deepEqual(await found(client, true), [SEVEN]);
    const gone = await refusal(client.add({ ...SCOPE, content: EIGHT }));
    assert.equal(gone.reason, "retired_content", "what was retired itself stays out");
    const { pathway_id } = again.pathway;
    const back = await refusal(client.revise({ ...SCOPE, pathway_id, content: EIGHT }));
    assert.equal(back.reason, "retired_content");
  },
);

eachTransport("content that came back and was then retired stays out", async (connect, t) => {
  const { client } = await openPathway(t, { connect });
  const first = await add(client, SEVEN);
  const second = await client.revise({ ...SCOPE, pathway_id: first, content: EIGHT });
  const { pathway_id } = second;
  const third = await client.revise({ ...SCOPE, pathway_id, content: SEVEN });
  await client.retire({ ...SCOPE, pathway_id: third.pathway_id });
  const no = await refusal(client.add({ ...SCOPE, content: SEVEN }));
  assert.equal(no.reason, "retired_content");
  assert.equal(await add(client, EIGHT).then((id) => id === pathway_id), false);
  assert.deepEqual(await found(client, true), [EIGHT]);
});

test("a version retired in the middle of a chain names the one that may be changed", async (t) => {
  const { client } = await openPathway(t);
  const first = await add(client, SEVEN);
  const second = await client.revise({ ...SCOPE, pathway_id: first, content: EIGHT });
  await client.retire({ ...SCOPE, pathway_id: first });
  const no = await refusal(client.revise({ ...SCOPE, pathway_id: first, content: "at 9" }));
  assert.deepEqual([no.reason, no.hint], ["retired", `change ${second.pathway_id} instead`]);
});

test("going back to an earlier version is no copy of what was recalled", async (t) => {
  const { client } = await openPathway(t);
  const call = startCall({ trace_id: "one session" });
  const first = await add(client, SEVEN);
  await client.search({ ...SCOPE, query_text: "gate 9" }, call);
  const second = await client.revise({ ...SCOPE, pathway_id: first, content: EIGHT }, call);
  const { pathway_id } = second;
  const third = await client.revise({ ...SCOPE, pathway_id, content: SEVEN }, call);
  assert.deepEqual(await found(client), [third.content]);
  const other = await add(client, "the key of gate 9 is with the porter");
  const copy = client.revise({ ...SCOPE, pathway_id: other, content: SEVEN }, call);
  assert.equal((await refusal(copy)).reason, "recalled_text");
});

test("a correction can be taken back in the same words", async (t) => {
  const { client } = await openPathway(t);
  const pathway_id = await add(client, SEVEN);
  await client.update({ ...SCOPE, pathway_id, content: EIGHT });
  assert.equal(await add(client, SEVEN), pathway_id, "it counts for what it was corrected to");
  await client.update({ ...SCOPE, pathway_id, content: SEVEN });
  assert.deepEqual(await found(client), [SEVEN]);
  assert.deepEqual((await client.verify({})).problems, []);
});

test("evidence that comes while its trace is replaced is told, not lost", async (t) => {
  const { client } = await openPathway(t);
  for (let turn = 0; turn < 20; turn++) {
    const content = `door ${turn} is painted green`;
    const pathway_id = await add(client, content);
    const newer = `door ${turn} is painted blue`;
    const [revised, added] = await Promise.allSettled([
      client.revise({ ...SCOPE, pathway_id, content: newer }),
      client.add({ ...SCOPE, content }),
    ]);
    assert.equal(revised.status, "fulfilled");
    if (added.status === "rejected") {
      assert.equal(toLakehouseError(added.reason).reason, "superseded_content");
    } else assert.equal(added.value.pathway.status, "active");
  }
});
