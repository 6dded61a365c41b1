// The downgrade operation over real logs: what SQL counts, and what memory and retrieval say.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import assert from "node:assert/strict";
import type { OutcomeRow } from "#contracts/respond.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { openLake } from "#data/ingest/open-lake.suite.ts";
import { sessionLogColumns } from "#work/iterate/session-log-columns.ts";
import { outcomeLogColumns } from "#work/respond/outcome-log-columns.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { build, openMatrix } from "./open-matrix.suite.ts";

const NOW = new Date(1_800_000_000_000).toISOString();
const LONG_AGO = new Date(1_600_000_000_000).toISOString();

const outcome = (at: number, changes: Partial<OutcomeRow>): string =>
  JSON.stringify({
    schema: "outcome.v1",
    kind: "iterate",
    sig_hash: `h${at}`,
    task_class: "fill",
    task: "a task",
    accepted: true,
    status: "accepted",
    iterations: 1,
    model: "tiny",
    answer_ids: [],
    playbook_ids: [],
    recorded_at: NOW,
    trace_id: `t${at}`,
    duration_ms: 5,
    ...changes,
  } satisfies OutcomeRow);

const session = (at: number, final_verdict: string, trace_id = `s${at}`): string =>
  JSON.stringify({ kind: "fill", model: "local/tiny", final_verdict, timestamp: NOW, trace_id });

const times = (n: number, line: (at: number) => string) =>
  Array.from({ length: n }, (_, at) => line(at)).join("\n");

/** A lake whose kb has these logs. */
async function lakeWithLogs(t: { after(fn: () => unknown): void }, logs: Record<string, string>) {
  const dir = await tempDir(t);
  const files = { outcomes: join(dir, "kb", "o.jsonl"), sessions: join(dir, "kb", "s.jsonl") };
  for (const name of ["outcomes", "sessions"] as const) {
    await mkdir(dirname(files[name]), { recursive: true });
    if (logs[name] !== undefined) await writeFile(files[name], `${logs[name]}\n`);
  }
  const kb = () => [
    { name: "outcomes", uris: [files.outcomes], columns: outcomeLogColumns },
    { name: "sessions", uris: [files.sessions], columns: sessionLogColumns },
  ];
  return openLake(t, { dir, kb });
}

const ASKED = { task_class: "fill", model: "cloud/big", weak_models: ["local/tiny"] };

eachTransport("what was accepted lately decides; each task counts once", async (connect, t) => {
  const lake = await lakeWithLogs(t, {
    outcomes: [
      times(20, (at) => outcome(at, {})),
      times(50, (at) => outcome(100 + at, { recorded_at: LONG_AGO, accepted: false })),
      times(50, (at) => outcome(200 + at, { task_class: "email", accepted: false })),
    ].join("\n"),
    sessions: [
      times(20, (at) => session(at, "accepted", `t${at}`)),
      times(10, (at) => session(at, "accepted")),
      times(30, (at) => session(100 + at, "infra_error")),
    ].join("\n"),
  });
  const { client } = await openMatrix(t, { lake, connect });
  const decided = await client.downgrade(ASKED);
  assert.deepEqual([decided.decision, decided.model], ["downgrade", "local/tiny"]);
  const [evidence] = decided.evidence;
  assert.deepEqual([evidence!.trials, evidence!.accepted, evidence!.counted], [30, 30, "all"]);
  const strict = await client.downgrade({ ...ASKED, acceptance_min: 0.95 });
  assert.deepEqual([strict.decision, strict.why], ["keep", "acceptance_too_low"]);
  const again = await client.downgrade({ ...ASKED, model: "local/tiny" });
  assert.equal(again.why, "already_weak");
});

test("a house without logs keeps the model; so does a task that nothing is known of", async (t) => {
  const bare = await openMatrix(t);
  assert.equal((await bare.client.downgrade(ASKED)).why, "not_measured");
  const unset = await bare.client.downgrade({ task_class: "fill", model: "cloud/big" });
  assert.equal(unset.why, "no_weak_model");
  const lake = await lakeWithLogs(t, { outcomes: times(40, (at) => outcome(at, {})) });
  const { client } = await openMatrix(t, { lake });
  await build(
    { client },
    {
      corpus: "tales",
      source: { kind: "texts", items: [{ id: "a", text: "the red fox jumps over the lazy dog" }] },
    },
  );
  const ask = (query_text: string) => client.downgrade({ ...ASKED, query_text });
  assert.equal((await ask("quantum chromodynamics lecture")).why, "nothing_relevant");
  const known = await ask("a red fox jumps over a lazy dog");
  assert.deepEqual([known.decision, known.evidence[0]!.counted], ["downgrade", "not_remembered"]);
});
