// Vector stores from npm as peers of the vector service; each runs where it is installed.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ROOT } from "../../test/support/source-tree.ts";

const FOLDER = join(ROOT, ".cache/peers/vector");

/** How to put them there; none needs a key or a download of its own. */
export const VECTOR_PEERS_SET_UP =
  "npm install --prefix .cache/peers/vector @zvec/zvec@0.7.0 @lancedb/lancedb@0.39.0";

export interface StoredVector {
  readonly id: string;
  readonly vector: Float32Array;
  readonly bucket: number;
}

export interface VectorStore {
  readonly name: string;
  /** Durable when it resolves, as far as the store promises. */
  add(items: readonly StoredVector[]): Promise<void>;
  /** What the store wants done after a load, before it is searched. */
  ready(): Promise<void>;
  /** Ids, nearest first; `bucket_max`: only among items of a bucket up to it. */
  search(vector: Float32Array, k: number, bucket_max?: number): Promise<string[]>;
  close(): Promise<void>;
}

export interface GraphShape {
  readonly dimension: number;
  readonly connectivity: number;
  readonly expansion_add: number;
  readonly expansion_search: number;
}

/** Opens every peer that is installed, and names those that are not. */
export async function openVectorPeers(
  dir: string,
  shape: GraphShape,
): Promise<{ open: VectorStore[]; missing: string[] }> {
  const all = {
    "@zvec/zvec": async (at: string) => [
      openZvec(`${at}-f16`, shape, "FP16", 1),
      openZvec(`${at}-i8`, shape, "INT8", 1),
      openZvec(`${at}-i8-refined`, shape, "INT8", REFINED),
    ],
    "@lancedb/lancedb": async (at: string) => [await openLance(at, shape)],
  };
  const open: VectorStore[] = [];
  const missing: string[] = [];
  for (const [name, start] of Object.entries(all)) {
    if (!existsSync(join(FOLDER, "node_modules", name))) missing.push(name);
    else open.push(...(await start(join(dir, name.replace(/\W+/g, "-")))));
  }
  return { open, missing };
}

const load = createRequire(join(FOLDER, "package.json"));

interface ZvecCollection {
  insertSync(docs: object[]): unknown;
  query(query: object): Promise<{ id: string }[]>;
  optimize(options: object): Promise<void>;
  closeSync(): void;
}

interface Zvec {
  readonly ZVecDataType: Record<string, number>;
  readonly ZVecIndexType: Record<string, number>;
  readonly ZVecMetricType: Record<string, number>;
  readonly ZVecQuantizeType: Record<string, number>;
  readonly ZVecCollectionSchema: new (schema: object) => object;
  ZVecCreateAndOpen(path: string, schema: object): ZvecCollection;
}

/** Of so many times the neighbours that are asked for, the nearest by full precision are taken. */
const REFINED = 5;

/**
 * HNSW with its write-ahead log and an inverted index of the bucket, widths as ours. By inner
 * product: its COSINE (0.7.0) finds .74 of the ten nearest among 5,000, even unquantized.
 */
function openZvec(
  path: string,
  shape: GraphShape,
  quantize: "FP16" | "INT8",
  oversampled: number,
): VectorStore {
  const zvec = load("@zvec/zvec") as Zvec;
  const { HNSW, INVERT } = zvec.ZVecIndexType;
  const schema = new zvec.ZVecCollectionSchema({
    name: "bench",
    vectors: {
      name: "vector",
      dataType: zvec.ZVecDataType["VECTOR_FP32"],
      dimension: shape.dimension,
      indexParams: {
        indexType: HNSW,
        metricType: zvec.ZVecMetricType["IP"],
        // Its m counts as half of the links of the lowest layer, as usearch's connectivity does.
        m: shape.connectivity,
        efConstruction: shape.expansion_add,
        quantizeType: zvec.ZVecQuantizeType[quantize],
      },
    },
    fields: {
      name: "bucket",
      dataType: zvec.ZVecDataType["INT32"],
      indexParams: { indexType: INVERT, enableRangeOptimization: true },
    },
  });
  const collection = zvec.ZVecCreateAndOpen(path, schema);
  const params = { indexType: HNSW, ef: shape.expansion_search, isUsingRefiner: oversampled > 1 };
  return {
    name: `zvec ${quantize === "FP16" ? "f16" : "i8"}${oversampled > 1 ? ", refined" : ""}`,
    add: async (items) => {
      const docs = items.map(({ id, vector, bucket }) => ({
        id,
        vectors: { vector },
        fields: { bucket },
      }));
      collection.insertSync(docs);
    },
    ready: () => collection.optimize({ concurrency: 2 }),
    async search(vector, k, bucket_max) {
      const topk = k * oversampled;
      const filter = bucket_max === undefined ? {} : { filter: `bucket <= ${bucket_max}` };
      const asked = { fieldName: "vector", vector, topk, params, outputFields: [], ...filter };
      return (await collection.query(asked)).slice(0, k).map(({ id }) => id);
    },
    close: async () => collection.closeSync(),
  };
}

interface LanceQuery {
  where(condition: string): LanceQuery;
  select(columns: string[]): LanceQuery;
  limit(k: number): LanceQuery;
  distanceType(type: string): LanceQuery;
  ef(width: number): LanceQuery;
  toArray(): Promise<{ id: string }[]>;
}

interface LanceTable {
  add(rows: object[]): Promise<unknown>;
  createIndex(column: string, options?: object): Promise<void>;
  search(vector: number[]): LanceQuery;
  close(): void;
}

interface Lance {
  connect(path: string): Promise<{
    createTable(name: string, rows: object[]): Promise<LanceTable>;
  }>;
  readonly Index: { hnswSq(options: object): object; btree(): object };
}

/** Its graph with 8-bit codes in one partition, and a B-tree over the bucket. */
async function openLance(path: string, shape: GraphShape): Promise<VectorStore> {
  const lance = load("@lancedb/lancedb") as Lance;
  const database = await lance.connect(path);
  let table: LanceTable | undefined;
  return {
    name: "lancedb hnsw-sq",
    async add(items) {
      const rows = items.map((item) => ({ ...item, vector: [...item.vector] }));
      if (table === undefined) table = await database.createTable("bench", rows);
      else await table.add(rows);
    },
    async ready() {
      const { connectivity: m, expansion_add: efConstruction } = shape;
      const graph = { distanceType: "cosine", numPartitions: 1, m, efConstruction };
      await table!.createIndex("vector", { config: lance.Index.hnswSq(graph) });
      await table!.createIndex("bucket", { config: lance.Index.btree() });
    },
    async search(vector, k, bucket_max) {
      const query = table!
        .search([...vector])
        .distanceType("cosine")
        .ef(shape.expansion_search);
      const some = bucket_max === undefined ? query : query.where(`bucket <= ${bucket_max}`);
      return (await some.select(["id", "_distance"]).limit(k).toArray()).map(({ id }) => id);
    },
    close: async () => table?.close(),
  };
}
