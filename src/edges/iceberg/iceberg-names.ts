// Names on the wire (levels of a namespace, a table) and the names of datasets they stand for.
import { datasetName, namespaceName } from "#contracts/nouns.ts";
import { LakehouseError } from "#kernel/problem.ts";

/** Between the levels of a namespace in paths and queries: `%1F`. */
const SEPARATOR = "\u001F";

const DEFAULT_NAMESPACE = "default";

export interface TableIdentifier {
  readonly namespace: readonly string[];
  readonly name: string;
}

/** What a name is wanted for: one that cannot be is not there, and cannot be made. */
export type NamePurpose = "find" | "make";

/** The levels of a namespace as it stands in a path (already decoded) or in a query. */
export function levelsOf(text: string): string[] {
  return text.split(SEPARATOR);
}

/** The one level of a namespace; others are `not_found` or, to be made, `invalid`. */
export function namespaceOf(levels: readonly string[], purpose: NamePurpose): string {
  const written = levels.join(".");
  const [name = ""] = levels;
  if (levels.length === 1 && namespaceName.safeParse(name).success) return name;
  if (purpose === "find") {
    throw new LakehouseError("not_found", `there is no namespace "${written}"`, {
      reason: "no_such_namespace",
    });
  }
  const why =
    levels.length === 1
      ? "a name is 1 to 128 of a-z, 0-9 and _, and starts with a letter"
      : "namespaces have one level only";
  throw new LakehouseError("invalid", `"${written}" cannot be a namespace: ${why}`, {
    reason: "bad_name",
  });
}

/** The dataset of a table: `name` in the namespace `default`, else `namespace.name`. */
export function datasetOf(identifier: TableIdentifier, purpose: NamePurpose): string {
  const { namespace, name } = identifier;
  const written = [...namespace, name].join(".");
  const whole = `${namespace.join(".")}.${name}`;
  // `default.t.snapshots` and the like are asked for by engines to learn that they are no tables.
  if (namespace.length === 1 && datasetName.safeParse(whole).success) {
    return namespace[0] === DEFAULT_NAMESPACE ? name : whole;
  }
  if (purpose === "find") {
    throw new LakehouseError("not_found", `there is no table "${written}"`, {
      reason: "no_such_dataset",
    });
  }
  namespaceOf(namespace, "make");
  throw new LakehouseError("invalid", `"${name}" cannot be a table's name`, {
    reason: "bad_name",
    hint: "a name is 1 to 128 of a-z, 0-9 and _, and starts with a letter",
  });
}

/** The identifier of a dataset on the wire. */
export function identifierOf(dataset: string): { namespace: string[]; name: string } {
  const dot = dataset.indexOf(".");
  return dot < 0
    ? { namespace: [DEFAULT_NAMESPACE], name: dataset }
    : { namespace: [dataset.slice(0, dot)], name: dataset.slice(dot + 1) };
}
