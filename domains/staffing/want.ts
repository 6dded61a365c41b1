// What a contract asks for, and how it is read out of a context: strictly, nothing is left out.
import { z } from "zod";
import { checkInput } from "#pack.ts";

const text = z.string().trim().min(1).max(500);

const wantShape = z.strictObject({
  role: text,
  count: z.int().min(1).max(10_000),
  city: text.optional(),
  state: text.optional(),
  not_city: text.optional(),
  shift: text.optional(),
  not_shift: text.optional(),
  certification: text.optional(),
  min_reliability: z.number().min(0).max(1).optional(),
  available: text.optional().describe("a key of AVAILABLE"),
  experience: text.optional().describe("a value of EXPERIENCE"),
  max_pay: z.number().positive().optional().describe("dollars an hour"),
  exclude: z.array(text).max(1_000).optional().describe("worker ids or names"),
});

const partShape = z.strictObject({ context: wantShape.partial() });

type Loose = z.output<typeof wantShape>;

/** A request in terms of the data; absent fields are not asked for. */
export type Want = {
  readonly [Name in keyof Loose]: Loose[Name] extends readonly string[] | undefined
    ? readonly string[]
    : Exclude<Loose[Name], undefined>;
};

/**
 * A want out of a context; undefined when it names no role or no count. Throws `invalid`
 * (invalid_input) for an unknown field or a value of the wrong type: a demand that is misspelt
 * must never be one that is not enforced.
 */
export function wantOf(context: Readonly<Record<string, unknown>>): Want | undefined {
  const part = checkInput(partShape, { context }).context;
  if (part.role === undefined || part.count === undefined) return undefined;
  const asked = Object.entries(part).filter(([, value]) => value !== undefined);
  return Object.fromEntries(asked) as unknown as Want;
}
