// Reads the parsed form of a statement: what it names, and whether all of it is harmless.
import { LakehouseError } from "#kernel/problem.ts";

/**
 * DuckDB's own parser gives the tree (`json_serialize_sql`). Kinds of nodes and table functions are
 * allow-lists: what is not known to be harmless is refused. Scalar functions are a deny-list of
 * those that tell or touch something outside the rows of a query; files, settings and secrets
 * cannot be reached anyway, since the instance has external access off and its settings locked.
 */
const QUERY_NODES = new Set([
  "SELECT_NODE",
  "SET_OPERATION_NODE",
  "RECURSIVE_CTE_NODE",
  "CTE_NODE",
]);

const TABLE_NODES = new Set([
  "EMPTY",
  "BASE_TABLE",
  "SUBQUERY",
  "JOIN",
  "TABLE_FUNCTION",
  "EXPRESSION_LIST",
  "PIVOT",
  "SHOW_REF",
]);

const MODIFIERS = new Set([
  "ORDER_MODIFIER",
  "LIMIT_MODIFIER",
  "LIMIT_PERCENT_MODIFIER",
  "DISTINCT_MODIFIER",
  "ORDER_DEFAULT",
  "ASCENDING",
  "DESCENDING",
]);

const TABLE_FUNCTIONS = new Set([
  "range",
  "generate_series",
  "unnest",
  "repeat",
  "repeat_row",
  "json_each",
  "json_tree",
  "icu_calendar_names",
  "pg_timezone_names",
]);

const DENIED_NAMES = new Set(
  `
    getenv getvariable current_setting set_config setseed sleep_ms write_log
    parse_duckdb_log_message nextval currval current_query current_query_id
    current_connection_id current_transaction_id txid_current stats combine
    json_serialize_plan in_search_path get_block_size col_description finalize
    obj_description shobj_description format_pg_type map_to_pg_oid query query_table
  `
    .trim()
    .split(/\s+/),
);
const DENIED_FAMILIES = /^(pg_(?!typeof$|size_pretty$)|has_.*_privilege$|inet_|__internal_|read_)/;

interface Tree {
  readonly [key: string]: unknown;
}

/** Names of the relations that a statement reads, as written (`name` or `schema.name`). */
export function namedRelations(statement: Tree): string[] {
  const named = new Set<string>();
  readNode(statement, new Set(), named);
  return [...named];
}

function readNode(value: unknown, with_names: ReadonlySet<string>, named: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) readNode(item, with_names, named);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const node = value as Tree;
  const type = typeof node["type"] === "string" ? node["type"] : undefined;
  if (typeof node["class"] === "string") {
    if (node["class"] === "CONSTANT") return;
    if (typeof node["function_name"] === "string") {
      checkFunction(node, node["function_name"]);
      checkSize(node, node["function_name"]);
    }
  } else if (type !== undefined) {
    if (QUERY_NODES.has(type)) return readQuery(node, with_names, named);
    if (TABLE_NODES.has(type)) return readTable(node, type, with_names, named);
    if (!MODIFIERS.has(type)) throw notReadOnly(`${type} is not something a query may do here`);
  }
  readChildren(node, with_names, named);
}

/** Types of values are told in trees of their own, which name nothing. */
const SKIPPED = new Set(["cast_type", "type_info", "return_type"]);

function readChildren(
  node: Tree,
  with_names: ReadonlySet<string>,
  named: Set<string>,
  except?: string,
) {
  for (const [key, child] of Object.entries(node)) {
    if (key !== except && !SKIPPED.has(key)) readNode(child, with_names, named);
  }
}

interface CteEntry {
  readonly key: string;
  readonly value: Tree;
}

/** Names of WITH are known in the queries after them, in order, and nowhere else. */
function readQuery(node: Tree, outer: ReadonlySet<string>, named: Set<string>): void {
  const with_names = new Set(outer);
  const entries = (node["cte_map"] as { map?: readonly CteEntry[] } | undefined)?.map ?? [];
  for (const { key, value } of entries) {
    if (/[/\\:*?.]/.test(key)) {
      throw notReadOnly(`a WITH query cannot be named "${key}"`);
    }
    const inner = (value["query"] as { node?: Tree } | undefined)?.node;
    const recursive = inner?.["type"] === "RECURSIVE_CTE_NODE";
    const seen = recursive ? new Set([...with_names, key.toLowerCase()]) : with_names;
    readNode(value, seen, named);
    with_names.add(key.toLowerCase());
  }
  const own = node["cte_name"];
  if (typeof own === "string") with_names.add(own.toLowerCase());
  readChildren(node, with_names, named, "cte_map");
}

function readTable(
  node: Tree,
  type: string,
  with_names: ReadonlySet<string>,
  named: Set<string>,
): void {
  if (type === "BASE_TABLE") {
    nameOf(node, with_names, named);
    if ("at_clause" in node) {
      throw notReadOnly("AT (…) is not taken in SQL: give the request's field at instead");
    }
  }
  if (type === "TABLE_FUNCTION") {
    const call = node["function"] as Tree;
    const name = String(call["function_name"]).toLowerCase();
    if (!TABLE_FUNCTIONS.has(name)) {
      throw notReadOnly(`the table function ${name} may not be used here`);
    }
    // In FROM, rows come one vector at a time: any count of them is fine.
    readChildren(call, with_names, named);
    readChildren(node, with_names, named, "function");
    return;
  }
  if (type === "SHOW_REF" && node["query"] === undefined) {
    throw notReadOnly("SHOW of this kind may not be used here", "DESCRIBE and SUMMARIZE a table");
  }
  readChildren(node, with_names, named);
}

function nameOf(node: Tree, with_names: ReadonlySet<string>, named: Set<string>): void {
  const { table_name, schema_name, catalog_name } = node as Record<string, string | undefined>;
  if (catalog_name !== undefined && catalog_name !== "") {
    throw new LakehouseError("not_found", `there is no table ${catalog_name}.${schema_name}`, {
      reason: "no_such_table",
      hint: "a table is named by itself, or with its schema in front: kb.events",
    });
  }
  const name = String(table_name);
  if (schema_name !== undefined && schema_name !== "") named.add(`${schema_name}.${name}`);
  else if (with_names.has(name.toLowerCase())) return;
  else if (name.includes(".")) throw notATable(name);
  else named.add(name);
}

function notATable(name: string): LakehouseError {
  return new LakehouseError("not_found", `there is no table "${name}"`, {
    reason: "no_such_table",
    hint: "a query names tables, not files; a schema stands outside the quotes: kb.events",
  });
}

/** Names with a schema in front would pass by the macros of `size-macros.ts`. */
function checkFunction(node: Tree, name: string): void {
  const lower = name.toLowerCase();
  const { catalog, schema } = node;
  const placed = catalog !== undefined || (schema !== undefined && schema !== "main");
  if (DENIED_NAMES.has(lower) || DENIED_FAMILIES.test(lower) || placed) {
    throw notReadOnly(`the function ${name} may not be used here`);
  }
  if (BOUNDED.test(lower) && schema !== undefined) {
    throw notReadOnly(`the function ${name} is called without a schema here`);
  }
}

const BOUNDED = /^(range|generate_series|levenshtein|editdist3|damerau_levenshtein|jaro_\w+)$/;

/**
 * What makes one large value has its size as a plain number, so that `value-growth.ts` can tell it;
 * aggregates that gather a list for each row are not taken as window functions.
 */
const SIZED_BY_LITERAL = /^(repeat|lpad|rpad|list_resize|array_resize|bitstring)$/;
const GATHERING =
  /^(list|array_agg|array_aggr|string_agg|group_concat|listagg|histogram|json_group_\w+)$/;

function checkSize(node: Tree, function_name: string): void {
  const name = function_name.toLowerCase();
  if (node["class"] === "WINDOW" && GATHERING.test(name)) {
    throw notReadOnly(`${name} cannot be a window function here`, "GROUP BY and join instead");
  }
  const given = (node["children"] as readonly Tree[] | undefined) ?? [];
  if (SIZED_BY_LITERAL.test(name) && given[1] !== undefined && given[1]["class"] !== "CONSTANT") {
    throw notReadOnly(`the size that ${name} makes must be a plain number here`);
  }
}

/** The error for a statement that is not one plain query over tables. */
export function notReadOnly(message: string, hint?: string): LakehouseError {
  return new LakehouseError("forbidden", message, {
    reason: "not_read_only",
    hint: hint ?? "a query is one SELECT (or EXPLAIN, DESCRIBE, SUMMARIZE) over tables by name",
  });
}
