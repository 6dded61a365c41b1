// The command line: one program, its commands in files by plane.
import { Command, CommanderError } from "commander";
import type { CliHost } from "./cli-host.ts";
import { createCommandKit, serverAddress, showError } from "./command-kit.ts";
import { addDataCommands } from "./data-commands.ts";
import { addHouseCommands } from "./house-commands.ts";
import { addImproveCommands } from "./improve-commands.ts";
import { addMcpCommand } from "./mcp-command.ts";
import { addMemoryCommands } from "./memory-commands.ts";
import { addModelsCommands } from "./models-commands.ts";
import { addRecallCommands } from "./recall-commands.ts";
import { addUsageCommands } from "./usage-commands.ts";
import { addWorkCommands } from "./work-commands.ts";

/** The whole program, ready to parse. */
export function createProgram(host: CliHost): Command {
  const program = new Command("lakehouse")
    .description("A self-hosted data plane in which small local models get better with every run.")
    .version(host.version)
    .option("--json", "results as JSON (streams: one document a line)")
    .option("-q, --quiet", "no progress and no notes")
    .option("--data <folder>", "where the state stands (default: as configured, data)")
    .option("--config <file>", "settings file (default: lakehouse.toml if there is one)")
    .option(
      "--url <address>",
      "talk to this server instead of opening the data here",
      serverAddress,
    )
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .configureOutput({ writeOut: host.terminal.out, writeErr: host.terminal.note })
    .showHelpAfterError("(--help lists what there is)")
    .exitOverride();
  program.addHelpText(
    "after",
    "\nFirst steps:\n" +
      "  lakehouse demo                                   see the main job done\n" +
      "  lakehouse ingest people.csv                      bring in your own data\n" +
      '  lakehouse sql "SELECT count(*) FROM people"      ask it\n' +
      "  lakehouse up                                     serve it all on http://127.0.0.1:3110\n" +
      "\nExit codes: 0 done, 1 failed, 2 the request was wrong, 3 not accepted, 130 interrupted,\n" +
      "143 terminated.",
  );
  const kit = createCommandKit(host, program);
  addHouseCommands(program, kit);
  addDataCommands(program, kit);
  addRecallCommands(program, kit);
  addMemoryCommands(program, kit);
  addWorkCommands(program, kit);
  addModelsCommands(program, kit);
  addUsageCommands(program, kit);
  addImproveCommands(program, kit);
  addMcpCommand(program, kit);
  for (const command of program.commands) inheritExit(command);
  return program;
}

function inheritExit(command: Command): void {
  command.exitOverride();
  for (const inner of command.commands) inheritExit(inner);
}

/** Runs the command line; answers the exit code. */
export async function runProgram(host: CliHost, args: readonly string[]): Promise<number> {
  const program = createProgram(host);
  try {
    await program.parseAsync([...args], { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const { json = false } = program.opts() as { json?: boolean };
    return showError(host, json, error);
  }
}
