// Parameters of a statement for Trino: `$1` and `?` become its `?`, values become literals.
import { LakehouseError } from "#kernel/problem.ts";
import type { TrinoStatement } from "./trino-statement.ts";

/**
 * `EXECUTE IMMEDIATE '…' USING …` (Trino 418 and later), or the statement itself when it has no
 * parameters. A parameter that is missing: `sql_failed`.
 */
export function withParameters(statement: TrinoStatement, params: readonly unknown[]): string {
  const { sql, tokens } = statement;
  const used: number[] = [];
  let text = "";
  let copied = 0;
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!;
    const number = token.kind === "word" ? /^\$(\d+)$/.exec(token.text)?.[1] : undefined;
    if (number === undefined && token.text !== "?") continue;
    used.push(number === undefined ? used.length : Number(number) - 1);
    text += `${sql.slice(copied, token.at)}?`;
    copied = token.at + token.text.length;
  }
  if (used.length === 0 && params.length === 0) return sql;
  const missing = used.find((at) => !(at in params));
  if (missing !== undefined) throw wrongParams(`the statement has no value for $${missing + 1}`);
  if (new Set(used).size < params.length) {
    throw wrongParams(`the statement takes ${new Set(used).size} values, not ${params.length}`);
  }
  text += sql.slice(copied);
  const values = used.map((at) => trinoLiteral(params[at]));
  return `EXECUTE IMMEDIATE ${textLiteral(text)} USING ${values.join(", ")}`;
}

/** A JSON value as a literal. Objects have no such form: `invalid`. */
export function trinoLiteral(value: unknown): string {
  if (value === null) return "NULL";
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  if (typeof value === "string") return textLiteral(value);
  if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
  if (typeof value === "number" && Number.isFinite(value)) return `DOUBLE '${value}'`;
  if (Array.isArray(value)) return `ARRAY[${value.map(trinoLiteral).join(", ")}]`;
  throw new LakehouseError("invalid", "a parameter for Trino is a plain value or a list of them", {
    reason: "invalid_input",
  });
}

export function textLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function wrongParams(message: string): LakehouseError {
  return new LakehouseError("invalid", message, { reason: "sql_failed" });
}
