// How large one value of a statement may grow beyond the data it is made of, told from its text.
import type { Tree } from "./sql-constants.ts";
import { notReadOnly } from "./statement-guard.ts";

/**
 * Values of one vector (2,048 rows) do not count against DuckDB's memory limit, and making them
 * cannot be interrupted. So a statement whose values could be more than this many times as large as
 * what they are made of is refused: `repeat` in `repeat`, lists within lists, texts joined to
 * themselves again and again. Sizes that are computed are bounded when they run: `size-macros.ts`.
 */
export const GROWTH_MAX = 10_000;

interface Scope {
  /** Growth of the columns that the query reads. */
  readonly base: number;
  /** Growth of WITH queries, aliases of this SELECT and parameters of lambdas, by name. */
  readonly named: ReadonlyMap<string, number>;
}

/** Throws `forbidden` (`not_read_only`) for a statement whose values may grow too large. */
export function checkGrowth(statement: Tree): void {
  grown(statement, { base: 1, named: new Map() });
}

const JOINING = new Set(
  `|| concat concat_ws list_value array_value struct_pack row list_concat list_cat array_concat
   array_cat list_append array_append array_push_back list_prepend array_prepend array_push_front
   map map_concat list_zip array_zip json_object json_array json_merge_patch struct_insert
   struct_concat`.split(/\s+/),
);
const MULTIPLYING = new Set(
  `replace regexp_replace list_transform list_apply array_transform array_apply apply list_filter
   array_filter filter array_to_string list_aggregate array_aggregate list_aggr array_aggr aggregate
   list_select array_select array_to_string_comma_default`.split(/\s+/),
);
const REDUCING = /^(list_|array_)?reduce$/;
const SPLITTING = new Set(
  `string_split str_split split string_to_array regexp_split_to_array string_split_regex
   regexp_extract_all`.split(/\s+/),
);
const SERIES = /^(range|generate_series)$/;
const TIMES = /^repeat$/;
const SIZED = /^(lpad|rpad|list_resize|array_resize|bitstring)$/;
/** A split text has an entry of 16 bytes for each part. */
const SPLIT_GROWTH = 16;
const PLAIN_TEXT = 64;

function grown(value: unknown, scope: Scope): number {
  if (typeof value !== "object" || value === null) return 1;
  if (Array.isArray(value)) return largest(value, scope);
  const node = value as Tree;
  const growth = growthOf(node, scope);
  if (growth > GROWTH_MAX) {
    throw notReadOnly(
      `values of this statement may become over ${GROWTH_MAX} times as large as its data`,
      "make rows instead of long texts and lists: unnest, join, FROM range(…)",
    );
  }
  return growth;
}

function growthOf(node: Tree, scope: Scope): number {
  const type = String(node["type"]);
  if (type === "SELECT_NODE") return ofSelect(node, withQueries(node, scope));
  if (node["cte_map"] !== undefined) return largest(Object.values(node), withQueries(node, scope));
  // In FROM, rows come one vector at a time: any count of them is fine.
  if (type === "TABLE_FUNCTION") {
    return largest(((node["function"] as Tree)["children"] ?? []) as readonly unknown[], scope);
  }
  if (type === "BASE_TABLE") {
    return scope.named.get(`with ${String(node["table_name"]).toLowerCase()}`) ?? 1;
  }
  if (node["class"] === "CONSTANT") {
    const { value } = node["value"] as Tree;
    return typeof value === "string" ? Math.max(1, value.length / PLAIN_TEXT) : 1;
  }
  if (node["class"] === "COLUMN_REF") {
    const names = node["column_names"] as readonly string[];
    return scope.named.get(names.at(-1)!.toLowerCase()) ?? scope.base;
  }
  if (node["class"] === "LAMBDA") return grown(node["expr"], withParameters(node["lhs"], scope));
  if (node["class"] === "FUNCTION") return ofFunction(node, scope);
  return largest(Object.values(node), scope);
}

function largest(values: readonly unknown[], scope: Scope): number {
  return values.reduce<number>((most, value) => Math.max(most, grown(value, scope)), 1);
}

/** WITH queries in order: each may read those before it. */
function withQueries(node: Tree, scope: Scope): Scope {
  const map = (node["cte_map"] as { map?: readonly { key: string; value: Tree }[] } | undefined)
    ?.map;
  const named = new Map(scope.named);
  for (const { key, value } of map ?? []) {
    named.set(`with ${key.toLowerCase()}`, grown(value, { ...scope, named }));
  }
  return { ...scope, named };
}

function ofSelect(node: Tree, scope: Scope): number {
  const base = grown(node["from_table"], scope);
  const named = new Map([...scope.named].filter(([name]) => name.startsWith("with ")));
  const inner = { base: Math.max(base, scope.base), named };
  let most = base;
  for (const item of node["select_list"] as readonly Tree[]) {
    const growth = grown(item, inner);
    most = Math.max(most, growth);
    // Later items may use the alias of an earlier one.
    if (typeof item["alias"] === "string") {
      const alias = item["alias"].toLowerCase();
      named.set(alias, Math.max(growth, named.get(alias) ?? inner.base));
    }
  }
  const { select_list: _, from_table: __, cte_map: ___, ...rest } = node;
  largest(Object.values(rest), inner);
  return most;
}

function withParameters(names: unknown, scope: Scope): Scope {
  const named = new Map(scope.named);
  for (const name of parametersOf(names)) named.set(name, 1);
  return { ...scope, named };
}

function parametersOf(value: unknown): string[] {
  const node = value as Tree;
  if (node["class"] === "COLUMN_REF") {
    return [(node["column_names"] as readonly string[])[0]!.toLowerCase()];
  }
  return ((node["children"] ?? []) as readonly unknown[]).flatMap(parametersOf);
}

function ofFunction(node: Tree, scope: Scope): number {
  const name = String(node["function_name"]).toLowerCase();
  const children = (node["children"] ?? []) as readonly Tree[];
  const each = children.map((child) => grown(child, scope));
  const rest = largest(
    Object.entries(node).flatMap(([key, value]) => (key === "children" ? [] : [value])),
    scope,
  );
  const most = Math.max(rest, ...each);
  if (JOINING.has(name))
    return Math.max(
      1,
      each.reduce((sum, one) => sum + one, 0),
    );
  if (MULTIPLYING.has(name)) return each.reduce((product, one) => product * one, 1);
  if (REDUCING.test(name)) return ofReduce(children, each);
  if (SPLITTING.has(name)) return most * SPLIT_GROWTH;
  if (SERIES.test(name)) return seriesLength(children);
  if (TIMES.test(name)) return (each[0] ?? 1) * numberOf(children[1], GROWTH_MAX);
  if (SIZED.test(name)) return Math.max(most, numberOf(children[1], GROWTH_MAX));
  if (name === "format" || name === "printf") return ofFormat(children[0], each);
  return most;
}

function numberOf(node: Tree | undefined, otherwise: number): number {
  const { value } = (node?.["value"] ?? {}) as { value?: unknown };
  return typeof value === "number" ? Math.abs(value) : otherwise;
}

/** Computed bounds are held to the most when they run. */
function seriesLength(given: readonly Tree[]): number {
  const numbers = given.map((one) => numberOf(one, Number.NaN));
  const [from, to] = given.length === 1 ? [0, numbers[0]!] : [numbers[0]!, numbers[1]!];
  const length = Math.abs(to - from) / Math.max(1, numbers[2] ?? 1);
  return Number.isNaN(length) ? GROWTH_MAX : Math.max(1, length);
}

/** A step that uses what was gathered more than once doubles it with each element. */
function ofReduce(children: readonly Tree[], each: readonly number[]): number {
  const lambda = children.find((child) => child["class"] === "LAMBDA");
  const product = each.reduce((all, one) => all * one, 1);
  if (lambda === undefined) return product;
  const [gathered] = parametersOf(lambda["lhs"]);
  const doubled = (each[children.indexOf(lambda)] ?? 1) > 1 && uses(lambda["expr"], gathered!) > 1;
  return doubled ? Infinity : product;
}

function uses(value: unknown, name: string): number {
  if (typeof value !== "object" || value === null) return 0;
  const node = value as Tree;
  if (node["class"] === "COLUMN_REF") {
    return (node["column_names"] as readonly string[])[0]!.toLowerCase() === name ? 1 : 0;
  }
  return Object.values(node).reduce<number>((sum, child) => sum + uses(child, name), 0);
}

/** Widths stand in the format; one that is computed could be any. */
function ofFormat(format: Tree | undefined, each: readonly number[]): number {
  const { value } = (format?.["value"] ?? {}) as { value?: unknown };
  if (typeof value !== "string" || /\*|\{[^}]*\{/.test(value)) return Infinity;
  const widths = [...value.matchAll(/\d+/g)].map(([digits]) => Number(digits));
  return Math.max(1, ...widths) + each.reduce((sum, one) => sum + one, 0);
}
