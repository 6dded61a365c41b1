// Tests of the playbook service over its contract, on both transports where that can matter.
import assert from "node:assert/strict";
import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { fixedClock } from "#kernel/clock.ts";
import type { LakehouseError } from "#kernel/problem.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { openPlaybook } from "./open-playbook.suite.ts";

const ANSWER = { answer_id: "a1", answer_corpus: "things", score: 1 };
const DAY_MS = 86_400_000;

eachTransport(
  "an entry answers its query, in other letters too, and says why",
  async (connect, t) => {
    const { client } = await openPlaybook(t, { connect });
    const { playbook, merged } = await client.record({
      query_text: "Where is my card?",
      ...ANSWER,
    });
    assert.equal(merged, false);
    const again = await client.record({ query_text: "where is MY card", ...ANSWER, tags: ["x"] });
    assert.equal(again.merged, true);
    assert.equal(again.playbook.playbook_id, playbook.playbook_id);
    assert.deepEqual([again.playbook.evidence, again.playbook.tags], [2, ["x"]]);
    const { matches } = await client.match({ query_text: "where is my card" });
    assert.equal(matches.length, 1);
    assert.equal(matches[0]!.applied, true);
    assert.match(matches[0]!.reason, /^applied: the same query, confidence 1.00$/);
  },
);

eachTransport("a typed difference is listed and the entry not applied", async (connect, t) => {
  const { client } = await openPlaybook(t, { connect });
  await client.record({ query_text: "three red chairs for the office", ...ANSWER });
  const { matches } = await client.match({ query_text: "five red chairs for the office" });
  const [match] = matches;
  assert.deepEqual(match!.differences, [{ kind: "number", query: "five", recorded: "three" }]);
  assert.equal(match!.applied, false);
  assert.ok(match!.confidence < 0.02);
  assert.match(match!.reason, /number: "five" against "three"/);
});

eachTransport(
  "retired entries are gone from search, contradicted ones shown",
  async (connect, t) => {
    const { client } = await openPlaybook(t, { connect });
    const query_text = "where is my card";
    const first = await client.record({ query_text, ...ANSWER });
    const second = await client.record({ query_text, ...ANSWER, answer_id: "a2" });
    const { playbook_id } = second.playbook;
    await client.contradict({ playbook_id, reason: "not true" });
    await client.retire({ playbook_id: first.playbook.playbook_id, reason: "old" });
    const { matches } = await client.match({ query_text });
    assert.deepEqual(
      matches.map((it) => [it.playbook.answer_id, it.applied, it.reason]),
      [["a2", false, "not applied: the entry was contradicted"]],
    );
    const again = { query_text, ...ANSWER, answer_id: "a2" };
    await assert.rejects(
      client.record(again),
      (error: LakehouseError) =>
        error.code === "conflict" &&
        error.reason === "playbook_contradicted" &&
        /contradicted: not true/.test(error.message),
      "recording again does not excuse it",
    );
    const bulk = await client.bulk({ entries: [again, { ...again, answer_id: "a3" }] });
    assert.deepEqual([bulk.recorded, bulk.merged, bulk.contradicted], [1, 0, [playbook_id]]);
    const { playbook, history } = await client.get({ playbook_id });
    assert.equal(playbook.status_reason, "not true");
    assert.deepEqual(
      history.map((row) => row["op"]),
      ["record", "contradict"],
    );
    const listed = await client.list({ status: "retired" });
    assert.equal(listed.total, 1);
    await client.retire({ playbook_id, reason: "to begin anew" });
    const anew = await client.record(again);
    assert.deepEqual([anew.merged, anew.playbook.status], [false, "active"]);
  },
);

eachTransport("an unknown id is not_found with its reason", async (connect, t) => {
  const { client } = await openPlaybook(t, { connect });
  for (const ask of [client.get, client.retire, client.contradict]) {
    await assert.rejects(
      () => ask({ playbook_id: "nope" }) as Promise<unknown>,
      (error: LakehouseError) => error.code === "not_found" && error.reason === "no_such_playbook",
    );
  }
});

test("entries of one query speak together, those of a less alike query do not", async (t) => {
  const { client } = await openPlaybook(t);
  await client.bulk({
    entries: [
      { query_text: "paint for the garden fence", ...ANSWER },
      { query_text: "paint for the garden fence", ...ANSWER, answer_id: "a2" },
      { query_text: "paint for the big garden fence", ...ANSWER, answer_id: "a3" },
    ],
  });
  const { matches } = await client.match({ query_text: "paint for the garden fence" });
  const applied = matches.filter((it) => it.applied).map((it) => it.playbook.answer_id);
  assert.deepEqual(applied.toSorted(), ["a1", "a2"]);
  assert.match(matches.at(-1)!.reason, /another recorded query is closer/);
});

test("confidence falls with failures and age, and a success brings it back", async (t) => {
  const clock = fixedClock(1_800_000_000_000);
  const { client } = await openPlaybook(t, { clock, settings: { half_life_days: 10 } });
  const query_text = "where is my card";
  const { playbook } = await client.record({ query_text, ...ANSWER });
  const { playbook_id } = playbook;
  const confidence = async () => (await client.match({ query_text })).matches[0]!.confidence;
  assert.equal(await confidence(), 1);
  for (let time = 0; time < 3; time++) await client.outcome({ playbook_id, success: false });
  assert.equal(await confidence(), 0.5);
  clock.advance(10 * DAY_MS);
  assert.equal(await confidence(), 0.25);
  await client.outcome({ playbook_id, success: true });
  assert.ok((await confidence()) > 0.5);
});

test("everything is there after a restart, and a torn or broken line costs only itself", async (t) => {
  const dir = await tempDir(t);
  const before = await openPlaybook(t, { dir });
  for (const at of [1, 2, 3]) await before.client.record({ query_text: `query ${at}`, ...ANSWER });
  const { playbooks } = await before.client.list({});
  await before.client.outcome({ playbook_id: playbooks[0]!.playbook_id, success: false });
  const state = await before.client.list({});
  await before.service.stop();
  const path = join(dir, "playbooks.jsonl");
  await appendFile(path, 'not json\n{"op":"record","half":"an entry"}\n{"op":"record","playb');
  const after = await openPlaybook(t, { dir });
  assert.deepEqual(await after.client.list({}), state);
  const { matches } = await after.client.match({ query_text: "query 2" });
  assert.equal(matches[0]!.applied, true);
  assert.equal((await after.service.health()).figures["corrupt_lines"], 2);
  await after.client.record({ query_text: "query 4", ...ANSWER });
  const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
  assert.equal((JSON.parse(lines.at(-1)!) as { query_text: string }).query_text, "query 4");
});

test("scopes never see one another, and a forgotten scope is gone for good", async (t) => {
  const { client } = await openPlaybook(t);
  const text = fc.constantFrom("blue chairs", "red chairs", "where is my card");
  const scope = fc.constantFrom("a", "b", "c");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(text, scope), { maxLength: 6 }),
      scope,
      async (all, mine) => {
        for (const name of ["a", "b", "c"]) await client.forget_scope({ scope: name });
        for (const [query_text, name] of all) {
          await client.record({ query_text, ...ANSWER, scope: name });
        }
        const mine_only = all.filter(([, name]) => name === mine);
        const own = new Set<string>(mine_only.map(([query]) => query));
        for (const query_text of ["blue chairs", "red chairs", "where is my card"]) {
          const { matches } = await client.match({ query_text, scope: mine });
          assert.ok(matches.every((it) => it.playbook.scope === mine));
          assert.equal(
            matches.some((it) => it.applied),
            own.has(query_text),
          );
        }
      },
    ),
    { numRuns: 25 },
  );
});

test("whatever is done, the replayed log is the live state and the retired never speak", async (t) => {
  const action = fc.record({
    do: fc.constantFrom("record", "record", "retire", "contradict", "outcome"),
    query: fc.constantFrom("blue chairs", "red chairs", "cheap tables"),
    answer: fc.constantFrom("x", "y"),
    success: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 15 }), async (actions) => {
      const dir = await tempDir(t);
      const live = await openPlaybook(t, { dir });
      for (const step of actions) {
        const { playbooks } = await live.client.list({});
        const playbook_id = playbooks.at(-1)?.playbook_id ?? "";
        const entry = { ...ANSWER, query_text: step.query, answer_id: step.answer };
        if (step.do === "record" || playbook_id === "")
          await live.client.bulk({ entries: [entry] });
        else if (step.do === "retire") await live.client.retire({ playbook_id });
        else if (step.do === "contradict") await live.client.contradict({ playbook_id });
        else await live.client.outcome({ playbook_id, success: step.success });
      }
      const ask = async ({ client }: typeof live) => ({
        list: await client.list({}),
        matches: (await client.match({ query_text: "red chairs", k: 50 })).matches,
      });
      const before = await ask(live);
      await live.service.stop();
      const after = await ask(await openPlaybook(t, { dir, clock: live.clock }));
      assert.deepEqual(after, before);
      for (const match of after.matches) assert.notEqual(match.playbook.status, "retired");
      for (const match of after.matches.filter((it) => it.applied)) {
        assert.equal(match.playbook.status, "active");
      }
    }),
    { numRuns: 20 },
  );
});
