// Prints table metadata quickly: what stays the same from version to version is printed once.
import { printLongJson } from "#kernel/long-json.ts";
import { printTableMetadata } from "./iceberg/table-metadata.ts";
import type { TableMetadata } from "./iceberg/table-types.ts";

export type MetadataPrinter = (metadata: TableMetadata) => string;

/**
 * The text of a metadata file. Snapshots and log entries are the same objects in every later
 * version of a table, and with a thousand of them most of the text: each is printed once.
 */
export function createMetadataPrinter(): MetadataPrinter {
  const printed = new WeakMap<object, string>();
  const textOf = (one: object): string => {
    let text = printed.get(one);
    if (text === undefined) {
      text = printLongJson(one);
      printed.set(one, text);
    }
    return text;
  };
  const listOf = (key: string, list: readonly object[]) =>
    `"${key}":[${list.map(textOf).join(",")}]`;

  return (metadata) => {
    const { snapshots, "snapshot-log": log, "metadata-log": earlier, ...rest } = metadata;
    const short = printTableMetadata(rest as TableMetadata);
    const lists = [
      listOf("snapshots", snapshots),
      listOf("snapshot-log", log),
      listOf("metadata-log", earlier),
    ];
    return `${short.slice(0, -1)},${lists.join(",")}}`;
  };
}
