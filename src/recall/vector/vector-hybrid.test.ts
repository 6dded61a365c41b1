// Hybrid search: SQL selects, vectors rank, and the condition cannot do more than select.
import { test } from "node:test";
import assert from "node:assert/strict";
import { query } from "#contracts/query.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import type { Handlers } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { openVector } from "./open-vector.suite.ts";

const source = { dataset: "people", id_column: "person", id_prefix: "p-" };

/** Answers every statement with these rows and remembers it. */
function answering(rows: unknown[][], asked: string[], truncated = false): Handlers<typeof query> {
  const refuse = () => Promise.reject(new LakehouseError("unimplemented", "not in this test"));
  return {
    sql: refuse,
    explain: refuse,
    cancel: refuse,
    tables: refuse,
    async rows({ sql }) {
      asked.push(sql);
      return {
        query_id: "q",
        columns: [{ name: "person", type: "long", nullable: true }],
        rows,
        row_count: rows.length,
        truncated,
        elapsed_ms: 1,
      };
    },
  };
}

async function openPeople(t: { after(fn: () => unknown): void }, handlers: Handlers<typeof query>) {
  const opened = await openVector(await tempDir(t), { query: connectLocal(query, handlers) });
  t.after(opened.close);
  await opened.client.create({ index: "people", source });
  const items = Array.from({ length: 30 }, (_, at) => ({
    id: `p-${at}`,
    text: `person number ${at}`,
  }));
  await opened.client.upsert({ index: "people", items });
  return opened.client;
}

test("hybrid ranks the rows that SQL selects and counts both", async (t) => {
  const asked: string[] = [];
  const rows = [[3], [7], [7], [null], [9_999], ["11"]];
  const client = await openPeople(t, answering(rows, asked));
  const sql_filter = "age > 30 OR name = 'x)'";
  for (const mode of ["vector", "mixed"] as const) {
    const found = await client.hybrid({
      index: "people",
      query_text: "number 7",
      sql_filter,
      mode,
    });
    assert.deepEqual([found.sql_matches, found.vector_reranked], [6, 3]);
    assert.deepEqual(found.results.map(({ id }) => id).toSorted(), ["p-11", "p-3", "p-7"]);
    assert.equal(found.results[0]!.id, "p-7");
  }
  assert.deepEqual(asked[0], `SELECT "person" FROM "people" WHERE (${sql_filter})`);
  await client.hybrid({ index: "people", query_text: "x" });
  assert.equal(asked.at(-1), 'SELECT "person" FROM "people"');
});

test("hybrid refuses conditions that break out before SQL is asked", async (t) => {
  const asked: string[] = [];
  const client = await openPeople(t, answering([], asked));
  const sql_filter = "1=1) UNION SELECT secret FROM others WHERE (1=1";
  const broken = client.hybrid({ index: "people", query_text: "x", sql_filter });
  await assert.rejects(broken, { code: "invalid", reason: "sql_syntax" });
  assert.deepEqual(asked, []);
  const none = await client.hybrid({ index: "people", query_text: "x", sql_filter: "1=0" });
  assert.deepEqual([none.sql_matches, none.vector_reranked, none.results], [0, 0, []]);
});

test("hybrid says so when the condition selects too many rows", async (t) => {
  const client = await openPeople(t, answering([[1]], [], true));
  const work = client.hybrid({ index: "people", query_text: "x" });
  await assert.rejects(work, { code: "too_large", reason: "too_many_rows" });
});
