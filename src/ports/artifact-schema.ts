// The JSON Schema of an artifact, as validators declare it and models are given it.
import { z } from "zod";
import type { JsonSchema } from "./domain-pack.ts";

/** Of a Zod shape; without `$schema`, which some servers refuse inside a response format. */
export function artifactSchema(shape: z.ZodType): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(shape, { io: "input" });
  void $schema;
  // What Zod gives is plain JSON; going through text also drops what JSON does not hold.
  return JSON.parse(JSON.stringify(schema)) as JsonSchema;
}
