// Tests of the three decisions and of what an entry learns from its outcomes.
import assert from "node:assert/strict";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fixedClock } from "#kernel/clock.ts";
import type { PlaybookMatch } from "#contracts/playbook.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { openPlaybook } from "./open-playbook.suite.ts";
import { learnedThreshold, utilityOf, wilsonBounds } from "./outcome-bounds.ts";

const ANSWER = { answer_id: "a1", answer_corpus: "things", score: 1 };
type Opened = Awaited<ReturnType<typeof openPlaybook>>;

async function first(
  { client }: Pick<Opened, "client">,
  query_text: string,
  more: object = {},
): Promise<PlaybookMatch> {
  const { matches } = await client.match({ query_text, ...more });
  assert.ok(matches[0] !== undefined, `nothing was found for "${query_text}"`);
  return matches[0];
}

function decided({ decisions }: PlaybookMatch): string {
  const { transfer, boost, reuse } = decisions;
  return [transfer.decided && "transfer", boost.decided && "boost", reuse.decided && "reuse"]
    .filter(Boolean)
    .join(" ");
}

eachTransport("the same in politer words is reused, another value not", async (connect, t) => {
  const opened = await openPlaybook(t, { connect });
  const query_text = "convert 20 dollars to euros at the airport";
  await opened.client.record({ query_text, ...ANSWER });
  assert.equal(decided(await first(opened, query_text)), "transfer boost reuse");
  const polite = await first(opened, `please ${query_text}, thanks`);
  assert.equal(decided(polite), "transfer boost reuse");
  const other = await first(opened, "convert 30 dollars to euros at the airport");
  assert.equal(decided(other), "transfer");
  assert.match(other.decisions.reuse.reason, /^no: not the same task/);
  const more = await first(opened, `${query_text} lounge`);
  assert.equal(more.decisions.reuse.decided, false);
  assert.match(more.decisions.reuse.reason, /words without a counterpart: loung/);
});

test("facts must be given and equal before an answer is reused", async (t) => {
  const opened = await openPlaybook(t);
  const query_text = "what are the main points of this product";
  await opened.client.record({ query_text, ...ANSWER, facts: { page: "/lamp" } });
  const unknown = await first(opened, query_text);
  assert.equal(decided(unknown), "transfer boost");
  assert.match(unknown.decisions.reuse.reason, /depends on facts not given: page/);
  const same = await first(opened, query_text, { facts: { page: "/lamp" } });
  assert.equal(decided(same), "transfer boost reuse");
  const other = await first(opened, query_text, { facts: { page: "/chair" } });
  assert.equal(decided(other), "transfer");
  assert.deepEqual(other.differences, [{ kind: "fact page", query: "/chair", recorded: "/lamp" }]);
});

test("two answers to one query under other facts are two entries", async (t) => {
  const { client } = await openPlaybook(t);
  const query_text = "open the newest order";
  const facts = { page: "/a" };
  const one = await client.record({ query_text, ...ANSWER, facts });
  const two = await client.record({ query_text, ...ANSWER, facts: { page: "/b" } });
  const again = await client.record({ query_text, ...ANSWER, facts });
  assert.notEqual(one.playbook.playbook_id, two.playbook.playbook_id);
  assert.equal(again.playbook.playbook_id, one.playbook.playbook_id);
});

test("what points at something or moves with time is not reused without more", async (t) => {
  const opened = await openPlaybook(t);
  await opened.client.record({ query_text: "add this to the basket", ...ANSWER });
  await opened.client.record({ query_text: "show the latest orders", ...ANSWER });
  const pointing = await first(opened, "add this to the basket");
  assert.match(pointing.decisions.reuse.reason, /what is meant by this is not known/);
  const moving = await first(opened, "show the latest orders");
  assert.match(moving.decisions.reuse.reason, /changes with time \(latest\)/);
});

test("an answer is not reused after its time, and a new recording renews it", async (t) => {
  const clock = fixedClock(1_800_000_000_000);
  const opened = await openPlaybook(t, { clock });
  const entry = { query_text: "the price of copper", ...ANSWER, ttl_ms: 60_000 };
  const { playbook } = await opened.client.record(entry);
  assert.equal(playbook.expires_at, new Date(clock.now() + 60_000).toISOString());
  assert.equal(decided(await first(opened, entry.query_text)), "transfer boost reuse");
  clock.advance(60_000);
  const late = await first(opened, entry.query_text);
  assert.equal(decided(late), "transfer boost");
  assert.match(late.decisions.reuse.reason, /the answer expired at/);
  await opened.client.record(entry);
  assert.equal(decided(await first(opened, entry.query_text)), "transfer boost reuse");
});

eachTransport("one reported bad hit demotes at once, for ever and on disk", async (connect, t) => {
  const dir = await tempDir(t);
  const opened = await openPlaybook(t, { connect, dir });
  const asked = "show me two red chairs for my office";
  const { playbook } = await opened.client.record({
    query_text: "show me two red chairs for the office",
    ...ANSWER,
  });
  const { playbook_id } = playbook;
  assert.equal((await first(opened, asked)).applied, true);
  const after = await opened.client.outcome({ playbook_id, success: false, query_text: asked });
  assert.deepEqual(after.not_for, [asked]);
  assert.equal(after.observed.length, 1);
  const again = await first(opened, asked);
  assert.equal(again.applied, false);
  assert.match(again.reason, /not for/);
  assert.equal((await first(opened, playbook.query_text)).applied, true, "its own query stays");
  await opened.service.stop();
  const reopened = await openPlaybook(t, { dir });
  assert.equal((await first(reopened, asked)).applied, false);
  const own = { playbook_id, success: false, query_text: playbook.query_text };
  await reopened.client.outcome(own);
  assert.equal((await first(reopened, playbook.query_text)).applied, false);
});

eachTransport("recorded again, a bad hit on the query itself is forgiven", async (connect, t) => {
  const opened = await openPlaybook(t, { connect });
  const { client } = opened;
  const query_text = "show me two red chairs for the office";
  const other = "show me two red chairs for my office";
  const entry = { query_text, ...ANSWER };
  const { playbook } = await client.record(entry);
  const { playbook_id } = playbook;
  const report = (success: boolean, text: string) =>
    client.outcome({ playbook_id, success, query_text: text });
  await report(false, other);
  await report(false, "Show me two red chairs for the office!");
  for (let n = 0; n < 20; n++) await report(true, query_text);
  assert.equal((await first(opened, query_text)).applied, false, "outcomes alone excuse nothing");
  const again = await client.record(entry);
  assert.deepEqual(again.playbook.not_for, [other], "what was reported of other queries stays");
  assert.deepEqual([again.playbook.failures, again.playbook.successes], [2, 20]);
  assert.equal((await first(opened, query_text)).applied, true);
  assert.equal((await first(opened, other)).applied, false);
  await report(false, query_text);
  assert.equal((await first(opened, query_text)).applied, false, "the next bad hit demotes again");
});

test("an example of when not to use an entry keeps it silent there", async (t) => {
  const opened = await openPlaybook(t);
  const not_for = ["block my old visa card"];
  await opened.client.record({ query_text: "block my visa card", ...ANSWER, not_for });
  const { differences, applied } = await first(opened, "block my old visa card");
  assert.equal(applied, false);
  assert.equal(differences.at(-1)!.kind, "not for");
});

test("a known other kind of task lowers the trust in its workflow, the same raises it", async (t) => {
  const opened = await openPlaybook(t);
  await opened.client.record({ query_text: "refund my order", ...ANSWER, task_class: "refund" });
  const asked = "refund my ticket";
  const probability = async (task_class?: string) =>
    (await first(opened, asked, task_class === undefined ? {} : { task_class })).decisions.transfer
      .probability;
  const [plain, same, other] = [
    await probability(),
    await probability("refund"),
    await probability("booking"),
  ];
  assert.ok(same > plain && plain > other, `${same} ${plain} ${other}`);
});

test("of two answers to one query the one with the better outcomes comes first", async (t) => {
  const opened = await openPlaybook(t);
  const query_text = "where is my card";
  const one = await opened.client.record({ query_text, ...ANSWER });
  await opened.client.record({ query_text, ...ANSWER, answer_id: "a2" });
  for (let n = 0; n < 3; n++) {
    await opened.client.outcome({ playbook_id: one.playbook.playbook_id, success: true });
  }
  const { matches } = await opened.client.match({ query_text });
  assert.deepEqual(
    matches.map((it) => it.playbook.answer_id),
    ["a1", "a2"],
  );
  assert.ok(matches[0]!.utility > matches[1]!.utility);
});

test("entries that are to be left out are as if they were not recorded", async (t) => {
  const { client } = await openPlaybook(t);
  const query_text = "where is my card";
  const { playbook } = await client.record({ query_text, ...ANSWER });
  const { matches } = await client.match({ query_text, without: [playbook.playbook_id] });
  assert.deepEqual(matches, []);
});

test("a row of version 0.1 opens, without what it did not know", async (t) => {
  const dir = await tempDir(t);
  const row = {
    op: "record",
    at: "2026-01-01T00:00:00.000Z",
    playbook_id: "p1",
    scope: "default",
    query_text: "where is my card",
    ...ANSWER,
    tags: [],
    status: "active",
    status_reason: null,
    evidence: 1,
    successes: 0,
    failures: 0,
    recorded_at: "2026-01-01T00:00:00.000Z",
    updated_at: "2026-01-01T00:00:00.000Z",
    trace_id: "t",
  };
  await appendFile(join(dir, "playbooks.jsonl"), `${JSON.stringify(row)}\n`);
  const { client } = await openPlaybook(t, { dir });
  const { playbook } = await client.get({ playbook_id: "p1" });
  assert.deepEqual([playbook.task_class, playbook.facts, playbook.expires_at], [null, {}, null]);
  assert.deepEqual([playbook.not_for, playbook.observed], [[], []]);
  const merged = await client.record({ query_text: "Where is my card?", ...ANSWER });
  assert.equal(merged.merged, true);
});

test("a threshold rises over each bad hit and falls only when enough good ones came", () => {
  const bad = { likeness: 0.8, success: false };
  const good = (n: number) => Array.from({ length: n }, () => ({ likeness: 0.9, success: true }));
  assert.equal(learnedThreshold([], 0.6, 0.05), 0.6);
  assert.equal(learnedThreshold(good(5), 0.6, 0.05), 0.6);
  assert.ok(learnedThreshold([bad], 0.6, 0.05) > 0.8);
  assert.ok(learnedThreshold([bad, ...good(20)], 0.6, 0.05) > 0.8);
  assert.equal(learnedThreshold([bad, ...good(200)], 0.6, 0.05), 0.6);
  assert.ok(learnedThreshold([{ likeness: 1, success: false }], 0.6, 0.05) > 1);
  assert.equal(learnedThreshold([{ likeness: 0.3, success: false }], 0.6, 0.05), 0.6);
});

test("utility is the lower bound of what is known", () => {
  assert.deepEqual(wilsonBounds(0, 0), { low: 0, high: 1 });
  const few = utilityOf({ evidence: 1, successes: 1, failures: 0 });
  const many = utilityOf({ evidence: 1, successes: 30, failures: 0 });
  const mixed = utilityOf({ evidence: 1, successes: 30, failures: 30 });
  assert.ok(many > mixed && mixed > 0 && many > few);
});
