// The context bundle: what a drafting prompt carries as data, in a form that code can read back.
import { z } from "zod";
import { validationError, type ValidationError } from "#contracts/nouns.ts";

export const contextBundle = z.strictObject({
  /** Fields of the artifact that are given. */
  base: z.record(z.string(), z.unknown()),
  /**
   * The artifact's list that is filled from the candidates; null: the artifact is `base` as it is.
   */
  list_field: z.string().nullable(),
  /** Field of a list item → field of a candidate. */
  item: z.record(z.string(), z.string()),
  /** How many candidates to take. */
  count: z.int().min(0),
  /** Best first; each with at least `id`. */
  candidates: z.array(z.looseObject({ id: z.string() })),
});
export type ContextBundle = z.output<typeof contextBundle>;

const BUNDLE_FENCE = "context-bundle";
const ERROR_FENCE = "validation-error";

/** The bundle as a fenced block of a prompt. Its content cannot close the fence. */
export function renderBundle(bundle: ContextBundle): string {
  return fenced(BUNDLE_FENCE, bundle);
}

/** A validator's error as a fenced block of a prompt. */
export function renderError(error: ValidationError): string {
  return fenced(ERROR_FENCE, error);
}

/** Any untrusted value as a fenced JSON block: data, never instructions. */
export function fenced(info: string, value: unknown): string {
  const text = JSON.stringify(value, undefined, 1).replaceAll("`", "\\u0060");
  return `\`\`\`${info}\n${text}\n\`\`\``;
}

/** The last bundle in a text, or undefined when there is none that can be read. */
export function findBundle(text: string): ContextBundle | undefined {
  const values = findFenced(BUNDLE_FENCE, text);
  const result = contextBundle.safeParse(values.at(-1));
  return result.success ? result.data : undefined;
}

/** The validators' errors in a text, oldest first. */
export function findErrors(text: string): ValidationError[] {
  const errors: ValidationError[] = [];
  for (const value of findFenced(ERROR_FENCE, text)) {
    const result = validationError.safeParse(value);
    if (result.success) errors.push(result.data);
  }
  return errors;
}

function findFenced(info: string, text: string): unknown[] {
  const values: unknown[] = [];
  const pattern = new RegExp(`^\`\`\`${info}\\n([\\s\\S]*?)\\n\`\`\`$`, "gm");
  for (const match of text.matchAll(pattern)) {
    try {
      values.push(JSON.parse(match[1]!));
    } catch {
      continue;
    }
  }
  return values;
}

/** A task of the same kind that went well, for the prompt of a new one. */
export interface EarlierTask {
  readonly task: string;
  readonly answer_id: string;
  /** Lower bound of the share of its good outcomes, 0 to 1. */
  readonly utility: number;
}

/** More of them help no further, and small models lose the thread. */
export const EARLIER_TASKS_MAX = 3;

/** The most useful earlier tasks as a fenced block, most useful first; "" when there are none. */
export function renderEarlierTasks(tasks: readonly EarlierTask[]): string {
  const best = tasks.toSorted((a, b) => b.utility - a.utility).slice(0, EARLIER_TASKS_MAX);
  const shown = best.map(({ task, answer_id }) => ({ task, answer_id }));
  return shown.length === 0 ? "" : fenced("earlier-tasks", shown);
}
