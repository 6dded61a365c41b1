// `lakehouse playbook …` on a house of its own: what is recorded, matched, judged and routed.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Playbook, PlaybookMatch, TaskRouteAnswer } from "#contracts/playbook.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import { openCommandLine } from "./command-line.suite.ts";

const QUERY = "three welders in Toledo";

/** Runs a command that must succeed; its answer as JSON. */
async function openPlaybooks(t: HasAfter) {
  const line = await openCommandLine(t, "");
  const json = async <T>(...args: string[]): Promise<T> => {
    const { code, out, notes } = await line.run("--json", ...args);
    assert.equal(code, 0, `${args.join(" ")}: ${notes}`);
    return JSON.parse(out) as T;
  };
  const match = async (...args: string[]) =>
    (await json<{ matches: PlaybookMatch[] }>("playbook", "match", QUERY, ...args)).matches;
  return { line, json, match };
}

test("an entry has scope, facts, kind, tags and time to live, and is matched by them", async (t) => {
  const { line, json, match } = await openPlaybooks(t);
  const entry = ["playbook", "record", QUERY, "crew", "w-17", "--scope", "north"];
  const more = ["--fact", "site=Toledo", "--fact", 'page="7"', "--tag", "a", "--ttl", "12h"];
  const kind = ["--class", "staffing.fill", "--not-for", "four welders in Toledo"];
  const { playbook } = await json<{ playbook: Playbook }>(...entry, ...more, ...kind);
  assert.deepEqual(playbook.facts, { site: "Toledo", page: "7" });
  assert.deepEqual([playbook.task_class, playbook.scope], ["staffing.fill", "north"]);
  const held_ms = Date.parse(playbook.expires_at!) - Date.parse(playbook.recorded_at);
  assert.equal(held_ms, 12 * 3_600_000);
  assert.deepEqual([playbook.tags, playbook.not_for], [["a"], ["four welders in Toledo"]]);
  assert.deepEqual(await match(), [], "another scope");
  const [elsewhere] = await match("--scope", "north", "--fact", "site=Dayton");
  assert.equal(elsewhere!.applied, false);
  const [here] = await match("--scope", "north", "--fact", "site=Toledo");
  assert.equal(here!.applied, true);
  const told = await line.run("playbook", "match", QUERY, "--scope", "north", "-c", "crew");
  assert.match(told.out, /yes boost .*facts not given: site, page/);
  const bad = await line.run("playbook", "record", QUERY, "crew", "w-17", "--ttl", "soon");
  assert.match(bad.notes, /90s, 15m, 12h or 30d/);
});

test("an outcome is reported, and get shows it with its history", async (t) => {
  const { line, json, match } = await openPlaybooks(t);
  const recorded = await json<{ playbook: Playbook }>("playbook", "record", QUERY, "crew", "w-1");
  const { playbook_id } = recorded.playbook;
  await json("playbook", "outcome", playbook_id, "--was", "good");
  const report = ["playbook", "outcome", playbook_id, "--was", "bad", "--query", QUERY];
  const bad = await json<Playbook>(...report);
  assert.deepEqual([bad.successes, bad.failures, bad.not_for], [1, 1, [QUERY]]);
  assert.equal((await match())[0]!.applied, false);
  const got = await json<{ history: { op: string }[] }>("playbook", "get", playbook_id);
  assert.deepEqual(
    got.history.map((row) => row.op),
    ["record", "outcome", "outcome"],
  );
  assert.match((await line.run("playbook", "get", playbook_id)).out, /outcome .*three welders/);
  const unsaid = await line.run("playbook", "outcome", playbook_id);
  assert.notEqual(unsaid.code, 0);
});

test("a query is routed to the kind of task that the scope remembers", async (t) => {
  const { line, json } = await openPlaybooks(t);
  const kinds = { refund: ["refund my order", "give me my money back"], card: ["block my card"] };
  for (const [kind, queries] of Object.entries(kinds)) {
    for (const query of queries) await json("playbook", "record", query, "x", "1", "--class", kind);
  }
  const route = await json<TaskRouteAnswer>("playbook", "route", "refund my order", "-k", "2");
  assert.deepEqual([route.task_class, route.nearest.length], ["refund", 2]);
  const none = await line.run("playbook", "route", "refund my order", "--scope", "other");
  assert.match(none.out, /^of no kind known here: /);
});

test("a search takes facts, and a misspelt corpus or an unknown answer is told", async (t) => {
  const { line, json } = await openPlaybooks(t);
  const file = join(await tempDir(t), "crew.csv");
  await writeFile(file, "id,skill\n1,welder in Toledo\n2,painter in Dayton\n");
  await json("ingest", file, "--dataset", "crew");
  const recipe = ["--dataset", "crew", "--id-column", "id", "--template", "{skill}"];
  await json("corpus", "build", "crew", ...recipe, "--prefix", "w-");
  const misspelt = await line.run("playbook", "record", QUERY, "crwe", "w-1");
  assert.deepEqual([misspelt.code, /did you mean "crew"/.test(misspelt.notes)], [2, true]);
  const unprefixed = await line.run("playbook", "record", QUERY, "crew", "2");
  assert.match(unprefixed.notes, /does not hold "2" \(there is "w-2"\)/);
  const idle = await line.run("search", QUERY, "--explain");
  assert.match(idle.out, /not applied .*the answer "2" does not stand in the corpus "crew"/);
  await json("playbook", "record", QUERY, "crew", "w-2", "--fact", "site=Toledo");
  const first = async (site: string) => {
    const asked = ["search", QUERY, "--fact", `site=${site}`];
    return (await json<{ results: { id: string }[] }>(...asked)).results[0]?.id;
  };
  assert.deepEqual([await first("Toledo"), await first("Dayton")], ["w-2", "w-1"]);
});
