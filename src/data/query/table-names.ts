// What a table name in SQL means: a dataset of a namespace, or a log of the house.
import { datasetName } from "#contracts/nouns.ts";

/** Schemas that mean the namespace `default`, whose datasets are named without it. */
const DEFAULT_SCHEMAS: ReadonlySet<string> = new Set(["main", "default"]);

export const KB_SCHEMA = "kb";

export interface TableName {
  /** As the engine is to know it. */
  readonly schema: string;
  readonly name: string;
  /** As the catalog knows it; undefined when it cannot be a dataset's name. */
  readonly dataset: string | undefined;
}

/** `orders`, `main.orders` and `default.orders` are the dataset orders; case does not matter. */
export function readTableName(written: string): TableName {
  const lower = written.toLowerCase();
  const dot = lower.indexOf(".");
  const schema = dot === -1 ? "main" : lower.slice(0, dot);
  const name = lower.slice(dot + 1);
  const dataset = DEFAULT_SCHEMAS.has(schema) ? name : `${schema}.${name}`;
  const may_be = schema !== KB_SCHEMA && !name.includes(".") && datasetName.safeParse(dataset);
  return { schema, name, dataset: may_be !== false && may_be.success ? dataset : undefined };
}

/** How SQL names a dataset. */
export function schemaAndName(dataset: string): { schema: string; name: string } {
  const dot = dataset.indexOf(".");
  if (dot === -1) return { schema: "main", name: dataset };
  return { schema: dataset.slice(0, dot), name: dataset.slice(dot + 1) };
}

/** `workers` and `Main.Workers` are one table to the engine. */
export function relationKey(written: string): string {
  const { schema, name } = readTableName(written);
  return `${schema}.${name}`;
}
