// A download that goes on meets other answers than it asked for: what came before is not given up.
import { test } from "node:test";
import assert from "node:assert/strict";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from "node:http";
import { join } from "node:path";
import { failureOf } from "../../../test/support/failure-of.ts";
import { listening } from "../../../test/support/listening.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import { HALF, optionsFor, sha256, WEIGHTS } from "./weights-pull.suite.ts";
import { pullWeights, type LinkedWeights, type PullOptions } from "./weights-pull.ts";

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

/** Nothing follows what was asked for; the size of the file is told or not. */
const nothingMore =
  (total?: number): Answer =>
  (response) => {
    const told = total === undefined ? {} : { "content-range": `bytes */${total}` };
    response.writeHead(416, told).end();
  };

/** An answer whose head comes, and nothing after it. */
const headOnly =
  (status: number, headers: OutgoingHttpHeaders = {}): Answer =>
  (response) =>
    response.writeHead(status, headers).flushHeaders();

/** The rest as it was asked for, but other bytes. */
const otherRest: Answer = (response) => {
  const headers = { "content-range": `bytes ${CUT}-${TOTAL - 1}/${TOTAL}` };
  response.writeHead(206, headers).end(Buffer.alloc(TOTAL - CUT));
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
  const pull = (
    answer: Answer,
    changes: Partial<LinkedWeights> = {},
    more: Partial<PullOptions> = {},
  ) => {
    server.answer = answer;
    server.ranges = [];
    const { options } = optionsFor(folder, more);
    return pullWeights({ name: "tiny", url, sha256, ...changes }, options);
  };
  const part = join(folder, "tiny.gguf.part");
  const kept = async () => (await stat(part)).size;
  /** The next pull that is answered as it asks has only the rest to fetch. */
  const goesOn = async (from: number) => {
    assert.equal(await kept(), from);
    assert.deepEqual(await readFile((await pull(asAsked)).path), WEIGHTS);
    assert.deepEqual(server.ranges, [`bytes=${from}-`]);
    assert.deepEqual(await readdir(folder), ["tiny.gguf"]);
  };
  assert.equal((await failureOf(pull(server.answer))).code, "unavailable");
  assert.equal(await kept(), CUT);
  return { pull, kept, goesOn, server, part };
}

test("a page that a network shows instead of the file is none of it", async (t) => {
  const { pull, goesOn } = await brokenOffPull(t);
  const text = "<html>".repeat(CUT);
  for (const [status, type] of [
    [200, "text/html; charset=utf-8"],
    [200, "text/plain"],
    [206, "text/html"],
    [206, "application/problem+json"],
    [206, "multipart/byteranges; boundary=x"],
  ] as const) {
    const page: Answer = (response) =>
      response.writeHead(status, { "content-type": type }).end(text);
    const error = await failureOf(pull(page));
    assert.equal(error.code, "unavailable");
    assert.match(error.message, /answered with a page/);
  }
  const untold = await failureOf(pull((response) => response.end(text)));
  assert.equal(untold.code, "unavailable");
  assert.match(untold.message, /sent something else than what is here/);
  await goesOn(CUT);
});

test("weights that their server calls a text are weights, with and without ranges", async (t) => {
  const whole: Answer = (response) =>
    response.writeHead(200, { "content-type": "text/html" }).end(WEIGHTS);
  const rest: Answer = (response, request) => {
    response.setHeader("content-type", "text/plain");
    asAsked(response, request);
  };
  for (const answer of [whole, rest]) {
    const { pull, server } = await brokenOffPull(t);
    assert.deepEqual(await readFile((await pull(answer)).path), WEIGHTS);
    assert.deepEqual(server.ranges, [`bytes=${CUT}-`]);
  }
});

test("an answer that is less than what is there leaves it, and says so", async (t) => {
  const { pull, goesOn } = await brokenOffPull(t);
  const error = await failureOf(pull((response) => response.end(WEIGHTS.subarray(0, 15))));
  assert.equal(error.code, "unavailable");
  assert.match(error.message, /sent 15 bytes, 100000 are here/);
  assert.match(error.hint!, /tiny\.gguf\.part/);
  await goesOn(CUT);
});

test("a body that is not wanted is not waited for", { timeout: 20_000 }, async (t) => {
  const { pull, goesOn } = await brokenOffPull(t);
  for (const [answer, code] of [
    [headOnly(206, { "content-type": "text/html" }), "unavailable"],
    [headOnly(206, { "content-range": "items 1-2/3" }), "unavailable"],
    [headOnly(416, { "content-range": `bytes */${TOTAL}` }), "unavailable"],
    [headOnly(302, { location: "file:///etc/passwd" }), "unavailable"],
    [headOnly(404), "not_found"],
    [headOnly(503), "unavailable"],
  ] as const) {
    assert.equal((await failureOf(pull(answer))).code, code);
  }
  await goesOn(CUT);
});

test("a page that breaks off is unavailable; one who leaves meanwhile is told so", async (t) => {
  const { pull, goesOn } = await brokenOffPull(t);
  const page = headOnly(200, { "content-type": "text/html", "content-length": 1000 });
  const reset: Answer = (response, request) => {
    page(response, request);
    setTimeout(() => response.destroy(), 100);
  };
  assert.equal((await failureOf(pull(reset))).code, "unavailable");
  const leaving = new AbortController();
  const left: Answer = (response, request) => {
    page(response, request);
    setTimeout(() => leaving.abort(), 100);
  };
  assert.equal((await failureOf(pull(left, {}, { signal: leaving.signal }))).code, "cancelled");
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
  const other = await failureOf(pull(nothingMore(), { sha256: "0".repeat(64) }));
  assert.deepEqual([other.code, await kept()], ["unavailable", CUT]);
});

test("a part that nothing follows is kept unless it is known to be all and wrong", async (t) => {
  const { pull, goesOn } = await brokenOffPull(t);
  for (const total of [TOTAL, undefined, CUT / 2]) {
    const error = await failureOf(pull(nothingMore(total)));
    assert.equal(error.code, "unavailable");
    assert.match(error.message, /sends nothing beyond the 100000 bytes that are here/);
    assert.match(error.hint!, /is kept: pull again; .*take \S+tiny\.gguf\.part away/);
  }
  await goesOn(CUT);

  for (const total of [TOTAL, undefined]) {
    const whole = await brokenOffPull(t);
    await writeFile(whole.part, WEIGHTS);
    assert.deepEqual(await readFile((await whole.pull(nothingMore(total))).path), WEIGHTS);
  }
  const wrong = await brokenOffPull(t);
  await writeFile(wrong.part, Buffer.alloc(TOTAL));
  assert.equal((await failureOf(wrong.pull(nothingMore(TOTAL)))).code, "rejected");
  await assert.rejects(stat(wrong.part), { code: "ENOENT" });
  await assert.rejects(stat(`${wrong.part}.sha256`), { code: "ENOENT" });
});

test("a rest that makes a wrong whole is cut off; the second time all of it goes", async (t) => {
  const once = await brokenOffPull(t);
  const error = await failureOf(once.pull(otherRest));
  assert.equal(error.code, "rejected");
  assert.match(error.hint!, /the 100000 bytes from before are kept: pull again/);
  await once.goesOn(CUT);

  const { pull, server, part } = await brokenOffPull(t);
  assert.equal((await failureOf(pull(otherRest))).code, "rejected");
  const again = await failureOf(pull(otherRest));
  assert.equal(again.code, "rejected");
  assert.match(again.hint!, /is dropped/);
  await assert.rejects(stat(part), { code: "ENOENT" });
  assert.deepEqual(await readFile((await pull(asAsked)).path), WEIGHTS);
  assert.deepEqual(server.ranges, [undefined]);
});

test("a part without a pin belongs to the file that it is gone on with", async (t) => {
  for (const before of [undefined, ""]) {
    const { pull, kept, goesOn, part, server } = await brokenOffPull(t);
    if (before === undefined) await rm(`${part}.sha256`);
    else await writeFile(`${part}.sha256`, before);
    assert.equal((await failureOf(pull(range(CUT, HALF)))).code, "unavailable");
    assert.deepEqual(server.ranges, [`bytes=${CUT}-`]);
    assert.equal(await readFile(`${part}.sha256`, "utf8"), sha256);
    const away: Answer = (response) => response.writeHead(503).end();
    await failureOf(pull(away, { sha256: "0".repeat(64) }));
    assert.deepEqual([server.ranges, await kept()], [[undefined], HALF]);
    await goesOn(HALF);
  }
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
