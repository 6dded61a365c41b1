// Commands on facts at rest: the journal, example data; ingest, datasets and sql stand beside this.
import type { Command } from "commander";
import { LakehouseError } from "#kernel/problem.ts";
import { wholeNumber, type CommandKit } from "./command-kit.ts";
import { addDatasetCommands } from "./dataset-commands.ts";
import { addIngestCommand } from "./ingest-command.ts";
import { green, red, table } from "./output.ts";
import { addSqlCommands } from "./sql-commands.ts";

export function addDataCommands(program: Command, kit: CommandKit): void {
  addIngestCommand(program, kit);
  addDatasetCommands(program, kit);
  addSqlCommands(program, kit);
  addJournal(program, kit);
  addGenerate(program, kit);
}

function addJournal(program: Command, kit: CommandKit): void {
  const journal = program.command("journal").description("every change of the house, hash-chained");
  journal
    .command("list", { isDefault: true })
    .description("the newest events")
    .option("-n, --limit <count>", "events at most", wholeNumber(1, 1000), 20)
    .option("--subject <subject>", "e.g. dataset:workers")
    .action((options: { limit: number; subject?: string }) =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.journal.list(options);
        output.result(answer, () =>
          table(
            ["seq", "when", "who", "action", "subject", "after", "hash"],
            answer.events.map((one) => [
              one.seq,
              one.recorded_at,
              one.actor,
              one.action,
              one.subject,
              one.after?.slice(0, 12),
              one.hash.slice(0, 12),
            ]),
          ),
        );
      }),
    );
  journal
    .command("verify")
    .description("recompute the whole chain")
    .action(() =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.journal.verify({});
        output.result(answer, () =>
          answer.ok
            ? `${green("✓")} ${answer.events} events, chain whole, head ${answer.head_hash.slice(0, 16)}`
            : `${red("✗")} broken at event ${answer.first_break?.seq}: ${answer.first_break?.message}`,
        );
        if (!answer.ok) throw new LakehouseError("rejected", "the journal's chain is broken");
      }),
    );
}

function addGenerate(program: Command, kit: CommandKit): void {
  program
    .command("generate")
    .description("write a domain's example data as CSV files (same seed, same bytes)")
    .argument("[domain]", "the domain", "staffing")
    .option("--rows <count>", "rows of the main table", wholeNumber(1, 10_000_000), 10_000)
    .option("--seed <number>", "seed", wholeNumber(0, 2 ** 31), 42)
    .option("-o, --out <folder>", "where to", "data/generated")
    .action(async (domain: string, options: { rows: number; seed: number; out: string }) => {
      const files = await kit.host.generate({ ...kit.globals(), ...options, domain });
      kit.output().result({ files }, () => files.join("\n"));
    });
}
