// Renders docs/reference/operations.md and parts.md out of the contracts and the list of parts.
import { PARTS } from "#app/parts.ts";
import { ALL_CONTRACTS } from "#contracts/all-contracts.ts";
import { scopeOf, type Contract, type Operation } from "#kernel/contract.ts";
import { toSchema } from "#kernel/openapi.ts";

type Json = Record<string, unknown>;

export function renderOperations(): string {
  const lines = [
    "# Operations",
    "",
    "Every operation of every service, generated from the contracts (`src/contracts/`). Each is also a method of",
    "the client, a path of `GET /openapi.json`, and `lakehouse call <service.operation> '<json>'`.",
    "",
  ];
  for (const contract of Object.values(ALL_CONTRACTS) as Contract[]) {
    lines.push(`## ${contract.service}`, "", contract.summary, "");
    for (const [name, operation] of Object.entries(contract.operations)) {
      lines.push(...operationLines(`${contract.service}.${name}`, operation));
    }
  }
  return lines.join("\n");
}

function operationLines(id: string, operation: Operation): string[] {
  const routes = [operation.http, ...(operation.aliases ?? [])].map((route) => `\`${route}\``);
  const where = operation.exposure === "process" ? "in process only" : routes.join(", ");
  const schema = toSchema(operation.input, "input");
  const properties = Object.entries((schema["properties"] ?? {}) as Record<string, Json>);
  const required = new Set((schema["required"] ?? []) as string[]);
  const lines = [`### ${id}`, "", operation.summary, ""];
  lines.push(`${where} · ${operation.kind} · scope ${scopeOf(operation)}`, "");
  if (properties.length > 0) {
    lines.push("| field | type | default | |", "|---|---|---|---|");
    for (const [field, property] of properties) {
      const standard = required.has(field) ? "required" : code(property["default"]);
      const note = (property["description"] as string | undefined) ?? "";
      lines.push(`| \`${field}\` | ${typeOf(property)} | ${standard} | ${note} |`);
    }
    lines.push("");
  }
  const reasons = operation.reasons ?? [];
  if (reasons.length > 0) lines.push(`Reasons: ${reasons.map(code).join(", ")}`, "");
  return lines;
}

function code(value: unknown): string {
  if (value === undefined) return "";
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

function typeOf(schema: Json): string {
  if (Array.isArray(schema["enum"])) return schema["enum"].map(String).join(" \\| ");
  if (schema["const"] !== undefined) return code(schema["const"]);
  const choices = (schema["anyOf"] ?? schema["oneOf"]) as Json[] | undefined;
  if (choices !== undefined) return [...new Set(choices.map(typeOf))].join(" \\| ");
  if (schema["type"] === "array") return `list of ${typeOf((schema["items"] ?? {}) as Json)}`;
  return typeof schema["type"] === "string" ? schema["type"] : "any";
}

export function renderParts(): string {
  const lines = [
    "# Parts and their needs",
    "",
    "Generated from `src/app/parts.ts`, in the order of starting. A part needs parts of its own or an earlier",
    "plane only; a test holds that and that there is no cycle.",
    "",
    "```mermaid",
    "flowchart LR",
  ];
  for (const plane of ["data", "models", "recall", "work", "improve"]) {
    const own = PARTS.filter((part) => part.plane === plane).map((part) => part.service);
    lines.push(`  subgraph ${plane}`, ...own.map((name) => `    ${name}`), "  end");
  }
  for (const part of PARTS)
    for (const need of part.needs) lines.push(`  ${part.service} --> ${need}`);
  return [...lines, "```", ""].join("\n");
}
