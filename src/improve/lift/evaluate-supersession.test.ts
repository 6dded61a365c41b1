// Facts that changed, through the real memory: newer above older, the control the other way round.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startCall } from "#kernel/call.ts";
import { systemClock } from "#kernel/clock.ts";
import { openPathway } from "#recall/pathway/open-pathway.suite.ts";
import { evaluateSupersession } from "./evaluate-supersession.ts";
import { SENTENCES } from "./sample-sentences.suite.ts";

const ASKED = SENTENCES.map((text) => ({ text, paraphrase: undefined }));

test("facts that changed are asked for, and the newer stands above the older", async (t) => {
  const { client } = await openPathway(t, { clock: systemClock });
  const request = {
    per_type: 3,
    seed: 7,
    searches_at_once: 4,
    modes: ["mixed", "lexical"] as const,
  };
  const steps = evaluateSupersession(client, ASKED, request, "lift", startCall({}));
  let step = await steps.next();
  while (step.done !== true) step = await steps.next();
  const { facts, figures, by_type } = step.value;
  assert.ok(facts >= 5, `${facts} facts`);
  assert.equal(figures["revised, mixed: newest among 10, n"], facts);
  assert.equal(figures["revised, mixed: newest above superseded"], 1);
  assert.equal(figures["added later, lexical: newest above superseded"], 1);
  assert.ok(figures["restated later, mixed: newest among 10"]! > 0.5);
  assert.equal(figures["superseded handed out"], 0);
  assert.equal(figures["control, written the other way round: changed text above"], 0);
  assert.ok(figures["plain words: newest scores higher"]! < 0.5);
  assert.ok(Object.keys(by_type).length > 3);
});
