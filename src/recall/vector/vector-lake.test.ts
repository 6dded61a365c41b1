// Vector with the real parts around it: built-in embedder, DuckDB, ingest, storage on disk.
import { test } from "node:test";
import assert from "node:assert/strict";
import { join } from "node:path";
import { createMiniLmEmbedder } from "#adapters/embedder/minilm-embedder.ts";
import { embed } from "#contracts/embed.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { openLake, put } from "#data/ingest/open-lake.suite.ts";
import { createEmbed } from "#models/embed/embed-service.ts";
import { embedSettings } from "#models/embed/embed-settings.ts";
import { openVector } from "./open-vector.suite.ts";

const CSV = `id,title,price
1,A field guide to garden birds,12
2,Baking bread at home,20
3,The owls of the northern forest,35
4,Repairing old bicycles,18
5,Songbirds and their calls,9
`;

test("hybrid search over an ingested dataset with the built-in embedder", async (t) => {
  const lake = await openLake(t);
  await put(lake, "shop", "shop.csv", CSV);
  const embedders = [createMiniLmEmbedder({ threads: 1, workers: 1 })];
  const embedding = await createEmbed({ embedders, log: silentLog }, embedSettings.parse({}));
  t.after(() => embedding.stop());
  const { client, close } = await openVector(join(lake.dir, "recall"), {
    embed: connectLocal(embed, embedding.handlers, { strict: true }),
    query: lake.query,
  });
  t.after(close);
  const source = { dataset: "shop", id_column: "id", id_prefix: "s-" };
  const { embedder, dimension } = await client.create({ index: "shop", source });
  assert.deepEqual([embedder, dimension], ["builtin/all-minilm-l6-v2", 384]);
  const { rows } = await lake.query.rows({ sql: "SELECT id, title FROM shop ORDER BY id" });
  const items = rows.map(([id, text]) => ({ id: `s-${String(id)}`, text: String(text) }));
  await client.upsert({ index: "shop", items });
  const ask = (sql_filter: string, k = 2) =>
    client.hybrid({ index: "shop", query_text: "books on birds", sql_filter, k });
  const cheap = await ask("price < 30 AND title NOT LIKE '%)%'");
  assert.deepEqual([cheap.sql_matches, cheap.vector_reranked, cheap.method], [4, 4, "exact"]);
  assert.deepEqual(new Set(cheap.results.map(({ id }) => id)), new Set(["s-1", "s-5"]));
  const nested = await ask("id IN (SELECT id FROM shop WHERE price > 30)");
  assert.deepEqual(
    nested.results.map(({ id }) => id),
    ["s-3"],
  );
  assert.equal((await ask("", 3)).sql_matches, 5);
  for (const [sql_filter, code] of [
    ["price <", "invalid"],
    ["no_such_column = 1", "invalid"],
    ["1=1) UNION SELECT 1 WHERE (1=1", "invalid"],
    ["1=1; DROP TABLE shop", "invalid"],
  ] as const) {
    await assert.rejects(ask(sql_filter), { code });
  }
});
