// What is no time, no cursor or no content is refused, and the refusal says what would be right.
import assert from "node:assert/strict";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { openPathway, SCOPE } from "./open-pathway.suite.ts";

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
