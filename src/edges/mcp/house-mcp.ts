// The MCP server of a house: one factory for every way in.
import type { McpServerFactory } from "@modelcontextprotocol/server";
import type { Clients } from "#contracts/all-contracts.ts";
import type { Log } from "#kernel/log.ts";
import { createMcpServer } from "./mcp-server.ts";
import { houseTools, type ToolsNeeds } from "./mcp-tools.ts";

export interface HouseMcpNeeds {
  readonly clients: Clients;
  readonly version: string;
  readonly log?: Log | undefined;
  /** See `ToolsNeeds.files`. */
  readonly files?: ToolsNeeds["files"];
}

/** Schemas are made once; a server for each connection or request is cheap. */
export function houseServers(needs: HouseMcpNeeds): McpServerFactory {
  const { clients, version, log, files } = needs;
  const tools = houseTools({ clients, files });
  return () => createMcpServer({ clients, tools, version, log });
}
