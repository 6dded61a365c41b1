// For tests: the DuckDB engine below a folder, with one table and files that no statement may read.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { convertText } from "#ports/table-engine.suite.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import { createDuckDbEngine } from "./duckdb-table-engine.ts";

type Changes = Partial<Parameters<typeof createDuckDbEngine>[0]>;

export function openDuckDb(dir: string, changes: Changes = {}) {
  const own = { memory_mb: 128, threads: 2, temp_dir: join(dir, "tmp"), data_dir: dir };
  return createDuckDbEngine({ ...own, ...changes });
}

/** In a folder of its own; closed behind the test. */
export async function ownDuckDb(t: HasAfter, changes: Changes = {}) {
  const dir = await tempDir(t);
  const engine = await openDuckDb(dir, changes);
  t.after(() => engine.close());
  return { engine, dir };
}

export async function withSecrets(t: HasAfter) {
  const { engine, dir } = await ownDuckDb(t);
  const outside = await tempDir(t);
  for (const folder of [dir, outside]) {
    await writeFile(join(folder, "secret.csv"), "a\nSECRET\n");
    await writeFile(join(folder, "secret.json"), '{"a":"SECRET"}\n');
  }
  const people = await convertText(engine, dir, "id\n1\n");
  const { columns, target_path } = people;
  const relation = { kind: "parquet", schema: "main", name: "people", columns } as const;
  const relations = [{ ...relation, uris: [target_path] }];
  return { dir, outside, engine, relations, target_path };
}
