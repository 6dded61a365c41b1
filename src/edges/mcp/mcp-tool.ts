// A tool as MCP clients see it: an operation of a contract with a name that models understand.
import type { z } from "zod";
import type { Call, Scope } from "#kernel/call.ts";
import { scopeOf, type Operation } from "#kernel/contract.ts";
import { toSchema } from "#kernel/openapi.ts";

export type JsonObject = Record<string, unknown>;

/** How far a call is; `progress` grows from one to the next. */
export interface ToolProgress {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

export interface ToolCall {
  readonly call: Call;
  /** Absent: the client did not ask for it. */
  readonly onProgress: ((step: ToolProgress) => void) | undefined;
}

/** What MCP calls annotations; hints only, the scope is what counts. */
export interface ToolHints {
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  /** Whether it may ask models beyond this house. */
  readonly openWorldHint: boolean;
}

export interface McpTool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** What a caller needs; everybody sees the tool. */
  readonly scope: Scope;
  readonly timeout_ms: number | undefined;
  readonly hints: ToolHints;
  readonly input_schema: JsonObject;
  readonly output_schema: JsonObject;
  /** Answers what fits `output_schema`; throws `LakehouseError`. */
  run(input: JsonObject, asked: ToolCall): Promise<unknown>;
}

export interface ToolSpec {
  readonly name: string;
  readonly title: string;
  readonly operation: Operation;
  /** Beside the operation's summary. */
  readonly note?: string;
  readonly input?: z.ZodObject;
  readonly hints?: Partial<ToolHints>;
  readonly run: McpTool["run"];
}

/** The tool of an operation: its schemas, scope and deadline are the contract's. */
export function toolOf(spec: ToolSpec): McpTool {
  const { name, title, operation } = spec;
  const reads = scopeOf(operation) === "read";
  const note = spec.note === undefined ? "" : ` ${spec.note}`;
  return {
    name,
    title,
    description: `${operation.summary}${note}`,
    scope: scopeOf(operation),
    timeout_ms: operation.timeout_ms,
    hints: {
      readOnlyHint: reads,
      destructiveHint: false,
      idempotentHint: reads,
      openWorldHint: false,
      ...spec.hints,
    },
    input_schema: objectSchema(spec.input ?? operation.input, "input"),
    output_schema: objectSchema(operation.output, "output"),
    run: spec.run,
  };
}

/** MCP wants an object at the root; every operation of ours has one. */
function objectSchema(schema: z.ZodType, io: "input" | "output"): JsonObject {
  return { ...toSchema(schema, io), type: "object" };
}
