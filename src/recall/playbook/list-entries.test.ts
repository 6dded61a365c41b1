// Pages of entries: a cursor of any state is one, what is none is refused.
import assert from "node:assert/strict";
import { fixedClock } from "#kernel/clock.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { openPlaybook } from "./open-playbook.suite.ts";

eachTransport("a page of entries is asked for by the cursor of the page before", async (c, t) => {
  const clock = fixedClock(1_800_000_000_000);
  const { client } = await openPlaybook(t, { connect: c, clock });
  for (const query_text of ["first question", "second question", "third question"]) {
    await client.record({ query_text, answer_id: "a", answer_corpus: "things", score: 1 });
    // Entries of one millisecond have no order.
    clock.advance(1);
  }
  const first = await client.list({ limit: 2 });
  await client.retire({ playbook_id: first.next_after! });
  const rest = await client.list({ limit: 2, after: first.next_after!, status: "active" });
  assert.deepEqual(
    rest.playbooks.map((one) => one.query_text),
    ["first question"],
  );
  for (const after of ["zzz", ""]) {
    const refused = { code: "invalid", reason: "bad_cursor", message: /unknown cursor/ };
    await assert.rejects(client.list({ after }), refused);
  }
});
