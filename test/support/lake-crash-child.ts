// A lake that works until it is killed or its disk is full; says what it acknowledged.
import { createHash } from "node:crypto";
import { readFileSync, writeSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { composeHouse, type House } from "#app/compose.ts";
import { loadSettings } from "#app/settings.ts";
import { silentLog } from "#kernel/log.ts";
import { toLakehouseError } from "#kernel/problem.ts";

/** Of `upsert` the value is the row's, of `upload` the sha256 of the bytes. */
export interface LakeAck {
  readonly kind: "append" | "upsert" | "delete" | "upload" | "upkeep";
  readonly id: string;
  readonly value: string;
}

const ROWS_IN_A_FILE = 20;
const KEYS = 12;
const PART_BYTES = 96 * 1024;

const [mode = "work", data_dir = "", round = "0"] = process.argv.slice(2);
const settings = await loadSettings({
  variables: {},
  overrides: {
    data_dir,
    domains: [],
    storage: { part_bytes_min: 1024 },
    engines: { duckdb_memory_mb: 512, duckdb_threads: 1 },
  },
});
const only = ["observe", "storage", "journal", "catalog", "query", "ingest", "rewrite"] as const;
const house = await composeHouse({ settings, log: silentLog, variables: {}, only });
say("ready");
if (mode === "verify") {
  const acks = JSON.parse(readFileSync(join(data_dir, "..", "acks.json"), "utf8")) as LakeAck[];
  await verify(house, acks);
  await house.stop();
} else {
  await Promise.all([append(house), upsert(house), remove(house), upload(house), upkeep(house)]);
}

function say(text: string): void {
  writeSync(1, `${text}\n`);
}

function acknowledge(kind: LakeAck["kind"], id: string, value = "-"): void {
  say(`ack ${kind} ${id} ${value}`);
}

/** Goes on when the disk is full; any other failure ends the child, and so the test. */
async function orFull(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    const error = toLakehouseError(thrown);
    const text = `${error.message} ${String(error.cause)}`;
    const full =
      error.reason === "storage_full" || /ENOSPC|no space left|disk is full|disk full/i.test(text);
    const lost_race = error.reason === "snapshot_moved";
    if (!full && !lost_race) throw thrown;
    if (full) say(`full ${error.reason}`);
    await wait(20);
  }
}

async function source(name: string, head: string, rows: readonly string[]): Promise<string> {
  const path = join(data_dir, "..", `${name}.csv`);
  await writeFile(path, `${head}\n${rows.join("\n")}\n`);
  return path;
}

async function append({ clients }: House): Promise<void> {
  for (let turn = 0; ; turn++) {
    const tag = `r${round}t${turn}`;
    await orFull(async () => {
      const rows = Array.from({ length: ROWS_IN_A_FILE }, (_, index) => `${tag},${index}`);
      const path = await source(`append-${tag}`, "tag,n", rows);
      await clients.ingest.path({ dataset: "appended", path });
      acknowledge("append", tag);
    });
  }
}

async function upsert({ clients }: House): Promise<void> {
  for (let turn = 0; ; turn++) {
    const value = Number(round) * 100_000 + turn;
    await orFull(async () => {
      const keys = Array.from({ length: 3 }, (_, index) => (turn * 5 + index) % KEYS);
      const rows = keys.map((key) => `${key},${value}`);
      const path = await source(`upsert-${value}`, "id,value", rows);
      await clients.ingest.path({ dataset: "accounts", path, mode: "upsert", key: ["id"] });
      for (const key of keys) acknowledge("upsert", String(key), String(value));
    });
  }
}

/** Rows come and go: what is acknowledged as deleted never comes back. */
async function remove({ clients }: House): Promise<void> {
  for (let turn = 0; ; turn++) {
    const tag = `d${round}t${turn}`;
    await orFull(async () => {
      const path = await source(`delete-${tag}`, "tag,n", [`${tag},1`, `${tag},2`, "kept,3"]);
      await clients.ingest.path({ dataset: "deleted", path });
      await clients.rewrite.delete_rows({ dataset: "deleted", where: "tag = $1", params: [tag] });
      acknowledge("delete", tag);
    });
  }
}

async function upload({ clients: { storage } }: House): Promise<void> {
  for (let turn = 0; ; turn++) {
    const key = `uploads/r${round}t${turn}`;
    await orFull(async () => {
      const { upload_id } = await storage.start_upload({ key });
      const hash = createHash("sha256");
      const parts = [];
      for (let part_number = 1; part_number <= 3; part_number++) {
        const bytes = Buffer.alloc(PART_BYTES, `${key}/${part_number}`);
        hash.update(bytes);
        const body = (async function* () {
          yield bytes;
        })();
        parts.push(await storage.put_part({ upload_id, part_number, body }));
      }
      const named = parts.map(({ part_number, etag }) => ({ part_number, etag }));
      await storage.complete_upload({ upload_id, parts: named });
      acknowledge("upload", key, hash.digest("hex"));
      // Older objects go, so that a small disk is not full for good.
      if (turn % 4 === 3) {
        const gone = `uploads/r${round}t${turn - 3}`;
        // Killed in between, it may be gone without anybody having heard of it.
        acknowledge("upload", gone, "going");
        await storage.remove({ key: gone });
        acknowledge("upload", gone, "gone");
      }
    });
  }
}

async function upkeep({ clients: { rewrite, catalog } }: House): Promise<void> {
  for (let turn = 0; ; turn++) {
    await wait(30);
    for (const name of ["appended", "accounts", "deleted"]) {
      await orFull(async () => {
        const { datasets } = await catalog.list({});
        if (!datasets.some((one) => one.name === name)) return;
        if (turn % 3 === 0) await rewrite.compact({ dataset: name });
        const older_than = new Date().toISOString();
        await catalog.expire_snapshots({ name, older_than, retain_last: 3 });
        acknowledge("upkeep", `${round}-${turn}-${name}`);
      });
    }
  }
}

/** Says `lost …` for each broken promise, then `verified <count> <orphans>`. */
async function verify({ clients }: House, acks: readonly LakeAck[]): Promise<void> {
  const { ok, first_break } = await clients.journal.verify({});
  if (!ok) say(`lost journal ${first_break?.message}`);
  await checkRows(clients, acks);
  await checkUploads(clients, acks);
  let orphans = 0;
  const { datasets } = await clients.catalog.list({});
  for (const { name, status, status_reason } of datasets) {
    if (status !== "healthy") say(`lost dataset ${name}: ${status_reason}`);
    orphans += (await clients.catalog.remove_orphans({ name, older_than_ms: 0 })).orphans;
    const again = await clients.catalog.remove_orphans({ name, older_than_ms: 0 });
    if (again.orphans > 0) say(`lost order: ${again.orphans} orphans of ${name} stay`);
    const { missing_keys } = await clients.catalog.verify({ name });
    if (missing_keys.length > 0) say(`lost objects of ${name} with the orphans`);
  }
  await checkRows(clients, acks);
  say(`verified ${acks.length} ${orphans}`);
}

async function checkRows({ query }: House["clients"], acks: readonly LakeAck[]): Promise<void> {
  const of = (kind: LakeAck["kind"]) => acks.filter((ack) => ack.kind === kind);
  if (of("append").length > 0) {
    const sql = "SELECT tag, count(*), count(DISTINCT n) FROM appended GROUP BY tag";
    const { rows } = await query.rows({ sql, limit: 1_000_000 });
    const counts = new Map(rows.map(([tag, count]) => [String(tag), Number(count)]));
    for (const { id } of of("append")) if (!counts.has(id)) say(`lost append ${id}`);
    for (const [tag, count, distinct] of rows) {
      if (Number(count) === ROWS_IN_A_FILE && Number(distinct) === ROWS_IN_A_FILE) continue;
      say(`lost wholeness of ${String(tag)}: ${String(count)} rows`);
    }
  }
  const newest = new Map<string, number>();
  for (const { id, value } of of("upsert")) {
    newest.set(id, Math.max(newest.get(id) ?? 0, Number(value)));
  }
  if (newest.size > 0) {
    const { rows } = await query.rows({ sql: "SELECT id, value FROM accounts" });
    const present = new Map(rows.map(([id, value]) => [String(id), Number(value)]));
    if (present.size !== rows.length) say("lost upsert: a key stands twice");
    for (const [id, value] of newest) {
      if ((present.get(id) ?? -1) < value) say(`lost upsert ${id}: ${present.get(id)} < ${value}`);
    }
  }
  if (of("delete").length > 0) {
    const { rows } = await query.rows({ sql: "SELECT DISTINCT tag FROM deleted", limit: 100_000 });
    const present = new Set(rows.map(([tag]) => String(tag)));
    for (const { id } of of("delete")) if (present.has(id)) say(`lost delete ${id}`);
    if (!present.has("kept")) say("lost rows that were not to be deleted");
  }
}

async function checkUploads({ storage }: House["clients"], acks: readonly LakeAck[]) {
  const wanted = new Map<string, string>();
  for (const { kind, id, value } of acks) if (kind === "upload") wanted.set(id, value);
  for (const [key, sha256] of wanted) {
    const found = await storage.get({ key }).catch(() => undefined);
    if (found === undefined) {
      if (sha256 !== "gone" && sha256 !== "going") say(`lost upload ${key}`);
      continue;
    }
    const hash = createHash("sha256");
    for await (const chunk of found.body) hash.update(chunk);
    const bytes_known = sha256 !== "gone" && sha256 !== "going";
    if (bytes_known && hash.digest("hex") !== sha256) say(`lost bytes of upload ${key}`);
    if (sha256 === "gone") say(`lost removal of ${key}`);
  }
  const { uploads } = await storage.uploads({});
  for (const { upload_id } of uploads) await storage.abort_upload({ upload_id });
  if ((await storage.uploads({})).uploads.length > 0) say("lost order: uploads cannot be aborted");
}
