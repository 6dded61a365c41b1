// Commands that change what a dataset is called and what columns it has; no file is touched.
import type { Command } from "commander";
import type { FieldChange } from "#contracts/table-nouns.ts";
import type { CommandKit } from "./command-kit.ts";
import { datasetTable } from "./dataset-table.ts";
import { table } from "./output.ts";

export function addSchemaCommands(datasets: Command, kit: CommandKit): void {
  const change = (name: string, fields: FieldChange[]) =>
    kit.withHouse(async ({ clients, output }) => {
      const dataset = await clients.catalog.alter({ name, fields });
      output.result(dataset, () =>
        table(
          ["id", "field", "type", "nullable"],
          dataset.fields.map((one) => [one.field_id, one.name, one.type, one.nullable]),
        ),
      );
    });
  datasets
    .command("add-column <dataset> <name> <type>")
    .description("a new column, NULL in the rows that are there")
    .action((name: string, column: string, type: string) =>
      change(name, [{ change: "add", name: column, type }]),
    );
  datasets
    .command("rename-column <dataset> <name> <to>")
    .description("another name for a column; its values stay")
    .action((name: string, column: string, to: string) =>
      change(name, [{ change: "rename", name: column, to }]),
    );
  datasets
    .command("widen-column <dataset> <name> <type>")
    .description("int to long, float to double, a decimal to more digits")
    .action((name: string, column: string, type: string) =>
      change(name, [{ change: "widen", name: column, type }]),
    );
  datasets
    .command("drop-column <dataset> <name>")
    .description("take a column out; earlier snapshots still have it")
    .action((name: string, column: string) => change(name, [{ change: "drop", name: column }]));
  datasets
    .command("move-column <dataset> <name> [after]")
    .description("behind another column, or to the front")
    .action((name: string, column: string, after: string | undefined) =>
      change(name, [{ change: "move", name: column, after: after ?? null }]),
    );
  datasets
    .command("rename <dataset> <to>")
    .description("another name for a dataset; its files stay where they are")
    .action((name: string, to: string) =>
      kit.withHouse(async ({ clients, output }) => {
        const dataset = await clients.catalog.rename({ name, to });
        output.result(dataset, () => datasetTable([dataset]));
      }),
    );
}
