// Commands on a dataset's history and files: tags, rollback, statistics, compaction, expiry.
import type { Command } from "commander";
import { wholeNumber, type CommandKit } from "./command-kit.ts";
import { datasetTable } from "./dataset-table.ts";
import { dim, green, humanBytes, humanCount, humanTime, table } from "./output.ts";

export function addUpkeepCommands(datasets: Command, kit: CommandKit): void {
  addHistory(datasets, kit);
  addStatistics(datasets, kit);
  addRewrites(datasets, kit);
  addRemovals(datasets, kit);
}

function addHistory(datasets: Command, kit: CommandKit): void {
  datasets
    .command("tag <dataset> <tag> [snapshot]")
    .description("name a snapshot (default: the current one); it does not expire")
    .action((name: string, tag: string, snapshot_id: string | undefined) =>
      kit.withHouse(async ({ clients, output }) => {
        const wanted = snapshot_id === undefined ? {} : { snapshot_id };
        const dataset = await clients.catalog.tag({ name, tag, ...wanted });
        output.result(dataset, () => `${green("✓")} ${name} at ${tag} is ${dataset.tags[tag]}`);
      }),
    );
  datasets
    .command("untag <dataset> <tag>")
    .description("remove a tag; the snapshot stays until it expires")
    .action((name: string, tag: string) =>
      kit.withHouse(async ({ clients, output }) => {
        const dataset = await clients.catalog.untag({ name, tag });
        output.result(dataset, () => datasetTable([dataset]));
      }),
    );
  datasets
    .command("rollback <dataset> <to>")
    .description("make an earlier snapshot (id, time or tag) the current one")
    .action((name: string, to: string) =>
      kit.withHouse(async ({ clients, output }) => {
        const dataset = await clients.catalog.rollback({ name, to });
        output.result(dataset, () => datasetTable([dataset]));
      }),
    );
}

function addStatistics(datasets: Command, kit: CommandKit): void {
  datasets
    .command("stats <dataset>")
    .description("rows, files, and each column's nulls and bounds, without reading any data")
    .option("--at <point>", "ISO time, snapshot id or tag")
    .action((name: string, options: { at?: string }) =>
      kit.withHouse(async ({ clients, output }) => {
        const at = options.at === undefined ? {} : { at: options.at };
        const found = await clients.catalog.statistics({ name, ...at });
        output.result(found, () => {
          const files = `${humanCount(found.files)} files (${humanCount(found.small_files)} small)`;
          const deletes = found.delete_files > 0 ? `, ${found.delete_files} delete files` : "";
          const size = humanBytes(found.size_bytes);
          const head = `${humanCount(found.rows)} rows, ${files}${deletes}, ${size}`;
          const columns = found.columns.map((one) => [
            one.name,
            one.type,
            one.nulls,
            one.lower,
            one.upper,
            one.size_bytes === null ? "" : humanBytes(one.size_bytes),
          ]);
          const parts = found.partitions.map((one) => [one.partition, one.files, one.rows]);
          return [
            `${head}, ${found.snapshots} snapshots, ${found.manifests} manifests`,
            "",
            table(["column", "type", "nulls", "least", "greatest", "size"], columns),
            ...(parts.length > 1 ? ["", table(["partition", "files", "rows"], parts)] : []),
          ].join("\n");
        });
      }),
    );
}

function addRewrites(datasets: Command, kit: CommandKit): void {
  datasets
    .command("compact <dataset>")
    .description("join small files and apply position deletes; the rows stay the same")
    .option("--target <MB>", "size of the files that are written", wholeNumber(1, 4096))
    .option("--all", "write every file anew, not only small ones")
    .action((dataset: string, options: { target?: number; all?: boolean }) =>
      kit.withHouse(async ({ clients, output }) => {
        const done = await clients.rewrite.compact({
          dataset,
          all: options.all ?? false,
          ...(options.target === undefined ? {} : { target_file_mb: options.target }),
        });
        output.result(done, () =>
          done.snapshot_id === null
            ? `${dataset}: nothing to join`
            : `${green("✓")} ${dataset}: ${done.removed_files} files became ` +
              `${done.added_files}, ${humanTime(done.duration_ms)}`,
        );
      }),
    );
  datasets
    .command("delete-rows <dataset> <condition>")
    .description("delete the rows a condition is true for, e.g. \"state = 'gone'\"")
    .action((dataset: string, where: string) =>
      kit.withHouse(async ({ clients, output }) => {
        const done = await clients.rewrite.delete_rows({ dataset, where });
        output.result(done, () => {
          const rows = `${humanCount(done.deleted_rows)} rows deleted`;
          const kept = `${humanCount(done.rows)} are left`;
          const undo = done.snapshot_id === null ? "" : dim("; rollback brings them back");
          return `${green("✓")} ${dataset}: ${rows}, ${kept}${undo}`;
        });
      }),
    );
}

interface ExpireOptions {
  olderThan?: string;
  keep: number;
  dryRun?: boolean;
}

function addRemovals(datasets: Command, kit: CommandKit): void {
  datasets
    .command("expire <dataset>")
    .description("forget old snapshots and remove the files that only they had")
    .option("--older-than <time>", "ISO time; default: as configured, five days ago")
    .option("--keep <count>", "newest snapshots to keep anyway", wholeNumber(1, 1e6), 1)
    .option("--dry-run", "only tell what would go")
    .action((name: string, options: ExpireOptions) =>
      kit.withHouse(async ({ clients, output }) => {
        const done = await clients.catalog.expire_snapshots({
          name,
          retain_last: options.keep,
          dry_run: options.dryRun ?? false,
          ...(options.olderThan === undefined ? {} : { older_than: options.olderThan }),
        });
        output.result(done, () => {
          const verb = done.dry_run ? "would go" : "are gone";
          const what = `${done.expired_snapshot_ids.length} snapshots`;
          const size = humanBytes(done.removed_bytes);
          return `${name}: ${what} and ${done.removed_keys} files (${size}) ${verb}`;
        });
      }),
    );
  datasets
    .command("remove-orphans <dataset>")
    .description("remove files below a dataset's location that no snapshot refers to")
    .option("--older-than-hours <hours>", "grace for writers at work", wholeNumber(0, 1e6))
    .option("--dry-run", "only tell what would go")
    .action((name: string, options: { olderThanHours?: number; dryRun?: boolean }) =>
      kit.withHouse(async ({ clients, output }) => {
        const hours = options.olderThanHours;
        const done = await clients.catalog.remove_orphans({
          name,
          dry_run: options.dryRun ?? false,
          ...(hours === undefined ? {} : { older_than_ms: hours * 3_600_000 }),
        });
        output.result(done, () => {
          const verb = done.dry_run ? "would go" : "are gone";
          return `${name}: ${done.orphans} orphans (${humanBytes(done.removed_bytes)}) ${verb}`;
        });
      }),
    );
}
