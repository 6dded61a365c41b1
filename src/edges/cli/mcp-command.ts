// The command mcp: the house as a Model Context Protocol server on the standard streams.
import type { Command } from "commander";
import type { CommandKit } from "./command-kit.ts";

export function addMcpCommand(program: Command, kit: CommandKit): void {
  program
    .command("mcp")
    .description("serve the Model Context Protocol on stdin and stdout, for local clients")
    .action(() => kit.host.mcp(kit.globals()));
}
