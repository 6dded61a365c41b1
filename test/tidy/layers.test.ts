// Who may import whom: the layers of the house, held by a test.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PARTS, type Plane } from "#app/parts.ts";
import { importsOf, isTest, sourceFiles, type Import } from "../support/source-tree.ts";

const SERVICE = /^src\/(data|models|recall|work|improve)\/[a-z-]+\//;
const files = sourceFiles(["src", "domains"], [".ts"]).filter((file) => !isTest(file.path));
const imports = files.flatMap(importsOf);

/** The part of the house a path belongs to; a service, an adapter, an edge is a room of its own. */
function roomOf(path: string): string {
  const room = SERVICE.exec(path) ?? /^src\/(adapters|edges)\/[a-z-]+\//.exec(path);
  if (room !== null) return room[0];
  return /^(src\/[a-z]+(\/|\.ts$)|domains\/[a-z]+\/)/.exec(path)?.[0] ?? path;
}

/** Whether the rules of the house allow this import between its own files. */
function allowed({ from, to }: Import): boolean {
  const room = roomOf(from);
  const other = roomOf(to);
  if (room === other || room === "src/app/") return true;
  const kernel = other === "src/kernel/";
  const contracts = other === "src/contracts/";
  const nouns = to === "src/contracts/nouns.ts";
  const ports = other === "src/ports/";
  if (room === "src/kernel/") return false;
  if (room === "src/contracts/") return kernel;
  if (room === "src/ports/") return kernel || nouns;
  if (room.startsWith("src/adapters/")) return kernel || ports || nouns;
  if (SERVICE.test(room)) return kernel || contracts || ports;
  if (room.startsWith("src/edges/")) return kernel || contracts;
  if (room === "src/pack.ts") return kernel || ports || nouns;
  if (room === "src/client.ts") return kernel || contracts;
  if (room.startsWith("domains/")) return to === "src/pack.ts";
  return false;
}

test("the check sees the house: files and imports are there", () => {
  assert.ok(files.length > 100, `only ${files.length} files`);
  assert.ok(imports.length > 300, `only ${imports.length} imports`);
  const rooms = new Set(files.map((file) => roomOf(file.path)));
  for (const room of ["src/kernel/", "src/contracts/", "src/ports/", "src/app/"]) {
    assert.ok(rooms.has(room), `no files in ${room}`);
  }
});

test("the rules refuse what they should (the check can fail)", () => {
  const bad = [
    ["src/kernel/call.ts", "src/contracts/nouns.ts"],
    ["src/data/query/query-service.ts", "src/data/catalog/catalog-service.ts"],
    ["src/ports/embedder.ts", "src/contracts/embed.ts"],
    ["src/adapters/embedder/x.ts", "src/models/embed/embed-service.ts"],
    ["src/edges/cli/program.ts", "src/app/compose.ts"],
    ["domains/staffing/pack.ts", "src/kernel/ids.ts"],
  ] as const;
  for (const [from, to] of bad) {
    assert.equal(allowed({ from, to, is_package: false, written: to }), false, `${from} → ${to}`);
  }
});

test("nobody imports across the layers", () => {
  const wrong = imports
    .filter((one) => !one.is_package && !allowed(one))
    .map((one) => `${one.from} may not import ${one.to}`);
  assert.deepEqual(wrong, []);
});

test("imports are written as ./own or #layer, never ../", () => {
  // Worker files and packs are named by URL from where they stand; the app alone loads packs.
  const wrong = imports
    .filter((one) => one.written.startsWith("../") && !one.from.startsWith("src/app/"))
    .map((one) => `${one.from}: ${one.written}`);
  assert.deepEqual(wrong, []);
});

const ENGINES: Readonly<Record<string, readonly string[]>> = {
  "src/adapters/": [
    "@duckdb/node-api",
    "usearch",
    "onnxruntime-node",
    "@huggingface/tokenizers",
    "aws4fetch",
    "fast-xml-parser",
    "postgres",
    "node-llama-cpp",
  ],
  "src/data/": ["zod", "avsc", "apache-arrow"],
  "src/kernel/": ["hono", "undici", "@hono/node-server", "zod"],
  "src/work/": ["zod", "jsonrepair", "re2js"],
  "src/edges/": [
    "commander",
    "hono",
    "fast-xml-parser",
    "zod",
    "@modelcontextprotocol/server",
    "@modelcontextprotocol/server/stdio",
    "prom-client",
  ],
  "src/contracts/": ["zod"],
  "src/ports/": ["zod"],
  "src/app/": ["pino", "smol-toml", "zod"],
};

test("engines and libraries are imported in their layer only", () => {
  const wrong: string[] = [];
  for (const { from, to, is_package } of imports) {
    if (!is_package || to.startsWith("node:")) continue;
    const layer = /^(src\/[a-z]+|domains)\//.exec(from)?.[0] ?? from;
    const known = ENGINES[layer] ?? ["zod", "stemmer"];
    if (!known.includes(to)) wrong.push(`${from} imports ${to}`);
  }
  assert.deepEqual(wrong, []);
});

test("process.env is read in the app only", () => {
  const wrong = files.filter(
    (file) => !file.path.startsWith("src/app/") && /process\.env/.test(file.text),
  );
  assert.deepEqual(
    wrong.map((file) => file.path),
    [],
  );
});

const PLANES: readonly Plane[] = ["data", "models", "recall", "work", "improve"];

test("a part needs only parts of its own or an earlier plane, and the graph has no cycle", () => {
  const seen = new Map<string, Plane>();
  for (const part of PARTS) {
    for (const need of part.needs) {
      const plane = seen.get(need);
      assert.ok(plane !== undefined, `${part.service} needs ${need}, which opens after it`);
      assert.ok(
        PLANES.indexOf(plane) <= PLANES.indexOf(part.plane),
        `${part.service} (${part.plane}) may not need ${need} (${plane})`,
      );
    }
    seen.set(part.service, part.plane);
  }
  assert.ok(seen.size >= 15);
});

test("each part's folder stands in its plane", () => {
  for (const { service, plane } of PARTS) {
    const path = `src/${plane}/${service}/${service}-service.ts`;
    assert.ok(
      files.some((file) => file.path === path),
      `${path} is missing`,
    );
  }
});
