// What table metadata costs: a durable commit, a thousand snapshots, ten thousand files.
import type { DataFile } from "#contracts/catalog.ts";
import { median, round, spread, timed, type Ratio } from "./bench-report.ts";
import type { Lake } from "./open-lake.ts";

const COMMITS = 200;
const SNAPSHOTS = 1_000;
const FILES = 10_000;
const ROUNDS_PLAN = 30;
const ROUNDS_QUERY = 60;
const FIELDS = [
  { name: "id", type: "long" },
  { name: "name", type: "string" },
];

/** Files of one row, all the same bytes: only their number matters here. */
export async function measureTables(lake: Lake, say: (text: string) => void) {
  const commits = await measureCommits(lake);
  say(`commit p50 ${round(median(commits))} ms`);
  const snapshots = await measureSnapshots(lake);
  say(`query with one snapshot ${snapshots.one.median} ms, with many ${snapshots.many.median} ms`);
  const plans = await measurePlanning(lake);
  say(`plan of ${FILES} files ${plans.whole.median} ms, pruned to one ${plans.pruned.median} ms`);
  const commit_ms = round(median(commits));
  const slower = round(snapshots.ratio);
  const plan_ms = plans.whole.median;
  const ratios: Record<string, Ratio> = {
    commit_p50_ms: { value: commit_ms, target: "<= 10", met: commit_ms <= 10 },
    query_1000_snapshots_over_1: { value: slower, target: "<= 1.10", met: slower <= 1.1 },
    plan_10000_files_ms: { value: plan_ms, target: "<= 50", met: plan_ms <= 50 },
  };
  const figures = {
    commit_ms: spread(commits),
    query_1_snapshot_ms: snapshots.one,
    query_1000_snapshots_ms: snapshots.many,
    commit_at_1000_snapshots_ms: snapshots.commit,
    plan_cold_ms: plans.cold_ms,
    plan_ms: plans.whole,
    plan_pruned_ms: plans.pruned,
  };
  return { figures, ratios };
}

async function putFile({ storage }: Lake, key: string, id: number): Promise<DataFile> {
  const body = (async function* () {
    yield Buffer.from(`row ${id}`);
  })();
  const { size_bytes } = await storage.put({ key, body });
  const bounds = { field_id: 1, values: 1, nulls: 0, lower: id, upper: id };
  return { key, rows: 1, size_bytes, partition: {}, stats: [bounds], split_offsets: [] };
}

async function measureCommits(lake: Lake): Promise<number[]> {
  await lake.catalog.register({ name: "commits", fields: FIELDS });
  const took: number[] = [];
  for (let at = -5; at < COMMITS; at++) {
    const added = [await putFile(lake, `datasets/commits/${at + 5}.parquet`, at)];
    const { ms } = await timed(() =>
      lake.catalog.commit({ name: "commits", operation: "append", added }),
    );
    if (at >= 0) took.push(ms);
  }
  return took;
}

/** The same table of one real file, before and after a thousand changes of its history. */
async function measureSnapshots(lake: Lake) {
  const { files } = await lake.catalog.files({ name: "staff0" });
  const [file] = files;
  if (file === undefined) throw new Error("the ingest bench has left no file");
  const dataset = await lake.catalog.get({ name: "staff0" });
  const fields = dataset.fields.map(({ name, type, nullable }) => ({ name, type, nullable }));
  for (const table of ["history_short", "history_long"]) {
    await lake.catalog.register({ name: table, fields });
    await lake.catalog.commit({ name: table, operation: "append", added: [plain(file)] });
  }
  const commit: number[] = [];
  const name = "history_long";
  // Files come and go again, so that both tables end with the same one file.
  for (let made = 1; made < SNAPSHOTS; made += 2) {
    const small = await putFile(lake, `datasets/${name}/${made}.parquet`, made);
    const work = () => lake.catalog.commit({ name, operation: "append", added: [small] });
    const { ms } = await timed(work);
    if (made > SNAPSHOTS - 200) commit.push(ms);
    await lake.catalog.commit({ name, operation: "delete", removed_keys: [small.key] });
  }
  const sql = "SELECT count(*), max(pay) FROM $TABLE WHERE city = 'Toledo' AND level > 3";
  const one: number[] = [];
  const many: number[] = [];
  for (let at = -4; at < ROUNDS_QUERY; at++) {
    const order = at % 2 === 0 ? (["short", "long"] as const) : (["long", "short"] as const);
    for (const which of order) {
      const asked = sql.replace("$TABLE", `history_${which}`);
      const { ms } = await timed(() => lake.query.rows({ sql: asked, cache: false }));
      if (at >= 0) (which === "short" ? one : many).push(ms);
    }
  }
  const ratio = median(many.map((ms, at) => ms / one[at]!));
  return { one: spread(one), many: spread(many), commit: spread(commit), ratio };
}

async function measurePlanning(lake: Lake) {
  await lake.catalog.register({ name: "many_files", fields: FIELDS });
  const batch = 1_000;
  for (let from = 0; from < FILES; from += batch) {
    const added: DataFile[] = [];
    for (let at = from; at < from + batch; at += 20) {
      const ids = Array.from({ length: 20 }, (_, index) => at + index);
      const put = (id: number) => putFile(lake, `datasets/many_files/${id}.parquet`, id);
      added.push(...(await Promise.all(ids.map(put))));
    }
    await lake.catalog.commit({ name: "many_files", operation: "append", added });
  }
  const cold = await timed(() => lake.catalog.files({ name: "many_files" }));
  const whole: number[] = [];
  const pruned: number[] = [];
  for (let at = 0; at < ROUNDS_PLAN; at++) {
    whole.push((await timed(() => lake.catalog.files({ name: "many_files" }))).ms);
    const where = [{ op: "eq" as const, column: "id", value: (at * 331) % FILES }];
    const asked = await timed(() => lake.catalog.files({ name: "many_files", where }));
    if (asked.result.files.length !== 1) throw new Error("pruning kept the wrong files");
    pruned.push(asked.ms);
  }
  return { cold_ms: round(cold.ms), whole: spread(whole), pruned: spread(pruned) };
}

function plain(file: DataFile): DataFile {
  const { key, rows, size_bytes, partition, stats, split_offsets } = file;
  return { key, rows, size_bytes, partition, stats, split_offsets };
}
