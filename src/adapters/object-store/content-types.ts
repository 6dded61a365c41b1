// The content type an object has when nobody says otherwise, from the ending of its key.

export const CONTENT_TYPE_DEFAULT = "application/octet-stream";

const BY_ENDING: Readonly<Record<string, string>> = {
  avro: "application/avro",
  csv: "text/csv",
  json: "application/json",
  jsonl: "application/x-ndjson",
  md: "text/markdown",
  ndjson: "application/x-ndjson",
  parquet: "application/vnd.apache.parquet",
  svg: "image/svg+xml",
  txt: "text/plain",
};

export function contentTypeOf(key: string): string {
  return BY_ENDING[/\.([a-z]+)$/.exec(key)?.[1] ?? ""] ?? CONTENT_TYPE_DEFAULT;
}
