// A child process of the tests: appends files to a dataset and prints each that was acknowledged.
import { FIELDS, openCatalog, putFile } from "./open-catalog.suite.ts";

const [dir, who, count] = process.argv.slice(2) as [string, string, string];
const house = await openCatalog(dir, { journal_dir: process.argv[5] ?? "journal" });
await house.catalog.register({ name: "events", fields: FIELDS });

async function run(lane: number): Promise<void> {
  for (let n = 0; n < Number(count); n++) {
    const key = `datasets/events/${who}-${lane}-${n}.parquet`;
    const file = await putFile(house.storage, key);
    const { snapshot } = await house.catalog.commit({
      name: "events",
      operation: "append",
      added: [file],
    });
    process.stdout.write(`${key} ${snapshot.snapshot_id}\n`);
  }
}

await Promise.all([run(0), run(1)]);
await house.stop();
