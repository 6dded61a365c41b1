// The tools of the house: search, SQL, datasets, ingest, memory, playbooks, work and events.
import { z } from "zod";
import { ALL_CONTRACTS, type Clients, type ServiceName } from "#contracts/all-contracts.ts";
import type { Call } from "#kernel/call.ts";
import { checkInput } from "#kernel/check-input.ts";
import type { Operation } from "#kernel/contract.ts";
import { ingestPathTool, ingestTextTool } from "./ingest-tools.ts";
import { toolOf, type JsonObject, type McpTool, type ToolHints } from "./mcp-tool.ts";

/** Rows that `sql` answers unless told otherwise: what a model can still read. */
const SQL_ROWS_DEFAULT = 1_000;

const changes: Partial<ToolHints> = { destructiveHint: true, idempotentHint: true };
const asks: Partial<ToolHints> = { openWorldHint: true };

type OperationId = { readonly [S in ServiceName]: `${S}.${string}` }[ServiceName];

/** Name, title, operation, hints. */
const PLAIN: readonly (readonly [string, string, OperationId, Partial<ToolHints>?])[] = [
  ["search", "Search", "matrix.search"],
  ["list_corpora", "Corpora", "matrix.corpora"],
  ["explain_sql", "Explain SQL", "query.explain"],
  ["list_tables", "Tables", "query.tables"],
  ["list_datasets", "Datasets", "catalog.list"],
  ["get_dataset", "Dataset", "catalog.get"],
  ["list_snapshots", "Snapshots of a dataset", "catalog.snapshots"],
  ["list_ingests", "Ingests of a dataset", "ingest.history"],
  ["search_memory", "Search memory", "pathway.search"],
  ["add_memory", "Remember a trace", "pathway.add"],
  ["get_memory", "One trace", "pathway.get"],
  ["list_memory", "Traces", "pathway.list"],
  ["memory_history", "History of a trace", "pathway.history"],
  ["memory_stats", "Figures of memory", "pathway.stats"],
  ["update_memory", "Correct a trace", "pathway.update", changes],
  ["revise_memory", "Revise a trace", "pathway.revise"],
  ["retire_memory", "Retire a trace", "pathway.retire", changes],
  ["memory_outcome", "How a trace fared", "pathway.outcome"],
  ["match_playbooks", "Playbooks for a query", "playbook.match"],
  ["list_playbooks", "Playbooks", "playbook.list"],
  ["get_playbook", "Playbook with history", "playbook.get"],
  ["record_playbook", "Record a playbook", "playbook.record"],
  ["contradict_playbook", "Contradict a playbook", "playbook.contradict", changes],
  ["retire_playbook", "Retire a playbook", "playbook.retire", changes],
  ["evaluate_truth", "Rules for a context", "truth.evaluate"],
  ["decide_permission", "What may be done", "permission.decide"],
  ["validate", "Validate an artifact", "validate.validate"],
  ["list_validators", "Kinds that can be validated", "validate.kinds"],
  ["iterate", "Generate, validate, retry", "iterate.iterate", asks],
  ["respond", "Do a task", "respond.respond", asks],
  ["list_events", "Events", "observe.events"],
  ["event_stats", "Figures of events", "observe.stats"],
  ["record_event", "Record an event", "observe.event"],
];

export interface ToolsNeeds {
  readonly clients: Clients;
  /** Files of this machine: for the owner of the process only, never over HTTP. */
  readonly files?: "embedded" | "attached" | undefined;
}

/** Every tool, by name. */
export function houseTools(needs: ToolsNeeds): McpTool[] {
  const { clients, files } = needs;
  const tools = [
    ...PLAIN.map(([name, title, id, hints]) => plainTool(clients, name, title, id, hints)),
    sqlTool(clients),
    buildCorpusTool(clients),
    ingestTextTool(clients),
    ...(files === undefined ? [] : [ingestPathTool(clients, files)]),
  ];
  return tools.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

type AnyClient = Readonly<Record<string, (input: JsonObject, call: Call) => Promise<unknown>>>;

function plainTool(
  clients: Clients,
  name: string,
  title: string,
  id: OperationId,
  hints: Partial<ToolHints> = {},
): McpTool {
  const [service, operation] = id.split(".") as [ServiceName, string];
  const table: Readonly<Record<string, Operation>> = ALL_CONTRACTS[service].operations;
  const client = clients[service] as unknown as AnyClient;
  return toolOf({
    name,
    title,
    operation: table[operation]!,
    hints,
    run: (input, { call }) => client[operation]!(input, call),
  });
}

function sqlTool(clients: Clients): McpTool {
  const operation = ALL_CONTRACTS.query.operations.rows;
  const limit = z.int().min(1).max(1_000_000).default(SQL_ROWS_DEFAULT).describe("rows at most");
  const input = operation.input.extend({ limit });
  return toolOf({
    name: "sql",
    title: "SQL",
    operation,
    note: "Names what list_tables answers; `truncated` says that there were more rows.",
    input,
    run: async (given, { call }) => clients.query.rows(checkInput(input, given), call),
  });
}

function buildCorpusTool(clients: Clients): McpTool {
  const operation = ALL_CONTRACTS.matrix.operations.build;
  return toolOf({
    name: "build_corpus",
    title: "Build a corpus",
    operation,
    hints: changes,
    async run(given, { call, onProgress }) {
      let last: unknown;
      for await (const step of clients.matrix.build(checkInput(operation.input, given), call)) {
        const { items_done, items_total, phase } = step;
        onProgress?.({ progress: items_done, total: items_total, message: phase });
        last = step;
      }
      return last;
    },
  });
}
