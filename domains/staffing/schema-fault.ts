// What is wrong with the shape of an artifact: where, what was expected, and what stood there.
import type { z } from "zod";
import type { ValidationError } from "#pack.ts";

type Json = NonNullable<ValidationError["actual"]>;

/** `expected`: an example of a right artifact, or words. */
export function schemaFault(
  failed: z.ZodError,
  artifact: unknown,
  otherwise: string,
  expected: Json,
): ValidationError {
  const { path, message } = failed.issues[0]!;
  const actual = valueAt(artifact, path);
  return {
    kind: "schema",
    field: path.join(".") || otherwise,
    message,
    expected,
    ...(actual === undefined ? {} : { actual }),
  };
}

const ACTUAL_CHARS_MAX = 500;

/** What stands at the path, if it is short; undefined: nothing does. */
function valueAt(artifact: unknown, path: readonly PropertyKey[]): Json | undefined {
  let value = artifact;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) {
      return undefined;
    }
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) return undefined;
  return text.length > ACTUAL_CHARS_MAX
    ? `${text.slice(0, ACTUAL_CHARS_MAX)}…`
    : (JSON.parse(text) as Json);
}
