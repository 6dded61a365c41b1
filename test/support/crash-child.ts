// A house that works without pause until it is killed; says on stdout what was acknowledged.
import { readFileSync, writeSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { composeHouse, type House } from "#app/compose.ts";
import { loadSettings } from "#app/settings.ts";
import { silentLog } from "#kernel/log.ts";
import { seededRandom } from "#kernel/random.ts";

export interface Ack {
  readonly kind: "ingest" | "record" | "observe" | "index";
  readonly id: string;
}

const ROWS_IN_A_FILE = 20;
const DIMENSION = 16;

const [mode = "work", data_dir = "", round = "0"] = process.argv.slice(2);

const settings = await loadSettings({
  variables: {},
  overrides: { data_dir, domains: ["bookshop"] },
});
const house = await composeHouse({ settings, log: silentLog, variables: {} });
say("ready");
if (mode === "verify") {
  await verify(house, JSON.parse(readFileSync(join(data_dir, "..", "acks.json"), "utf8")) as Ack[]);
  await house.stop();
} else {
  await Promise.all([ingestLoop(house), recordLoop(house), observeLoop(house), indexLoop(house)]);
}

function say(text: string): void {
  writeSync(1, `${text}\n`);
}

async function ingestLoop({ clients }: House): Promise<void> {
  for (let turn = 0; ; turn++) {
    const id = `r${round}t${turn}`;
    const path = join(data_dir, "..", `${id}.csv`);
    const rows = Array.from({ length: ROWS_IN_A_FILE }, (_, index) => `${id},${index}`);
    await writeFile(path, `tag,n\n${rows.join("\n")}\n`);
    await clients.ingest.path({ dataset: "crash", path });
    say(`ack ingest ${id}`);
  }
}

async function recordLoop({ clients }: House): Promise<void> {
  for (let turn = 0; ; turn++) {
    const { playbook } = await clients.playbook.record({
      query_text: `task number ${round} ${turn}`,
      answer_id: `a${turn}`,
      answer_corpus: "things",
      score: 1,
    });
    say(`ack record ${playbook.playbook_id}`);
  }
}

async function observeLoop({ clients }: House): Promise<void> {
  for (let turn = 0; ; turn++) {
    const { event_id } = await clients.observe.event({
      source: "scenario",
      endpoint: "crash",
      ok: true,
    });
    say(`ack observe ${event_id}`);
  }
}

async function indexLoop({ clients }: House): Promise<void> {
  const random = seededRandom(Number(round) + 1);
  await clients.vector.create({ index: "crash", dimension: DIMENSION, embedder: null });
  for (let turn = 0; ; turn++) {
    const items = Array.from({ length: 10 }, (_, index) => ({
      id: `r${round}t${turn}i${index}`,
      vector: Array.from({ length: DIMENSION }, () => random.next() - 0.5),
      text: `item ${turn} ${index}`,
    }));
    await clients.vector.upsert({ index: "crash", items });
    for (const { id } of items) say(`ack index ${id}`);
    if (turn % 15 === 14) await clients.vector.rebuild({ index: "crash" });
  }
}

/**
 * Says `lost <kind> <id>` for each acknowledged thing that is not there, then `verified <count>`.
 */
async function verify({ clients }: House, acks: readonly Ack[]): Promise<void> {
  const of = (kind: Ack["kind"]) => acks.filter((ack) => ack.kind === kind).map((ack) => ack.id);
  const { ok, first_break } = await clients.journal.verify({});
  if (!ok) say(`lost journal ${first_break?.message}`);
  if (of("ingest").length > 0) {
    const { rows } = await clients.query.rows({
      sql: "SELECT tag, count(*) FROM crash GROUP BY tag",
    });
    const counts = new Map(rows.map(([tag, count]) => [String(tag), Number(count)]));
    for (const id of of("ingest")) {
      if (counts.get(id) !== ROWS_IN_A_FILE) say(`lost ingest ${id} (${counts.get(id) ?? 0} rows)`);
    }
    // A half commit or one applied twice would show as another number of rows.
    for (const [id, count] of counts)
      if (count !== ROWS_IN_A_FILE) say(`lost whole-file ${id} ${count}`);
  }
  const events = await clients.query.rows({
    sql: "SELECT event_id FROM kb.events WHERE endpoint = 'crash'",
    limit: 1_000_000,
  });
  const known = new Set(events.rows.map(([id]) => String(id)));
  for (const id of of("observe")) if (!known.has(id)) say(`lost observe ${id}`);
  for (const playbook_id of of("record")) {
    await clients.playbook.get({ playbook_id }).catch(() => say(`lost record ${playbook_id}`));
  }
  const ids = of("index");
  for (let from = 0; from < ids.length; from += 1000) {
    const part = ids.slice(from, from + 1000);
    const { items } = await clients.vector.fetch({ index: "crash", ids: part });
    const there = new Set(items.map((item) => item.id));
    for (const id of part) if (!there.has(id)) say(`lost index ${id}`);
  }
  say(`verified ${acks.length}`);
}
