// Checks statements with DuckDB's own parser and remembers the answers by text (bounded).
import type { DuckDBConnection } from "@duckdb/node-api";
import { LakehouseError } from "#kernel/problem.ts";
import { syntaxError, toQueryError } from "./engine-errors.ts";
import type { Tree } from "./sql-constants.ts";
import { withoutTail } from "./statement-end.ts";
import { namedRelations, notReadOnly } from "./statement-guard.ts";
import { checkGrowth } from "./value-growth.ts";

export interface CheckedStatement {
  /** The text that may be run: one statement. */
  readonly sql: string;
  /** Relations it reads, as written. */
  readonly names: readonly string[];
  /** The statement as a subquery would hold it (no final semicolon); undefined for EXPLAIN. */
  readonly select: string | undefined;
  /** Its parsed form (of what EXPLAIN explains), kept for short ones. */
  readonly tree: Tree | undefined;
}

interface Serialized {
  readonly error: boolean;
  readonly error_type?: string;
  readonly error_message?: string;
  readonly position?: string;
  readonly statements?: readonly Record<string, unknown>[];
}

/** A statement in the parser's own JSON, as text and read. */
interface Serialization {
  readonly text: string;
  readonly tree: Serialized;
}

interface OneStatement {
  readonly text: string;
  readonly statement: Record<string, unknown>;
}

const CACHE_ENTRIES_MAX = 1_000;
const CACHED_LENGTH_MAX = 20_000;
const TREE_LENGTH_MAX = 2_000;

export interface StatementChecker {
  /** Throws `sql_syntax`, `many_statements`, `not_read_only`. */
  check(sql: string): Promise<CheckedStatement>;
  /** The parsed form of a checked statement (of what EXPLAIN explains). */
  tree(sql: string): Promise<Tree>;
  /** Of an SQL condition over the columns of one table: what stands after WHERE, and no more. */
  checkCondition(where: string): Promise<void>;
}

export function createStatementChecker(
  useConnection: <T>(work: (connection: DuckDBConnection) => Promise<T>) => Promise<T>,
): StatementChecker {
  const cache = new Map<string, CheckedStatement>();

  async function serialize(sql: string): Promise<Serialization> {
    return useConnection(async (connection) => {
      const reader = await connection.runAndReadAll(
        "SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := true)",
        [sql],
      );
      const text = String(reader.getRows()[0]![0]);
      return { text, tree: parsedJson(text) as Serialized };
    }).catch((error: unknown) => {
      throw toQueryError(error);
    });
  }

  async function readOne(sql: string, offset: number): Promise<OneStatement> {
    const { text, tree } = await serialize(sql);
    if (tree.error) throw refusal(tree, offset);
    const statements = tree.statements ?? [];
    if (statements.length === 0) throw syntaxError("there is no statement", 0);
    if (statements.length > 1) throw manyStatements(statements.length);
    return { text, statement: statements[0]! };
  }

  function readExplained(sql: string): Promise<OneStatement> {
    const explained = explainOf(sql);
    return readOne(explained === undefined ? sql : explained.inner, explained?.offset ?? 0);
  }

  /** Set into brackets, it must come out as one value of a SELECT that has nothing else. */
  async function checkCondition(where: string): Promise<void> {
    if (where.includes("\0")) throw syntaxError("a condition has no NUL characters", 0);
    const { statement } = await readOne(`SELECT (\n${where}\n)`, -9);
    const names = checked(statement);
    if (names.length > 0) throw notReadOnly("a condition reads the columns of its table only");
    const rest = (shape: Tree) => {
      const { select_list, ...node } = shape["node"] as Tree & { select_list: readonly Tree[] };
      return {
        node: JSON.stringify(node),
        values: select_list.length,
        named: select_list[0]?.["alias"],
      };
    };
    const closed = await readOne("SELECT (\ntrue\n)", 0);
    const [own, plain] = [rest(statement), rest(closed.statement)];
    if (own.node === plain.node && own.values === 1 && own.named === undefined) return;
    throw syntaxError("the condition is not closed in itself", undefined);
  }

  async function checkNew(sql: string): Promise<CheckedStatement> {
    if (sql.includes("\0"))
      throw syntaxError("a statement has no NUL characters", sql.indexOf("\0"));
    const explained = explainOf(sql);
    const { text, statement } = await readExplained(sql);
    const names = checked(statement);
    const kept = { names, tree: sql.length <= TREE_LENGTH_MAX ? statement : undefined };
    if (explained !== undefined) {
      const { inner, verb } = explained;
      return { ...kept, sql: `${verb}\n${inner}`, select: undefined };
    }
    return { ...kept, sql, select: await asSubquery(sql, text) };
  }

  /** The text without its end (semicolons, comments), proven to mean the same. */
  async function asSubquery(sql: string, serialized: string) {
    const bare = withoutTail(sql);
    if (bare === sql) return bare;
    const { text } = await serialize(bare);
    return text === serialized ? bare : sql;
  }

  return {
    tree: async (sql) => (await readExplained(sql)).statement,
    checkCondition,
    async check(sql) {
      const known = cache.get(sql);
      if (known !== undefined) {
        cache.delete(sql);
        cache.set(sql, known);
        return known;
      }
      const checked = await checkNew(sql);
      if (sql.length <= CACHED_LENGTH_MAX) cache.set(sql, checked);
      if (cache.size > CACHE_ENTRIES_MAX) cache.delete(cache.keys().next().value!);
      return checked;
    },
  };
}

/** Texts, and the numbers that JSON has no form for: the parser writes 1e400 as Infinity. */
const TEXT_OR_NOT_FINITE = /"[^"\\]*(?:\\.[^"\\]*)*"|Infinity|NaN/g;
/** Overflows to Infinity when read; what is no number at all is told as no value. */
const NOT_FINITE: Readonly<Record<string, string>> = { Infinity: "1e999", NaN: "null" };

function parsedJson(text: string): unknown {
  if (!/[:[,]-?(?:Infinity|NaN)/.test(text)) return JSON.parse(text);
  return JSON.parse(text.replaceAll(TEXT_OR_NOT_FINITE, (found) => NOT_FINITE[found] ?? found));
}

function checked(statement: Tree): readonly string[] {
  const names = namedRelations(statement);
  checkGrowth(statement);
  return names;
}

function explainOf(sql: string) {
  const match = /^(\s|--[^\n]*\n|\/\*[^*]*\*\/)*explain(\s+analyze)?(?=[\s(])/i.exec(sql);
  if (match === null) return undefined;
  const verb = match[2] === undefined ? "EXPLAIN" : "EXPLAIN ANALYZE";
  return { inner: sql.slice(match[0].length), offset: match[0].length, verb };
}

function refusal(tree: Serialized, offset: number): LakehouseError {
  const message = tree.error_message ?? "the statement cannot be read";
  if (/Only SELECT statements/i.test(message) || /CTE needs a SELECT/i.test(message)) {
    return notReadOnly("only queries are taken here: this statement is not a SELECT");
  }
  const position = tree.position === undefined ? undefined : Number(tree.position) + offset;
  return syntaxError(message, position);
}

function manyStatements(count: number): LakehouseError {
  return new LakehouseError("invalid", `one statement at a time: there are ${count}`, {
    reason: "many_statements",
  });
}
