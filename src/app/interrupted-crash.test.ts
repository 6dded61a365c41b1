// Ctrl-C on commands that run the house themselves: real processes, a provider that never answers.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { seededRandom } from "#kernel/random.ts";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { silentLog } from "#kernel/log.ts";
import type { SessionRow } from "#contracts/iterate.ts";
import type { OutcomeRow } from "#contracts/respond.ts";
import type { UsageLine } from "#contracts/usage.ts";
import { startOpenAiServer } from "../../test/support/model-servers.ts";
import { ROOT } from "../../test/support/source-tree.ts";
import { tempDir, type HasAfter } from "../../test/support/temp-dir.ts";
import { bookshopPack } from "../../domains/bookshop/pack.ts";
import { composeHouse } from "./compose.ts";
import { houseSettings } from "./settings.ts";

/** A data folder with a stock of books, and settings with a model that is silent. */
async function bookshop(t: HasAfter, with_stock: boolean) {
  const models = await startOpenAiServer(t);
  const dir = await tempDir(t);
  const data_dir = join(dir, "data");
  if (with_stock) await fillStock(dir, data_dir);
  const config = join(dir, "lakehouse.toml");
  const endpoint = `[[providers.endpoints]]\nname = "silent"\nbase_url = "${models.url}/v1"\n`;
  const head = `data_dir = "${data_dir}"\ndomains = ["bookshop"]\n[providers]\nollama = ""\n`;
  await writeFile(config, `${head}${endpoint}[chat]\ndefault_model = "silent/m"\n`);
  return { models, config, data_dir };
}

async function fillStock(dir: string, data_dir: string): Promise<void> {
  const [table] = bookshopPack.generate({ rows: 1, random: seededRandom(1) });
  const path = join(dir, "books.csv");
  const head = table!.columns.map((column) => column.name).join(",");
  await writeFile(path, `${head}\n${[...table!.csv()].join("")}`);
  const settings = houseSettings.parse({ data_dir, domains: ["bookshop"] });
  const { clients, stop } = await composeHouse({ settings, log: silentLog, variables: {} });
  await clients.ingest.path({ dataset: "books", path });
  const [{ corpus, summary, id_prefix, metadata_columns, ...source }] = bookshopPack.corpora as [
    (typeof bookshopPack.corpora)[number],
  ];
  const from = { kind: "dataset" as const, ...source, metadata_columns: [...metadata_columns] };
  for await (const step of clients.matrix.build({ corpus, summary, id_prefix, source: from })) {
    assert.ok(["indexing", "done"].includes(step.phase));
  }
  await stop();
}

function lakehouse(config: string, ...args: string[]) {
  const program = ["src/app/main.ts", "--config", config, ...args];
  const flags = process.versions["bun"] === undefined ? ["--no-warnings"] : [];
  const child = spawn(process.execPath, [...flags, ...program], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  }
  const ended = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => resolve(String(code ?? signal)));
  });
  return { child, ended, output: () => output };
}

async function rowsOf<Row>(path: string): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const { row } of readJsonlFile<Row>(path)) rows.push(row);
  return rows;
}

test("Ctrl-C on respond leaves session, outcome and ledger line, and says that it was one", async (t) => {
  const { models, config, data_dir } = await bookshop(t, true);
  models.next("silent");
  const { child, ended, output } = lakehouse(config, "respond", "one book about baking");
  await Promise.race([models.asked(1), ended]);
  child.kill("SIGINT");
  assert.equal(await ended, "130", output());
  assert.match(output(), /interrupted/);
  const [session, ...sessions] = await rowsOf<SessionRow>(join(data_dir, "iterate/sessions.jsonl"));
  const [outcome, ...outcomes] = await rowsOf<OutcomeRow>(join(data_dir, "kb/outcomes.jsonl"));
  const lines = await rowsOf<UsageLine>(join(data_dir, "usage/usage.jsonl"));
  const line = lines.find((one) => one.provider === "silent");
  assert.deepEqual([sessions.length, outcomes.length], [0, 0]);
  const trace_ids = [session!.trace_id, outcome!.trace_id, line!.trace_id];
  assert.equal(new Set(trace_ids).size, 1);
  assert.deepEqual(
    [session!.final_verdict, session!.kind, session!.model, session!.provider],
    ["infra_error", "bookshop.order", "silent/m", "silent"],
  );
  assert.deepEqual(
    [outcome!.status, outcome!.model, outcome!.iterations],
    ["infra_error", "silent/m", 1],
  );
  assert.deepEqual([line!.task_class, line!.asked], ["bookshop.order", "silent/m"]);
});

test("SIGTERM on iterate leaves its session, and a second signal ends at once", async (t) => {
  const { models, config, data_dir } = await bookshop(t, false);
  models.next("silent");
  const first = lakehouse(config, "iterate", "order", "one book", "--model", "silent/m");
  await Promise.race([models.asked(1), first.ended]);
  first.child.kill("SIGTERM");
  assert.equal(await first.ended, "143", first.output());
  const rows = await rowsOf<SessionRow>(join(data_dir, "iterate/sessions.jsonl"));
  assert.deepEqual(
    rows.map((row) => [row.final_verdict, row.provider]),
    [["infra_error", "silent"]],
  );

  models.next("silent");
  const second = lakehouse(config, "iterate", "order", "one book", "--model", "silent/m");
  await Promise.race([models.asked(2), second.ended]);
  second.child.kill("SIGINT");
  second.child.kill("SIGTERM");
  assert.ok(["130", "143"].includes(await second.ended), second.output());
});

test("a command that nobody interrupts ends as ever", async (t) => {
  const { models, config } = await bookshop(t, false);
  const said = lakehouse(config, "chat", "hello", "--model", "silent/m");
  assert.equal(await said.ended, "0", said.output());
  assert.equal(models.requests.length, 1);
});
