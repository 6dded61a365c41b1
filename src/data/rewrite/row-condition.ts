// Which files the condition of a delete may concern.
import type { Dataset } from "#contracts/catalog.ts";
import type { Predicate } from "#contracts/table-nouns.ts";
import type { Cell, ColumnCondition, TableEngine } from "#ports/table-engine.ts";

/**
 * Conditions that every row meets for which the text is true: what it may match. The text has been
 * found to be one expression over the columns before.
 */
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
