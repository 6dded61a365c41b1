// MCP as a process of its own: the other services are reached by their addresses.
import assert from "node:assert/strict";
import { test } from "node:test";
import { freePort } from "../support/listening.ts";
import { startProcess } from "../support/running-house.ts";
import { tempDir } from "../support/temp-dir.ts";
import { answerOf, httpClient, REVISIONS } from "./mcp-clients.ts";

const BEHIND =
  "storage journal catalog query ingest embed vector playbook matrix observe chat truth " +
  "permission validate iterate respond";

test("`lakehouse up --only mcp` serves /mcp and nothing else, on services that run elsewhere", async (t) => {
  const house = await startProcess({ data_dir: await tempDir(t) });
  t.after(() => house.stop());
  const port = await freePort();
  const addresses = BEHIND.split(" ").map((name) => [
    `LAKEHOUSE_SERVICES_${name.toUpperCase()}`,
    house.url,
  ]);
  const apart = await startProcess({
    data_dir: await tempDir(t),
    only: ["mcp"],
    port,
    env: Object.fromEntries(addresses) as Record<string, string>,
  });
  t.after(() => apart.stop());
  for (const revision of REVISIONS) {
    const client = await httpClient(apart.url, "", revision);
    const rows = "id,name\n1,Ann\n2,Bo\n";
    const ingest = { dataset: `people_${revision.replaceAll("-", "_")}`, text: rows };
    await client.callTool({ name: "ingest_text", arguments: { format: "csv", ...ingest } });
    const sql = `SELECT count(*) AS n FROM ${ingest.dataset}`;
    const counted = await client.callTool({ name: "sql", arguments: { sql } });
    assert.deepEqual(answerOf<{ rows: unknown[][] }>(counted as never).rows, [[2]]);
    await client.close();
  }
  // What was done stands in the house, where everybody else finds it.
  const tables = await fetch(`${house.url}/catalog/datasets`);
  assert.match(await tables.text(), /people_2026_07_28/);
  const elsewhere = await fetch(`${apart.url}/catalog/datasets`);
  assert.equal(elsewhere.status, 404);
  await elsewhere.body?.cancel();
});
