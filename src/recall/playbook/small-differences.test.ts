// Signs, units, letters, names and ways to deny: small things that make another request of one.
import { test } from "node:test";
import assert from "node:assert/strict";
import { normaliseQuery, readWords } from "./query-words.ts";
import { createTypedGate } from "./typed-gate.ts";

const gate = createTypedGate([]);

function differences(left: string, right: string) {
  return gate(readWords(left), readWords(right));
}

for (const [left, right] of [
  ["set the freezer to -18 degrees", "set the freezer to 18 degrees"],
  ["store sample 9 at -80 C", "store sample 9 at 80 C"],
  ["set gain to +6", "set gain to -6"],
  ["call the doctor if potassium < 3.5", "call the doctor if potassium > 3.5"],
  ["restart the node when load >= 80", "restart the node when load <= 80"],
  ["pay ¥900 to Sato", "pay ₹900 to Sato"],
  ["cut the pipe to 5'", 'cut the pipe to 5"'],
  ["give .5 mg morphine to bed 12", "give 5 mg morphine to bed 12"],
  ["prepare 10⁵ cells per ml", "prepare 105 cells per ml"],
  [
    "order work trousers in size s for the new cook",
    "order work trousers in size m for the new cook",
  ],
  ["what does section 12(a) of the lease say", "what does section 12(d) of the lease say"],
  ["reset the badge reader at door d", "reset the badge reader at door a"],
  ["run plan a for the outage", "run plan d for the outage"],
  ["grant ana access to drive s", "grant ana access to drive d"],
  ["vitamin d dose for infants", "vitamin dose for infants"],
  ["give Mr Klein 5 mg of bisoprolol", "give Mrs Klein 5 mg of bisoprolol"],
  ["call Mr William about invoice 12", "call Mr Williams about invoice 12"],
  ["move the hearing from room 2 to room 5", "move the hearing from room 5 to room 2"],
  ["report is due on 2026-03-04", "report is due on 2026-04-03"],
  ["due on 3/4", "due on 4/3"],
  ["wifi is slow in meeting room B", "wifi is slow in every room but meeting room B"],
  ["restart the web server", "avoid restarting the web server"],
  ["restart the web server", "stop restarting the web server"],
  ["restart the web server", "refrain from restarting the web server"],
  ["grant Maria read access", "grant Maria write access"],
  ["give 5 mg of it", "give 5 g of it"],
  ["insert the disk", "remove the disk"],
  ["the tenant moves out on May 31", "the tenant moves in on May 31"],
] as const) {
  test(`another: ${left} | ${right}`, () => {
    assert.notDeepEqual(differences(left, right), []);
    assert.notDeepEqual(differences(right, left), []);
  });
}

for (const [left, right] of [
  ["send the report without attachments", "send the report with no attachments"],
  ["pizza without onions for table 2", "pizza for table 2, no onions"],
  ["if the drain exceeds 100 ml", "if the drain is over 100 ml"],
  ["if the drain exceeds 100 ml", "if the drain is more than 100 ml"],
  ["copy 10 GB", "copy 10 gigabytes"],
  ["due 2026-03-04", "due March 4 2026"],
  ["due on 03/04/2026", "due on 3/4/2026"],
  ["it 's the 's of it", "it's the of it"],
  ["load of at least 80", "load >= 80"],
  ["open it at 4 p.m.", "open it at 4pm"],
  ["all documents but the invoices", "all documents except the invoices"],
  ["find out what is in my account", "find out in which account it is"],
  ["stop receiving emails", "don't receive emails"],
] as const) {
  test(`no difference: ${left} | ${right}`, () => {
    assert.deepEqual(differences(left, right), []);
    assert.deepEqual(differences(right, left), []);
  });
}

test("signs, powers and units make another query, capitals and its end do not", () => {
  const is_one = (left: string, right: string) => normaliseQuery(left) === normaliseQuery(right);
  assert.ok(is_one("Reset the  VPN!", "reset the vpn"));
  assert.ok(is_one("What is it?", "what is it."));
  assert.ok(!is_one("10⁵ cells", "105 cells"));
  assert.ok(!is_one("set it to 5 mV", "set it to 5 MV"));
  assert.ok(!is_one("???", "..."));
  assert.ok(!is_one("5!", "5"));
});
