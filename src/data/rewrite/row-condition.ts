// The condition of a delete: one expression over columns, and which files it may concern.
import type { Dataset } from "#contracts/catalog.ts";
import type { Predicate } from "#contracts/table-nouns.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { Cell, ColumnCondition, TableEngine } from "#ports/table-engine.ts";

/**
 * Throws `invalid` (`sql_syntax`) unless the text is one expression that names no tables: those
 * would be read file by file, and mean something else than over all rows.
 */
export async function checkCondition(engine: TableEngine, where: string): Promise<void> {
  // With brackets around it and without: what closes a bracket of ours reads one way only.
  await engine.inspect(`SELECT 1 WHERE (\n${where}\n)`);
  const named = await engine.inspect(`SELECT 1 WHERE\n${where}\n`);
  if (named.length === 0) return;
  throw new LakehouseError("invalid", `the condition reads other rows: ${named.join(", ")}`, {
    reason: "sql_syntax",
    hint: "select the keys first, then delete by them, e.g. id IN ($1, $2)",
  });
}

/** Conditions that every row meets for which the text is true: what it may match. */
export async function fileConditions(
  engine: TableEngine,
  dataset: Dataset,
  where: string,
  params: readonly unknown[],
): Promise<Predicate[]> {
  const table = dataset.name.split(".").map((part) => `"${part}"`);
  const sql = `SELECT * FROM ${table.join(".")} WHERE (\n${where}\n)`;
  const found = await engine.conditions(sql, params);
  return [...found.values()].flat().flatMap((condition) => {
    const predicate = toPredicate(condition, dataset);
    return predicate === undefined ? [] : [predicate];
  });
}

/** Only where the engine compares as file bounds do: the value is plainly of the column's type. */
function toPredicate(condition: ColumnCondition, { fields }: Dataset): Predicate | undefined {
  const wanted = condition.column.toLowerCase();
  const named = fields.filter(({ name }) => name.toLowerCase() === wanted);
  const [field] = named;
  if (field === undefined || named.length > 1) return undefined;
  const column = field.name;
  if ("values" in condition) {
    const { op, values } = condition;
    const fit = values.length > 0 && values.every((value) => isOfType(value, field.type));
    return fit ? { op, column, values: [...values] } : undefined;
  }
  if (!("value" in condition)) return { op: condition.op, column };
  const { op, value } = condition;
  if (op === "starts_with" && field.type !== "string") return undefined;
  return isOfType(value, field.type) ? { op, column, value } : undefined;
}

function isOfType(value: Cell, type: string): boolean {
  if (type === "int" || type === "long") return Number.isSafeInteger(value);
  if (type === "string") return typeof value === "string";
  if (type === "boolean") return typeof value === "boolean";
  return type === "date" && typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value);
}
