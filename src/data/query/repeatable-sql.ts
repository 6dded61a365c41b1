// Whether a statement answers the same whenever it reads the same snapshots, and its key then.

/**
 * Words of what tells the time, a random number or the state of the session: the functions that
 * `duckdb_functions()` calls volatile or consistent within a query, SQL's own names for the time
 * (Trino's among them), and samples. They are looked for in the whole text, quoted or not: a word
 * too many only costs the cache.
 */
const UNREPEATABLE = new RegExp(
  `\\b(?:${[
    "random|rand|setseed|shuffle|gen_random_uuid|uuid|uuidv4|uuidv7|nextval|currval|txid_current",
    "now|today|yesterday|tomorrow|age|ago|get_current_\\w+|transaction_timestamp|current_\\w+",
    "localtime|localtimestamp|session_user|user|getvariable|getenv|in_search_path|stats",
    "error|sleep_ms|write_log|pg_\\w+|sample|tablesample|explain|show|describe|version",
  ].join("|")})\\b`,
  "i",
);

/** Parameters count: a text may become a time when it is cast. */
export function isRepeatable(sql: string, params: readonly unknown[]): boolean {
  return !UNREPEATABLE.test(sql) && !UNREPEATABLE.test(JSON.stringify(params));
}

export interface StatementForm {
  readonly sql: string;
  readonly params: readonly unknown[];
  readonly at?: string | undefined;
  /** `rows` and the formats of `sql` are different answers. */
  readonly form: string;
  readonly rows_max: number;
}

/** Equal for statements that differ in nothing but space around them and a final semicolon. */
export function statementKey(statement: StatementForm, engine: string): string {
  const sql = statement.sql.trim().replace(/[;\s]+$/, "");
  const { params, at, form, rows_max } = statement;
  return JSON.stringify([engine, form, rows_max, at ?? null, params, sql]);
}
