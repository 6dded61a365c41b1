// A download that goes on meets other answers than it asked for: what came before is not given up.
import { test } from "node:test";
import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { failureOf } from "../../../test/support/failure-of.ts";
import { listening } from "../../../test/support/listening.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import { HALF, optionsFor, sha256, WEIGHTS } from "./weights-pull.suite.ts";
import { pullWeights } from "./weights-pull.ts";

const CUT = 100_000;
const TOTAL = WEIGHTS.length;
type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** Bytes from `from` up to `to`, whatever was asked for. */
const range =
  (from: number, to: number): Answer =>
  (response) => {
    const headers = { "content-range": `bytes ${from}-${to - 1}/${TOTAL}` };
    response.writeHead(206, headers).end(WEIGHTS.subarray(from, to));
  };

const asAsked: Answer = (response, { headers }) => {
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
  if (from > 0) range(from, TOTAL)(response, { headers } as IncomingMessage);
  else response.end(WEIGHTS);
};

/** All of it, from its start, and the line is cut after so many bytes. */
const cutAfter =
  (bytes: number): Answer =>
  (response) => {
    response.writeHead(200, { "content-length": TOTAL });
    response.write(WEIGHTS.subarray(0, bytes));
    setTimeout(() => response.destroy(), 100);
  };

/** A folder where a pull broke off after `CUT` bytes, and the server it came from. */
async function brokenOffPull(t: HasAfter) {
  const server = { answer: cutAfter(CUT), ranges: [] as (string | undefined)[] };
  const port = await listening(
    t,
    createServer((request, response) => {
      server.ranges.push(request.headers.range);
      server.answer(response, request);
    }),
  );
  const folder = await tempDir(t);
  const url = `http://127.0.0.1:${port}/`;
  const { options } = optionsFor(folder);
  const pull = (answer: Answer, changes: { readonly sha256?: string } = {}) => {
    server.answer = answer;
    server.ranges = [];
    return pullWeights({ name: "tiny", url, sha256, ...changes }, options);
  };
  const kept = async () => (await stat(join(folder, "tiny.gguf.part"))).size;
  /** The next pull that is answered as it asks has only the rest to fetch. */
  const goesOn = async (from: number) => {
    assert.equal(await kept(), from);
    assert.deepEqual(await readFile((await pull(asAsked)).path), WEIGHTS);
    assert.deepEqual(server.ranges, [`bytes=${from}-`]);
    assert.deepEqual(await readdir(folder), ["tiny.gguf"]);
  };
  assert.equal((await failureOf(pull(server.answer))).code, "unavailable");
  assert.equal(await kept(), CUT);
  return { pull, kept, goesOn, server };
}

test("a page that a network shows instead of the file is none of it", async (t) => {
  const { pull, goesOn } = await brokenOffPull(t);
  const page: Answer = (response) =>
    response.setHeader("content-type", "text/html; charset=utf-8").end("<html>".repeat(CUT));
  const error = await failureOf(pull(page));
  assert.equal(error.code, "unavailable");
  assert.match(error.message, /answered with a page/);
  await goesOn(CUT);
});

test("an answer that is less than what is there leaves it, and says so", async (t) => {
  const { pull, goesOn } = await brokenOffPull(t);
  const error = await failureOf(pull((response) => response.end("come back later")));
  assert.equal(error.code, "unavailable");
  assert.match(error.message, /sent 15 bytes, 100000 are here/);
  assert.match(error.hint!, /tiny\.gguf\.part/);
  await goesOn(CUT);
});

test("a server without ranges that breaks off sooner than before takes nothing away", async (t) => {
  const { pull, goesOn, kept } = await brokenOffPull(t);
  assert.equal((await failureOf(pull(cutAfter(CUT / 2)))).code, "unavailable");
  assert.equal(await kept(), CUT);
  assert.equal((await failureOf(pull(cutAfter(HALF)))).code, "unavailable");
  await goesOn(HALF);
});

test("weights of another hash begin afresh, once their server has something to send", async (t) => {
  const { pull, kept, server } = await brokenOffPull(t);
  const other = { sha256: "0".repeat(64) };
  const away: Answer = (response) => response.writeHead(503).end();
  assert.equal((await failureOf(pull(away, other))).code, "unavailable");
  assert.equal(await kept(), CUT);
  assert.equal((await failureOf(pull(asAsked, other))).code, "rejected");
  assert.deepEqual(server.ranges, [undefined]);
  assert.equal((await failureOf(pull(cutAfter(HALF), other))).code, "unavailable");
  assert.deepEqual(await readFile((await pull(asAsked)).path), WEIGHTS);
  assert.deepEqual(server.ranges, [undefined]);
});

test("a range that is shorter than asked for is a part, not the whole", async (t) => {
  const { pull, goesOn } = await brokenOffPull(t);
  const error = await failureOf(pull(range(CUT, HALF)));
  assert.deepEqual([error.code, /broke off/.test(error.message)], ["unavailable", true]);
  await goesOn(HALF);
});

test("a range that starts before what was asked for is taken from there on", async (t) => {
  const { pull } = await brokenOffPull(t);
  assert.deepEqual(await readFile((await pull(range(0, TOTAL))).path), WEIGHTS);
});

test("a range that leaves a gap, or cannot be read, is refused", async (t) => {
  const { pull, goesOn } = await brokenOffPull(t);
  const odd: Answer = (response) =>
    response.writeHead(206, { "content-range": "items 1-2/3" }).end("ab");
  for (const answer of [range(HALF, TOTAL), odd]) {
    const error = await failureOf(pull(answer));
    assert.equal(error.code, "unavailable");
    assert.match(error.message, /sent (bytes 150000-300000\/300001|items 1-2\/3)/);
  }
  await goesOn(CUT);
});

test("a file that has nothing left to send is one that was begun", async (t) => {
  const { pull, kept } = await brokenOffPull(t);
  const none: Answer = (response) => response.writeHead(416).end();
  const other = await failureOf(pull(none, { sha256: "0".repeat(64) }));
  assert.deepEqual([other.code, await kept()], ["unavailable", CUT]);
});

test("a redirect to what is no address of the web is refused", async (t) => {
  const { pull, goesOn } = await brokenOffPull(t);
  for (const location of ["file:///etc/passwd", "http://["]) {
    const leave: Answer = (response) => response.writeHead(302, { location }).end();
    const error = await failureOf(pull(leave));
    assert.equal(error.code, "unavailable");
    assert.match(error.message, /redirects to what is not http\(s\)/);
  }
  await goesOn(CUT);
});
