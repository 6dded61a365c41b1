// What is no time, no cursor or no content is refused, and the refusal says what would be right.
import assert from "node:assert/strict";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { newId } from "#kernel/ids.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { openPathway, SCOPE } from "./open-pathway.suite.ts";
import { contentHash } from "./trace-content.ts";

const EMPTY = ["", "   ", "\u200b \n", null, {}, [], { note: " " }, [null, {}], { a: { b: [] } }];

eachTransport("bounds in time are times; what is none is refused", async (connect, t) => {
  const { client } = await openPathway(t, { connect });
  const { pathway } = await client.add({ ...SCOPE, content: "the pump is loud" });
  const day = pathway.recorded_at.slice(0, 10);
  const ask = (bounds: object) => client.search({ ...SCOPE, query_text: "pump", ...bounds });
  const none = ["yesterday", "2026-13-45", "2026-02-30", "", "1800000000", "2026-03-01T08:30"];
  for (const field of ["recorded_from", "recorded_to"]) {
    for (const text of none) {
      const refused = { code: "invalid", message: /recorded_\w+: must be an ISO 8601 time/ };
      await assert.rejects(ask({ [field]: text }), refused, `${field} ${text}`);
    }
  }
  const later = "2999-01-01T00:00:00+01:00";
  const found = async (bounds: object) => (await ask(bounds)).hits.length;
  assert.equal(await found({ recorded_from: day, recorded_to: later }), 1);
  assert.equal(await found({ recorded_from: pathway.recorded_at }), 1);
  assert.equal(await found({ recorded_from: later }), 0);
  assert.equal(await found({ recorded_to: day }), 0);
});

eachTransport("a page is asked for by the cursor of the page before", async (connect, t) => {
  const { client } = await openPathway(t, { connect });
  for (const name of ["one", "two", "three"]) await client.add({ ...SCOPE, content: name });
  const other = { ...SCOPE, tenant: "other" };
  const foreign = (await client.add({ ...other, content: "one" })).pathway.pathway_id;
  const first = await client.list({ ...SCOPE, limit: 2 });
  const rest = await client.list({ ...SCOPE, limit: 2, after: first.next_after! });
  assert.deepEqual(
    rest.pathways.map((one) => one.content),
    ["one"],
  );
  for (const after of ["zzz", "", foreign]) {
    const refused = { code: "invalid", reason: "bad_cursor", message: /unknown cursor/ };
    await assert.rejects(client.list({ ...SCOPE, after }), refused);
  }
  const nobody = { ...SCOPE, tenant: "nobody" };
  await assert.rejects(client.list({ ...nobody, after: foreign }), { reason: "bad_cursor" });
  assert.equal((await client.list(nobody)).total, 0);
});

eachTransport("what says nothing is not remembered, nor asked for", async (connect, t) => {
  const { client } = await openPathway(t, { connect });
  const { pathway } = await client.add({ ...SCOPE, content: "the pump is loud" });
  const { pathway_id } = pathway;
  for (const content of EMPTY) {
    const refused = { code: "invalid", reason: "empty_content" };
    await assert.rejects(client.add({ ...SCOPE, content, tags: ["x"] }), refused);
    await assert.rejects(client.update({ ...SCOPE, pathway_id, content }), refused);
    await assert.rejects(client.revise({ ...SCOPE, pathway_id, content }), refused);
  }
  const items = [{ content: "" }, { content: "the fan is loud" }, { content: {} }];
  const bulk = await client.bulk({ ...SCOPE, items });
  assert.deepEqual(
    bulk.results.map((one) => one.reason),
    ["empty_content", null, "empty_content"],
  );
  for (const content of [0, false, "?", { done: true }]) {
    assert.equal((await client.add({ ...SCOPE, content })).result, "added");
  }
  for (const query_text of ["", "   ", "\n\u200b"]) {
    await assert.rejects(client.search({ ...SCOPE, query_text }), { code: "invalid" });
  }
});

test("a log with traces that say nothing opens, and they are nobody's answer", async (t) => {
  const dir = await tempDir(t);
  const rows = [...EMPTY, "the pump is loud"].map((content) => ({
    op: "add",
    at: "2026-01-01T00:00:00.000Z",
    ...SCOPE,
    pathway_id: newId(),
    trace_id: "t",
    content,
    hash: contentHash(content),
    tags: ["old"],
  }));
  await appendFile(
    join(dir, "pathways.jsonl"),
    rows.map((row) => `${JSON.stringify(row)}\n`).join(""),
  );
  const { client, service } = await openPathway(t, { dir });
  await service.embedded();
  assert.equal((await client.stats(SCOPE)).traces, EMPTY.length + 1);
  assert.deepEqual((await client.verify({})).problems, []);
  const found = async (query_text: string) =>
    (await client.search({ ...SCOPE, query_text })).hits.map((hit) => hit.pathway.content);
  assert.deepEqual(await found("something else"), ["the pump is loud"]);
  assert.equal((await found("old")).length, 1 + EMPTY.length, "their tags are words");
  const { pathway_id } = rows[0]!;
  const filled = await client.update({ ...SCOPE, pathway_id, content: "the fan is new" });
  assert.equal(filled.status, "active");
});
