// How rows are divided over files, as users write it: `day(since),bucket[16](id),city`.
import { transform, type PartitionField } from "#contracts/table-nouns.ts";
import { LakehouseError } from "#kernel/problem.ts";

export interface NamedPartitionField extends PartitionField {
  name: string;
}

const EXAMPLE = "columns or transforms of them, such as day(since),bucket[16](id),city";
const ITEM =
  /^(?:(?<how>[a-z]+(?:\[\d+\])?)\s*\(\s*)?(?<column>"(?:[^"]|"")+"|[^"(),[\]]+?)\s*\)?$/;

/** Fields with the names that Iceberg's own writers give them. `invalid` (`bad_partitioning`). */
export function partitioningOf(
  given: string | readonly PartitionField[] | undefined,
): NamedPartitionField[] | undefined {
  if (given === undefined) return undefined;
  const fields = typeof given === "string" ? itemsOf(given).map(parseItem) : given;
  const named = fields.map((field) => ({ ...field, name: field.name ?? nameOf(field) }));
  const twice = named.find((field, at) => named.findIndex((one) => one.name === field.name) < at);
  if (twice !== undefined) throw bad(`two partition fields are named "${twice.name}"`);
  return named;
}

/** Column and transform of each field are the same, whatever they are called. */
export function samePartitioning(
  a: readonly PartitionField[],
  b: readonly PartitionField[],
): boolean {
  const plain = (fields: readonly PartitionField[]) =>
    JSON.stringify(fields.map(({ column, transform: how }) => [column, how]));
  return plain(a) === plain(b);
}

/** As text again, for messages. */
export function partitionText(fields: readonly PartitionField[]): string {
  const texts = fields.map(({ column, transform: how }) =>
    how === "identity" ? column : `${how}(${column})`,
  );
  return texts.join(",") || "nothing";
}

/** The parts between commas; a comma in a quoted name is not one. */
function itemsOf(text: string): string[] {
  const items = [""];
  let quoted = false;
  for (const char of text) {
    if (char === '"') quoted = !quoted;
    if (char === "," && !quoted) items.push("");
    else items[items.length - 1] += char;
  }
  return items.map((item) => item.trim());
}

function parseItem(item: string, at: number): PartitionField {
  const found = ITEM.exec(item)?.groups;
  const has_how = found?.["how"] !== undefined;
  if (found === undefined || item.endsWith(")") !== has_how) {
    throw bad(`part ${at + 1} of the partitioning, "${item}", cannot be read`);
  }
  const how = transform.safeParse(found["how"] ?? "identity");
  if (!how.success) {
    const known = "year, month, day, hour, bucket[N], truncate[W], identity or void";
    throw bad(`"${found["how"]}" is not a transform; it would be ${known}`);
  }
  const column = found["column"]!.trim().replace(/^"(.*)"$/s, (_, name: string) =>
    name.replaceAll('""', '"'),
  );
  return { column, transform: how.data };
}

const SUFFIX_OF: Readonly<Record<string, string>> = {
  bucket: "_bucket",
  truncate: "_trunc",
  void: "_null",
  identity: "",
};

/** As Iceberg's `PartitionSpec.Builder` names fields. */
function nameOf({ column, transform: how }: PartitionField): string {
  const kind = how.replace(/\[.*/, "");
  return `${column}${SUFFIX_OF[kind] ?? `_${kind}`}`;
}

function bad(message: string): LakehouseError {
  return new LakehouseError("invalid", message, {
    reason: "bad_partitioning",
    hint: `it is a list of ${EXAMPLE}`,
  });
}
