// Tests of the pathway service over its contract, on both transports where that can matter.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fixedClock } from "#kernel/clock.ts";
import { startCall } from "#kernel/call.ts";
import type { LakehouseError } from "#kernel/problem.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { openPathway, SCOPE, wordEmbedder } from "./open-pathway.suite.ts";

const OTHER = { ...SCOPE, tenant: "other" };
const DAY_MS = 86_400_000;

function failsWith(reason: string) {
  return (error: LakehouseError) => {
    assert.equal(error.reason, reason, error.message);
    return true;
  };
}

eachTransport(
  "a trace is found by its words at once, and shows what it was",
  async (connect, t) => {
    const { client } = await openPathway(t, { connect });
    const content = { tried: "restart the ingest worker", went: "well", took_s: 12 };
    const source = { source: "runbook.md", line: 7, hash: "abc", trust: 0.9 };
    const added = await client.add({ ...SCOPE, content, tags: ["ops"], sources: [source] });
    assert.equal(added.result, "added");
    const { hits, degraded } = await client.search({
      ...SCOPE,
      query_text: "restarting workers",
      mode: "lexical",
    });
    assert.equal(degraded, null);
    assert.equal(hits.length, 1);
    assert.deepEqual(hits[0]!.pathway, added.pathway);
    assert.deepEqual(added.pathway.content, content);
    assert.deepEqual(added.pathway.sources, [source]);
    assert.equal(added.pathway.trust, 0.9);
    assert.deepEqual(
      await client.get({ ...SCOPE, pathway_id: added.pathway.pathway_id }),
      added.pathway,
    );
  },
);

eachTransport(
  "the same content is evidence; the same span of a source is nothing",
  async (c, t) => {
    const { client } = await openPathway(t, { connect: c });
    const content = { fact: "the port is 3110" };
    const span = { source: "log", offset: 10 };
    const first = await client.add({ ...SCOPE, content, sources: [span] });
    const again = await client.add({ ...SCOPE, content, sources: [span] });
    const spaced = { fact: "the  port is 3110 " };
    const other = await client.add({ ...SCOPE, content: spaced, sources: [{ source: "mail" }] });
    assert.deepEqual(
      [first, again, other].map((one) => [one.result, one.pathway.evidence]),
      [
        ["added", 1],
        ["unchanged", 1],
        ["merged", 2],
      ],
    );
    assert.equal(other.pathway.pathway_id, first.pathway.pathway_id);
    assert.equal(other.pathway.sources.length, 2);
    assert.deepEqual(other.pathway.content, content);
  },
);

eachTransport("a revision steps in front of what it replaces", async (connect, t) => {
  const { client } = await openPathway(t, { connect });
  const old = await client.add({ ...SCOPE, content: "the office is in Toledo, Ohio" });
  const { pathway_id } = old.pathway;
  const now = await client.revise({ ...SCOPE, pathway_id, content: "they moved to Akron" });
  assert.equal(now.replaces, pathway_id);
  const query_text = "is the office in Toledo";
  const { hits } = await client.search({ ...SCOPE, query_text });
  assert.deepEqual(
    hits.map((hit) => [hit.pathway.pathway_id, hit.matched_version]),
    [[now.pathway_id, pathway_id]],
  );
  const both = await client.search({ ...SCOPE, query_text, include_superseded: true });
  assert.deepEqual(
    both.hits.map((hit) => hit.pathway.pathway_id),
    [now.pathway_id, pathway_id],
  );
  const history = await client.history({ ...SCOPE, pathway_id: now.pathway_id });
  assert.deepEqual(
    history.versions.map((one) => [one.pathway_id, one.status]),
    [
      [now.pathway_id, "active"],
      [pathway_id, "superseded"],
    ],
  );
  assert.equal(history.cycle, null);
  assert.deepEqual(
    history.operations.map((row) => row["op"]),
    ["add", "revise"],
  );
  await assert.rejects(
    () => client.revise({ ...SCOPE, pathway_id, content: "no, Dayton" }),
    failsWith("superseded"),
  );
});

eachTransport("what is retired never comes back, by whatever door", async (connect, t) => {
  const { client } = await openPathway(t, { connect });
  const old = await client.add({ ...SCOPE, content: "use the blue queue" });
  const now = await client.revise({
    ...SCOPE,
    pathway_id: old.pathway.pathway_id,
    content: "use the red queue",
  });
  await client.retire({ ...SCOPE, pathway_id: now.pathway_id, reason: "queues are gone" });
  const query_text = "which queue";
  assert.deepEqual((await client.search({ ...SCOPE, query_text })).hits, []);
  await assert.rejects(
    () => client.add({ ...SCOPE, content: "use the red queue" }),
    failsWith("retired_content"),
  );
  for (const change of [client.update, client.revise]) {
    const input = { ...SCOPE, pathway_id: now.pathway_id, content: "use the green queue" };
    await assert.rejects(() => change(input), failsWith("retired"));
  }
  const { versions } = await client.history({ ...SCOPE, pathway_id: now.pathway_id });
  assert.deepEqual(
    [versions[0]!.status, versions[0]!.status_reason],
    ["retired", "queues are gone"],
  );
  const { hits } = await client.search({ ...SCOPE, query_text, include_superseded: true });
  assert.deepEqual(hits, [], "what it had replaced does not become true again");
  const gone = await client.retire({
    ...SCOPE,
    pathway_id: now.pathway_id,
    whole_chain: true,
  });
  assert.equal(gone.status, "retired");
  const after = await client.search({ ...SCOPE, query_text, include_superseded: true });
  assert.deepEqual(after.hits, []);
});

eachTransport("an update corrects in place; old words no longer find it", async (connect, t) => {
  const { client } = await openPathway(t, { connect });
  const { pathway } = await client.add({ ...SCOPE, content: "the limit is seven", tags: ["a"] });
  const { pathway_id } = pathway;
  const updated = await client.update({ ...SCOPE, pathway_id, content: "the bound is nine" });
  assert.deepEqual([updated.content, updated.tags], ["the bound is nine", ["a"]]);
  const found = async (query_text: string) =>
    (await client.search({ ...SCOPE, query_text, mode: "lexical" })).hits.length;
  assert.deepEqual([await found("seven"), await found("nine")], [0, 1]);
  const again = await client.add({ ...SCOPE, content: "the limit is seven" });
  assert.equal(again.pathway.pathway_id, pathway_id, "what was corrected does not come back");
  await assert.rejects(
    () => client.update({ ...SCOPE, pathway_id }),
    failsWith("nothing_to_update"),
  );
});

eachTransport("no operation sees another scope", async (connect, t) => {
  const { client } = await openPathway(t, { connect });
  const { pathway } = await client.add({ ...SCOPE, content: "our secret plan" });
  const { pathway_id } = pathway;
  assert.deepEqual((await client.search({ ...OTHER, query_text: "secret plan" })).hits, []);
  assert.equal((await client.list(OTHER)).total, 0);
  assert.equal((await client.stats(OTHER)).traces, 0);
  const there = { ...OTHER, pathway_id };
  const asks = [
    () => client.get(there),
    () => client.history(there),
    () => client.update({ ...there, content: "x" }),
    () => client.revise({ ...there, content: "x" }),
    () => client.retire(there),
    () => client.outcome({ ...there, success: true }),
  ];
  for (const ask of asks)
    await assert.rejects(ask as () => Promise<unknown>, failsWith("no_such_pathway"));
  const derived = { ...OTHER, content: "y", derived_from: [pathway_id] };
  await assert.rejects(() => client.add(derived), failsWith("unknown_origin"));
  const own = await client.add({ ...OTHER, content: "our secret plan" });
  assert.notEqual(own.pathway.pathway_id, pathway_id);
});

eachTransport("what was derived is stale once its origin is retired", async (connect, t) => {
  const { client } = await openPathway(t, { connect });
  const origin = (await client.add({ ...SCOPE, content: "disks fail on Mondays" })).pathway;
  const middle = (
    await client.add({ ...SCOPE, content: "avoid Mondays", derived_from: [origin.pathway_id] })
  ).pathway;
  const far = (
    await client.add({ ...SCOPE, content: "deploy later", derived_from: [middle.pathway_id] })
  ).pathway;
  assert.equal(far.stale, false);
  await client.retire({ ...SCOPE, pathway_id: origin.pathway_id });
  assert.equal((await client.get({ ...SCOPE, pathway_id: far.pathway_id })).stale, true);
  const ask = { ...SCOPE, query_text: "deploy", mode: "lexical" } as const;
  const { hits } = await client.search(ask);
  assert.equal(hits[0]!.components.stale, 0.5);
  assert.deepEqual((await client.search({ ...ask, include_stale: false })).hits, []);
});

test("what search handed out does not come back as new evidence", async (t) => {
  const clock = fixedClock(1_800_000_000_000);
  const { client } = await openPathway(t, { clock });
  const content = "the nightly backup fails when the disk holds more than ninety percent";
  const { pathway } = await client.add({ ...SCOPE, content });
  const call = startCall({ trace_id: "run-1" });
  await client.search({ ...SCOPE, query_text: "backup disk" }, call);
  const same_trace = [
    content,
    `As I recall: ${content}`,
    "fails when the disk holds more than ninety",
  ];
  for (const text of same_trace) {
    await assert.rejects(
      () => client.add({ ...SCOPE, content: { note: text } }, call),
      failsWith("recalled_text"),
    );
  }
  const sourced = { ...SCOPE, content, sources: [{ source: "mail" }] };
  await assert.rejects(() => client.add(sourced, call), failsWith("recalled_text"));
  const echo = await client.add({ ...SCOPE, content });
  assert.deepEqual([echo.result, echo.pathway.evidence], ["unchanged", 1]);
  const news = content.replace("ninety", "eighty");
  assert.equal((await client.add({ ...SCOPE, content: news }, call)).result, "added");
  assert.equal((await client.add(sourced)).pathway.evidence, 2, "its own source is evidence");
  clock.advance(2 * 3_600_000);
  assert.equal((await client.add({ ...SCOPE, content })).pathway.evidence, 3);
  assert.equal((await client.get({ ...SCOPE, pathway_id: pathway.pathway_id })).evidence, 3);
});

test("outcomes, trust and age decide among equals", async (t) => {
  const clock = fixedClock(1_800_000_000_000);
  const { client } = await openPathway(t, { clock, settings: { half_life_days: 30 } });
  const add = async (content: string, trust?: number) => {
    const sources = trust === undefined ? [] : [{ source: content, trust }];
    return (await client.add({ ...SCOPE, content, sources })).pathway.pathway_id;
  };
  const old = await add("cache warm by cron");
  clock.advance(60 * DAY_MS);
  const good = await add("cache warm by hook");
  const bad = await add("cache warm by hand");
  const trusted = await add("cache warm by event", 1);
  for (let time = 0; time < 8; time++) {
    await client.outcome({ ...SCOPE, pathway_id: good, success: true });
    await client.outcome({ ...SCOPE, pathway_id: bad, success: false });
  }
  const { hits } = await client.search({ ...SCOPE, query_text: "warm cache", mode: "lexical" });
  assert.deepEqual(
    hits.map((hit) => hit.pathway.pathway_id),
    [trusted, good, old, bad],
  );
  assert.ok(hits[2]!.components.decay < 0.7);
  const few = await client.search({ ...SCOPE, query_text: "warm cache", trust_min: 0.9 });
  assert.deepEqual(few.hits.length, 1);
});

test("of two traces that say much the same, the newer stands above the older", async (t) => {
  const clock = fixedClock(1_800_000_000_000);
  const { client } = await openPathway(t, { clock });
  const say = async (content: string) => {
    clock.advance(1000);
    return (await client.add({ ...SCOPE, content })).pathway.content;
  };
  const old = await say("the standup of the team is at ten");
  const now = await say("the standup of the team is at nine now");
  const order = async (query_text: string) =>
    (await client.search({ ...SCOPE, query_text, mode: "lexical" })).hits.map(
      (h) => h.pathway.content,
    );
  assert.deepEqual(await order("when is the standup of the team"), [now, old]);
  assert.deepEqual(await order("is the standup of the team at ten"), [old, now]);
});

test("meaning finds what words do not, once embedded; words alone need no model", async (t) => {
  const embedder = wordEmbedder({ automobile: "car", broken: "damaged" });
  const { client, service } = await openPathway(t, { embedder });
  await client.add({ ...SCOPE, content: "car damaged" });
  for (let at = 0; at < 30; at++) await client.add({ ...SCOPE, content: `unrelated note ${at}` });
  await service.embedded();
  assert.deepEqual((await client.stats(SCOPE)).embedding, {
    enabled: true,
    model: "test/words",
    embedded: 31,
    backlog: 0,
    last_error: null,
  });
  const ask = { ...SCOPE, query_text: "automobile broken", k: 1 };
  const { hits, method } = await client.search(ask);
  assert.deepEqual([method, hits[0]!.pathway.content], ["mixed", "car damaged"]);
  assert.ok(hits[0]!.components.cosine! > 0.98);
  assert.deepEqual((await client.search({ ...ask, mode: "lexical" })).hits, []);
});

test("an embedder that fails delays nothing and is told", async (t) => {
  let broken = true;
  const words = wordEmbedder();
  const embed: typeof words.embed = async (texts, options) => {
    if (broken) throw new Error("no model today");
    return words.embed(texts, options);
  };
  const settings = { embed_retry_ms: 5 };
  const { client, service } = await openPathway(t, { embedder: { ...words, embed }, settings });
  await client.add({ ...SCOPE, content: "the pump is loud" });
  await service.embedded();
  assert.equal((await client.search({ ...SCOPE, query_text: "pump" })).hits.length, 1);
  const { embedding } = await client.stats(SCOPE);
  assert.equal(embedding.backlog, 1);
  assert.match(embedding.last_error ?? "", /no model today/);
  assert.equal((await service.health()).status, "degraded");
  broken = false;
  for (let wait = 0; (await client.stats(SCOPE)).embedding.backlog > 0; wait++) {
    assert.ok(wait < 1000, "it is tried again");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const { method } = await client.search({ ...SCOPE, query_text: "pump" });
  assert.equal(method, "mixed");
});
