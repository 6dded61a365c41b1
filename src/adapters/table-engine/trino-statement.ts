// Trino statements as tokens: whether one only reads its own catalog, and its parameters put in.
import { LakehouseError } from "#kernel/problem.ts";
import { syntaxError } from "./engine-errors.ts";
import { notReadOnly } from "./statement-guard.ts";

/**
 * `word` and `quoted` are identifiers (or keywords), `text` is a string, `number` a number, `mark`
 * anything else, one character each.
 */
export interface TrinoToken {
  readonly kind: "word" | "quoted" | "text" | "number" | "mark";
  readonly text: string;
  readonly at: number;
}

const TOKEN = new RegExp(
  [
    String.raw`\s+|--[^\n]*|/\*[^]*?\*/`,
    String.raw`(?<text>'(?:[^']|'')*')|(?<quoted>"(?:[^"]|"")*")`,
    String.raw`(?<word>[\p{L}_@$][\p{L}\p{N}_@$]*)|(?<number>\d[\w.]*)|(?<mark>[^])`,
  ].join("|"),
  "uy",
);

/** Comments and space are left out. Unterminated text or comment: `sql_syntax`. */
export function trinoTokens(sql: string): TrinoToken[] {
  const tokens: TrinoToken[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < sql.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(sql)!;
    const kinds = ["word", "quoted", "text", "number", "mark"] as const;
    const kind = kinds.find((one) => match.groups![one] !== undefined);
    if (kind === undefined) continue;
    const text = match[0];
    if (kind === "mark" && (text === "'" || text === '"')) {
      throw syntaxError("a quote is not closed", at);
    }
    if (kind === "mark" && sql.startsWith("/*", at)) {
      throw syntaxError("a comment is not closed", at);
    }
    tokens.push({ kind, text, at });
  }
  return tokens;
}

export interface TrinoStatement {
  /** Without a final semicolon, which Trino does not take. */
  readonly sql: string;
  readonly tokens: readonly TrinoToken[];
  /** Names where tables stand, in lower case, part by part; names of WITH are among them. */
  readonly tables: readonly (readonly string[])[];
}

const STARTS = new Set(["SELECT", "WITH", "VALUES", "TABLE"]);
const SHOWN = new Set(["TABLES", "COLUMNS", "SCHEMAS", "STATS", "CREATE"]);
const TABLE_FUNCTIONS = new Set(["sequence", "exclude_columns"]);

/**
 * Takes one statement that reads: SELECT, WITH, VALUES, TABLE, SHOW, DESCRIBE, EXPLAIN of these.
 * Names in the place of a table may have no other catalog than `catalog`. What is not known to be
 * harmless is refused, so a harmless one may be, too. Reasons: `sql_syntax`, `many_statements`,
 * `not_read_only`.
 */
export function readTrinoStatement(sql: string, catalog: string): TrinoStatement {
  if (sql.includes("\0")) throw syntaxError("a statement has no NUL characters", sql.indexOf("\0"));
  const all = trinoTokens(sql);
  while (all.at(-1)?.text === ";") all.pop();
  const semicolon = all.findIndex(({ text }) => text === ";");
  if (semicolon === 0 || all.length === 0) throw syntaxError("there is no statement", 0);
  if (semicolon > 0) throw manyStatements();
  const last = all.at(-1)!;
  const text = sql.slice(0, last.at + last.text.length);
  checkStart(all);
  const tables = tablesOf(all, catalog.toLowerCase());
  return { sql: text, tokens: all, tables };
}

function checkStart(tokens: readonly TrinoToken[]): void {
  let at = 0;
  if (wordAt(tokens, at) === "EXPLAIN") {
    at++;
    if (wordAt(tokens, at) === "ANALYZE") at++;
    if (wordAt(tokens, at) === "VERBOSE") at++;
    if (tokens[at]?.text === "(" && /^(TYPE|FORMAT)$/.test(wordAt(tokens, at + 1) ?? "")) {
      at = tokens.findIndex(({ text }) => text === ")") + 1;
    }
    checkQuery(tokens, at);
    return;
  }
  const first = wordAt(tokens, at);
  if (first === "SHOW") {
    if (!SHOWN.has(wordAt(tokens, 1) ?? ""))
      throw notReadOnly("SHOW of this kind is not taken here");
    return;
  }
  if (
    (first === "DESCRIBE" || first === "DESC") &&
    !/^(INPUT|OUTPUT)$/.test(wordAt(tokens, 1) ?? "")
  ) {
    return;
  }
  checkQuery(tokens, at);
}

function checkQuery(tokens: readonly TrinoToken[], from: number): void {
  let at = from;
  while (tokens[at]?.text === "(") at++;
  const word = wordAt(tokens, at) ?? "";
  if (!STARTS.has(word)) throw notReadOnly("only queries are taken here: this is not a SELECT");
  const next = wordAt(tokens, at + 1);
  if (word === "WITH" && (next === "FUNCTION" || next === "SESSION")) {
    throw notReadOnly(`WITH ${next} is not taken here`);
  }
}

/** A keyword in upper case; an identifier in quotes is none. */
function wordAt(tokens: readonly TrinoToken[], at: number): string | undefined {
  const token = tokens[at];
  return token?.kind === "word" ? token.text.toUpperCase() : undefined;
}

/** These end a FROM clause at their depth. */
const ENDS =
  /^(SELECT|WHERE|GROUP|HAVING|WINDOW|ORDER|LIMIT|OFFSET|FETCH|UNION|INTERSECT|EXCEPT|VALUES)$/;
const BEFORE_TABLE = /^(FROM|JOIN|TABLE)$/;
const BEFORE_SHOWN = /^(FROM|IN|FOR|TABLE|VIEW|DESCRIBE|DESC)$/;
/** What may be called where a table stands, but for the functions of `TABLE (…)`. */
const CALLED_AS_TABLE = new Set(["unnest", "lateral", "json_table", "table"]);

interface NameChain {
  readonly parts: readonly string[];
  /** Of the token after it. */
  readonly next: number;
}

function tablesOf(tokens: readonly TrinoToken[], catalog: string): string[][] {
  const tables: string[][] = [];
  const in_from: boolean[] = [false];
  const shown = /^(SHOW|DESCRIBE|DESC)$/.test(wordAt(tokens, 0) ?? "");
  const schema_only = shown && /^(TABLES|SCHEMAS)$/.test(wordAt(tokens, 1) ?? "");
  for (let at = 0; at < tokens.length; at++) {
    const { text, kind } = tokens[at]!;
    if (text === "&" && tokens[at + 1]?.kind === "quoted") {
      throw notReadOnly('names in U&"…" are not taken here');
    }
    if (text === "(") in_from.push(startsTable(tokens, at, in_from.at(-1)!, shown));
    else if (text === ")") in_from.pop();
    else noteClause(in_from, wordAt(tokens, at));
    if (in_from.length === 0) throw syntaxError("a parenthesis is not opened", tokens[at]!.at);
    if (kind !== "word" && kind !== "quoted") continue;
    const chain = chainAt(tokens, at);
    const is_table = startsTable(tokens, at, in_from.at(-1)!, shown);
    if (tokens[chain.next]?.text === "(") checkCall(tokens, at, chain, is_table);
    else if (is_table) tables.push(checkedTable(chain.parts, catalog, schema_only));
    at = chain.next - 1;
  }
  return tables;
}

function noteClause(in_from: boolean[], word: string | undefined): void {
  if (word === "FROM" || word === "JOIN") in_from[in_from.length - 1] = true;
  else if (word !== undefined && ENDS.test(word)) in_from[in_from.length - 1] = false;
}

function checkCall(
  tokens: readonly TrinoToken[],
  at: number,
  { parts }: NameChain,
  is_table: boolean,
): void {
  const name = parts.join(".");
  if (parts.length > 1) throw notReadOnly(`functions of a catalog are not taken here: ${name}`);
  const of_table = tokens[at - 1]?.text === "(" && wordAt(tokens, at - 2) === "TABLE";
  if (of_table ? TABLE_FUNCTIONS.has(name) : !is_table || CALLED_AS_TABLE.has(name)) return;
  throw notReadOnly(`the table function ${name} may not be used here`);
}

/** Whether a name (or a parenthesis) here stands in the place of a table. */
function startsTable(
  tokens: readonly TrinoToken[],
  at: number,
  in_from: boolean,
  shown: boolean,
): boolean {
  const before = tokens[at - 1];
  if (before === undefined) return false;
  const word = wordAt(tokens, at - 1);
  if (word !== undefined && (shown ? BEFORE_SHOWN : BEFORE_TABLE).test(word)) return true;
  return in_from && (before.text === "," || before.text === "(");
}

function chainAt(tokens: readonly TrinoToken[], from: number): NameChain {
  const parts = [plainName(tokens[from]!)];
  let next = from + 1;
  while (tokens[next]?.text === "." && /^(word|quoted)$/.test(tokens[next + 1]?.kind ?? "")) {
    parts.push(plainName(tokens[next + 1]!));
    next += 2;
  }
  return { parts, next };
}

function plainName({ kind, text }: TrinoToken): string {
  return (kind === "quoted" ? text.slice(1, -1).replaceAll('""', '"') : text).toLowerCase();
}

function checkedTable(parts: readonly string[], catalog: string, schema_only: boolean): string[] {
  const other = parts.length - (schema_only ? 1 : 2);
  if (other > 0 && (other > 1 || parts[0] !== catalog)) {
    throw notReadOnly(`${parts.join(".")} is not of the catalog ${catalog}`);
  }
  const own = parts.slice(Math.max(0, other));
  if (own.length > 1 && own[0] === "system") {
    throw notReadOnly(`the schema ${own[0]} may not be read here`);
  }
  return own;
}

function manyStatements(): LakehouseError {
  return new LakehouseError("invalid", "one statement at a time: there are more", {
    reason: "many_statements",
  });
}
