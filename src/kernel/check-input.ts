// Checks an input against its schema and says what is wrong, where, and what would be right.
import type { z } from "zod";
import { parseRoute, type Operation } from "./contract.ts";
import { asText } from "./http-form.ts";
import { plainIssues } from "./plain-issues.ts";
import { LakehouseError, type InputIssue } from "./problem.ts";

/** The parsed input; throws `invalid` with one issue for each fault. */
export function checkInput<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issues = toIssues(schema, result.error);
  const first = issues[0]!;
  const where = first.path === "" ? "" : `${first.path}: `;
  throw new LakehouseError("invalid", `${where}${first.message}`, {
    reason: "invalid_input",
    issues,
  });
}

/**
 * The parsed input of an operation (of one with a raw body: what stands beside it). Parts of its
 * path must be able to stand in a URL, on both transports.
 */
export function checkOperationInput<Op extends Operation>(
  operation: Op,
  input: unknown,
): z.output<Op["input"]> {
  const parsed = checkInput<Op["input"]>(operation.input as Op["input"], input);
  if (!operation.http.includes("{")) return parsed;
  for (const name of parseRoute(operation.http).params) {
    const value = asText((parsed as Record<string, unknown>)[name]);
    const message = pathFault(value);
    if (message === undefined) continue;
    const issues = [{ path: name, message }];
    throw new LakehouseError("invalid", `${name}: ${message}`, {
      reason: "invalid_input",
      issues,
    });
  }
  return parsed;
}

/** URLs resolve `.` and `..`, also when escaped: the request would go to another route. */
function pathFault(value: string): string | undefined {
  if (value === "") return "must not be empty";
  const dots = value.split("/").some((part) => part === "." || part === "..");
  return dots ? "no part of it may be . or .." : undefined;
}

/** Issues in our words; an unknown field is named together with the nearest known one. */
export function toIssues(schema: z.ZodType, error: z.ZodError): InputIssue[] {
  const issues: InputIssue[] = [];
  for (const issue of error.issues.flatMap(plainIssues)) {
    const path = issue.path.join(".");
    if (issue.code !== "unrecognized_keys") {
      issues.push({ path, message: issue.message });
      continue;
    }
    const known = knownNames(schema, issue.path);
    for (const name of issue.keys) {
      const nearest = nearestName(name, known);
      const hint = nearest === undefined ? "" : `, did you mean "${nearest}"?`;
      const list = known.length > 0 ? ` (known: ${known.join(", ")})` : "";
      issues.push({
        path: [...issue.path, name].join("."),
        message: `unknown field "${name}"${hint}${list}`,
      });
    }
  }
  return issues;
}

/** Names of the fields that stand at a path, in whichever form of a union. */
function knownNames(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let current = formsOf(schema);
  for (const step of path) {
    current = current.flatMap((form) => formsOf(form.shape?.[String(step)] ?? innerOf(form)));
  }
  return [...new Set(current.flatMap((form) => Object.keys(form.shape ?? {})))];
}

interface SchemaForm {
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly element?: unknown;
  readonly def?: {
    readonly innerType?: unknown;
    readonly valueType?: unknown;
    readonly options?: readonly unknown[];
    readonly discriminator?: string;
  };
}

/** What the values of a list or a record are. */
function innerOf(form: SchemaForm): unknown {
  return form.element ?? form.def?.valueType;
}

/** The schema without its wrappers; of a union each of its forms, if nothing in it tells which. */
function formsOf(schema: unknown): SchemaForm[] {
  const form = schema as SchemaForm | undefined;
  if (form === undefined) return [];
  if (form.def?.innerType !== undefined) return formsOf(form.def.innerType);
  if (form.def?.discriminator !== undefined) return [];
  return form.def?.options?.flatMap(formsOf) ?? [form];
}

/** The candidate closest by edit distance, or undefined when none is close. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  // Of a short name at least one sign must stay: "ne" is not "gte".
  const distance_max = Math.min(Math.max(2, name.length / 2), Math.max(1, name.length - 1));
  let best_distance = Math.floor(distance_max) + 1;
  for (const candidate of candidates) {
    const related = candidate.startsWith(name) || name.startsWith(candidate);
    const distance = related ? 1 : editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

/** Levenshtein distance (insert, delete, substitute; each costs 1). */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitute, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}
