// Translates OpenAI-shaped tools, and the choice among them, to Anthropic's.
import type { ChatRequest } from "#ports/chat-model.ts";
import { cacheMark } from "./anthropic-messages.ts";
import { asObject } from "./openai-shapes.ts";

type Loose = Readonly<Record<string, unknown>>;

export interface ToldTools {
  readonly tools: readonly unknown[];
  /** Names of those that cannot be sent. */
  readonly left_out: readonly string[];
}

/** Those of plain text or a grammar (OpenAI's `custom`) have no equal: Anthropic's take JSON. */
export function toAnthropicTools(tools: readonly unknown[]): ToldTools {
  const custom = tools.filter((tool) => customOf(tool) !== undefined);
  return {
    tools: tools.filter((tool) => customOf(tool) === undefined).map(toAnthropicTool),
    left_out: custom.map((tool) => String(customOf(tool)!["name"])),
  };
}

function customOf(tool: unknown): Loose | undefined {
  return asObject(asObject(tool)?.["custom"]);
}

function toAnthropicTool(tool: unknown): unknown {
  const told = asObject(tool);
  const wanted = asObject(told?.["function"]);
  if (wanted === undefined) return tool;
  const { name, description, parameters, strict } = wanted;
  return {
    name,
    ...(description === undefined ? {} : { description }),
    input_schema: inputSchema(parameters),
    ...(strict === true ? { strict } : {}),
    ...cacheMark(told, wanted),
  };
}

function inputSchema(parameters: unknown): unknown {
  const schema = asObject(parameters ?? { properties: {} });
  return schema === undefined || schema["type"] !== undefined
    ? parameters
    : { type: "object", ...schema };
}

/** Undefined: Anthropic has no such choice, or needs none to be told. */
export function toolChoiceOf(
  choice: ChatRequest["tool_choice"],
  parallel: unknown,
): Loose | undefined {
  const alone = parallel === false ? { disable_parallel_tool_use: true } : {};
  const told = asObject(choice);
  if (choice === "none" || told?.["type"] === "none") return { type: "none" };
  if (choice === "required") return { type: "any", ...alone };
  const name = asObject(told?.["function"])?.["name"];
  if (name !== undefined) return { type: "tool", name, ...alone };
  if (told !== undefined && OWN_CHOICES.has(told["type"])) return { ...told, ...alone };
  return choice === "auto" || parallel === false ? { type: "auto", ...alone } : undefined;
}

/** As Anthropic spells them. */
const OWN_CHOICES: ReadonlySet<unknown> = new Set(["auto", "any", "tool", "none"]);
