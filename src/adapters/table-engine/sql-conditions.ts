// What every row that a statement takes of a table must meet: WHERE parts joined by AND.
import type { Cell, ColumnCondition } from "#ports/table-engine.ts";
import { constantOf, type Tree } from "./sql-constants.ts";

/**
 * A SELECT takes only rows for which each part of its WHERE is true, wherever it stands; so its
 * conditions hold for a table that is read nowhere else in the statement. Left out are tables on
 * the nullable side of outer joins, in joins by position or order, in samples, with columns under
 * other names, and names that WITH gives to something else.
 */
export function conditionsOf(
  statement: Tree,
  params: readonly unknown[],
): Map<string, ColumnCondition[]> {
  const found: Found = { reads: new Map(), with_names: new Set(), selects: [] };
  look(statement, found);
  const conditions = new Map<string, ColumnCondition[]>();
  for (const select of found.selects) {
    const tables = tablesOf(select["from_table"] as Tree | undefined, true);
    const alone = tables.length === 1 && isTable(select["from_table"] as Tree);
    for (const part of partsOf(select["where_clause"])) {
      for (const { table, condition } of readPart(part, params, alone)) {
        const own = alone ? tables[0]! : tables.find(({ alias }) => alias === table);
        const usable =
          own !== undefined && own.certain && (table === undefined || own.alias === table);
        if (!usable || found.with_names.has(own.name) || found.reads.get(own.name) !== 1) continue;
        conditions.set(own.written, [...(conditions.get(own.written) ?? []), condition]);
      }
    }
  }
  return conditions;
}

interface Found {
  /** How often a table's plain name is read anywhere. */
  readonly reads: Map<string, number>;
  readonly with_names: Set<string>;
  readonly selects: Tree[];
}

function look(value: unknown, found: Found): void {
  if (Array.isArray(value)) {
    for (const item of value) look(item, found);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const node = value as Tree;
  if (node["type"] === "BASE_TABLE") {
    const name = String(node["table_name"]).toLowerCase();
    found.reads.set(name, (found.reads.get(name) ?? 0) + 1);
  }
  if (node["type"] === "SELECT_NODE" && node["sample"] === undefined) found.selects.push(node);
  const map = (node["cte_map"] as { map?: readonly { key: string }[] } | undefined)?.map ?? [];
  for (const { key } of map) found.with_names.add(key.toLowerCase());
  if (typeof node["cte_name"] === "string") found.with_names.add(node["cte_name"].toLowerCase());
  for (const child of Object.values(node)) look(child, found);
}

interface TableRead {
  /** As `inspect` names it. */
  readonly written: string;
  readonly name: string;
  readonly alias: string;
  /** Whether WHERE restricts every row that is taken of it. */
  readonly certain: boolean;
}

const PLAIN_JOINS = new Set(["REGULAR", "CROSS", "NATURAL"]);

function isTable(node: Tree | undefined): boolean {
  return node?.["type"] === "BASE_TABLE";
}

function tablesOf(node: Tree | undefined, certain: boolean): TableRead[] {
  if (node?.["type"] === "BASE_TABLE") {
    const { table_name, schema_name, alias } = node as Record<string, string | undefined>;
    const odd = node["sample"] !== undefined || node["column_name_alias"] !== undefined;
    const name = String(table_name);
    return [
      {
        written: schema_name ? `${schema_name}.${name}` : name,
        name: name.toLowerCase(),
        alias: (alias || name).toLowerCase(),
        certain: certain && !odd,
      },
    ];
  }
  if (node?.["type"] !== "JOIN") return [];
  const plain = certain && PLAIN_JOINS.has(String(node["ref_type"]));
  const kind = String(node["join_type"]);
  const left = plain && (kind === "INNER" || kind === "LEFT" || kind === "SEMI" || kind === "ANTI");
  return [
    ...tablesOf(node["left"] as Tree, left),
    ...tablesOf(node["right"] as Tree, plain && kind === "INNER"),
  ];
}

/** The parts of a condition that must all be true. */
function partsOf(condition: unknown): Tree[] {
  if (condition === undefined) return [];
  const node = condition as Tree;
  if (node["type"] !== "CONJUNCTION_AND") return [node];
  return (node["children"] as readonly Tree[]).flatMap(partsOf);
}

interface ColumnName {
  readonly table: string | undefined;
  readonly column: string;
}

interface PartRead {
  readonly table: string | undefined;
  readonly condition: ColumnCondition;
}

type Op = "eq" | "ne" | "lt" | "lte" | "gt" | "gte";

const COMPARED: Readonly<Record<string, readonly [Op, Op]>> = {
  COMPARE_EQUAL: ["eq", "eq"],
  COMPARE_NOT_DISTINCT_FROM: ["eq", "eq"],
  COMPARE_NOTEQUAL: ["ne", "ne"],
  COMPARE_LESSTHAN: ["lt", "gt"],
  COMPARE_LESSTHANOREQUALTO: ["lte", "gte"],
  COMPARE_GREATERTHAN: ["gt", "lt"],
  COMPARE_GREATERTHANOREQUALTO: ["gte", "lte"],
};

function readPart(node: Tree, params: readonly unknown[], alone: boolean): PartRead[] {
  const type = String(node["type"]);
  const children = (node["children"] ?? []) as readonly unknown[];
  const column = (value: unknown) => columnOf(value, alone);
  const made = (
    of: ColumnName | undefined,
    make: (column: string) => ColumnCondition | undefined,
  ) => {
    const condition = of === undefined ? undefined : make(of.column);
    return condition === undefined ? [] : [{ table: of?.table, condition }];
  };
  const compared = (of: ColumnName | undefined, op: Op, value: Cell | undefined) =>
    made(of, (name) => (value === undefined ? undefined : { op, column: name, value }));

  const ops = COMPARED[type];
  if (ops !== undefined) {
    const { left, right } = node;
    const straight = column(left);
    return straight === undefined
      ? compared(column(right), ops[1], constantOf(left, params))
      : compared(straight, ops[0], constantOf(right, params));
  }
  if (type === "COMPARE_BETWEEN") {
    const of = column(node["input"]);
    return [
      ...compared(of, "gte", constantOf(node["lower"], params)),
      ...compared(of, "lte", constantOf(node["upper"], params)),
    ];
  }
  const of = column(children[0]);
  if (type === "OPERATOR_IS_NULL") return made(of, (name) => ({ op: "is_null", column: name }));
  if (type === "OPERATOR_IS_NOT_NULL")
    return made(of, (name) => ({ op: "not_null", column: name }));
  if (type === "COMPARE_IN" || type === "COMPARE_NOT_IN") {
    const op = type === "COMPARE_IN" ? "in" : "not_in";
    const values = children.slice(1).map((child) => constantOf(child, params));
    const sorts = new Set(values.map((value) => typeof value));
    if (values.some((value) => value === undefined) || sorts.size !== 1) return [];
    return made(of, (name) => ({ op, column: name, values: values as Cell[] }));
  }
  return type === "FUNCTION" ? beginning(node, of, constantOf(children[1], params)) : [];
}

const PREFIX_FUNCTIONS = new Set(["starts_with", "prefix", "^@"]);

/** `LIKE 'abc%'`, and the functions that say the same. */
function beginning(node: Tree, of: ColumnName | undefined, value: unknown): PartRead[] {
  const name = String(node["function_name"]).toLowerCase();
  if (of === undefined || typeof value !== "string") return [];
  const { table, column } = of;
  if (PREFIX_FUNCTIONS.has(name)) {
    return [{ table, condition: { op: "starts_with", column, value } }];
  }
  if (name !== "~~" || value.includes("\\")) return [];
  const plain = /^[^%_]*/.exec(value)![0];
  if (plain === value) return [{ table, condition: { op: "eq", column, value } }];
  return plain === "" ? [] : [{ table, condition: { op: "starts_with", column, value: plain } }];
}

/** A column by itself (where there is one table) or with its table's alias in front. */
function columnOf(value: unknown, alone: boolean): ColumnName | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const node = value as Tree;
  if (node["class"] !== "COLUMN_REF") return undefined;
  const names = node["column_names"] as readonly string[];
  if (names.length === 1) return alone ? { table: undefined, column: names[0]! } : undefined;
  if (names.length !== 2) return undefined;
  return { table: names[0]!.toLowerCase(), column: names[1]! };
}
