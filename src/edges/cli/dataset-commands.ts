// Commands on datasets: what is there, its history, its schema, and its upkeep.
import type { Command } from "commander";
import type { CommandKit } from "./command-kit.ts";
import { addSchemaCommands } from "./dataset-schema-commands.ts";
import { addUpkeepCommands } from "./dataset-upkeep-commands.ts";
import { datasetTable } from "./dataset-table.ts";
import { table } from "./output.ts";

export function addDatasetCommands(program: Command, kit: CommandKit): void {
  const datasets = program.command("datasets").description("list datasets, or act on one");
  addLists(datasets, kit);
  addStates(datasets, kit);
  addSchemaCommands(datasets, kit);
  addUpkeepCommands(datasets, kit);
}

function addLists(datasets: Command, kit: CommandKit): void {
  datasets
    .command("list", { isDefault: true })
    .description("all datasets with rows, size and status")
    .option("--all", "also those that were removed")
    .action((options: { all?: boolean }) =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.catalog.list({ include_tombstoned: options.all ?? false });
        output.result(answer, () => datasetTable(answer.datasets));
      }),
    );
  datasets
    .command("show <name>")
    .description("fields and snapshots of one dataset")
    .action((name: string) =>
      kit.withHouse(async ({ clients, output }) => {
        const dataset = await clients.catalog.get({ name });
        const { snapshots } = await clients.catalog.snapshots({ name });
        output.result({ dataset, snapshots }, () =>
          [
            datasetTable([dataset]),
            "",
            table(
              ["id", "field", "type", "nullable"],
              dataset.fields.map((field) => [
                field.field_id,
                field.name,
                field.type,
                field.nullable,
              ]),
            ),
            "",
            table(
              ["snapshot", "when", "operation", "added rows", "total rows", "files"],
              snapshots.map((one) => [
                one.snapshot_id,
                new Date(one.timestamp_ms).toISOString(),
                one.operation,
                one.summary.added_rows,
                one.summary.total_rows,
                one.summary.total_files,
              ]),
            ),
          ].join("\n"),
        );
      }),
    );
}

function addStates(datasets: Command, kit: CommandKit): void {
  for (const [verb, description] of [
    ["remove", "take a dataset out of use; nothing is deleted, restore brings it back"],
    ["restore", "bring a removed dataset back"],
    ["verify", "check that every file is there; heal or quarantine"],
  ] as const) {
    datasets
      .command(`${verb} <name>`)
      .description(description)
      .action((name: string) =>
        kit.withHouse(async ({ clients, output }) => {
          const { catalog } = clients;
          const dataset =
            verb === "remove"
              ? await catalog.tombstone({ name })
              : verb === "restore"
                ? await catalog.restore({ name })
                : (await catalog.verify({ name })).dataset;
          output.result(dataset, () => datasetTable([dataset]));
        }),
      );
  }
}
