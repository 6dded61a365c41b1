// Direct answers on Node: the same bytes in the same order, readers that leave, guards, refusals.
import assert from "node:assert/strict";
import { request, type IncomingMessage } from "node:http";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { connectLocal } from "./connect-local.ts";
import { bytes, defineContract, write, type ByteStream } from "./contract.ts";
import { onBun } from "./http-client.ts";
import { listen } from "./listen.ts";
import { LakehouseError } from "./problem.ts";
import { serveHttp } from "./serve-http.ts";

const pieces = defineContract("pieces", "Bytes as they were asked for.", {
  say: bytes({
    summary: "The pieces given, with a pause before each where `gap_ms` says so.",
    http: "POST /pieces/say",
    input: z.strictObject({ pieces: z.array(z.array(z.int())), gap_ms: z.int().default(0) }),
    output: z.strictObject({ content_type: z.string() }),
    request_body: "json",
    response_body: "raw",
    response_headers: { content_type: "content-type" },
  }),
  length: write({
    summary: "How long a text is.",
    http: "POST /pieces/length",
    input: z.strictObject({ text: z.string() }),
    output: z.strictObject({ length: z.int() }),
    body_bytes_max: 1_000,
  }),
});

async function serve(t: TestContext) {
  const ended: number[] = [];
  async function* say(all: number[][], gap_ms: number): ByteStream {
    try {
      for (const piece of all) {
        if (gap_ms > 0) await new Promise((resolve) => setTimeout(resolve, gap_ms));
        if (piece[0] === -1) throw new Error("told to break");
        yield Uint8Array.from(piece);
      }
    } finally {
      ended.push(Date.now());
    }
  }
  const client = connectLocal(pieces, {
    say: async (input) => ({
      content_type: "application/octet-stream",
      body: say(input.pieces, input.gap_ms),
    }),
    length: async ({ text }) => ({ length: text.length }),
  });
  const app = serveHttp([{ contract: pieces, client }]);
  const server = await listen(app, { port: 0 });
  t.after(() => server.stop());
  return { app, ended, url: server.url };
}

function post(url: string, body: object): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(url, { method: "POST", headers: { "content-type": "application/json" } }, resolve)
      .on("error", reject)
      .end(JSON.stringify(body));
  });
}

async function bodyOf(answer: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

test("any bytes in any pieces arrive as they were, whichever way they leave", async (t) => {
  const { url } = await serve(t);
  const piece = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 6 }),
      fc.constantFrom(0, 1),
      async (all, gap_ms) => {
        const answer = await post(`${url}/pieces/say`, { pieces: all, gap_ms });
        assert.equal(answer.statusCode, 200);
        assert.deepEqual([...(await bodyOf(answer))], all.flat());
      },
    ),
    { numRuns: 60, verbose: true },
  );
  const large = Array.from({ length: 40 }, (_, at) => Array.from({ length: 9_000 }, () => at));
  const answer = await post(`${url}/pieces/say`, { pieces: large });
  assert.deepEqual([...(await bodyOf(answer))], large.flat());
});

test("what is whole at once has its length; what is not comes as it is made", async (t) => {
  const { url } = await serve(t);
  const whole = await post(`${url}/pieces/say`, { pieces: [[1], [2, 3]] });
  if (!onBun()) assert.equal(whole.headers["content-length"], "3");
  await bodyOf(whole);
  const slow = await post(`${url}/pieces/say`, { pieces: [[1], [2]], gap_ms: 30 });
  assert.equal(slow.headers["content-length"], undefined);
  assert.deepEqual([...(await bodyOf(slow))], [1, 2]);
});

test("many streams at once stay apart and in order", async (t) => {
  const { url } = await serve(t);
  const ask = async (n: number) => {
    const all = Array.from({ length: 20 }, (_, at) => [n, at]);
    const answer = await post(`${url}/pieces/say`, { pieces: all, gap_ms: 1 });
    assert.deepEqual([...(await bodyOf(answer))], all.flat());
  };
  await Promise.all(Array.from({ length: 128 }, (_, n) => ask(n)));
});

test("a reader that leaves ends what it asked for", async (t) => {
  const { url, ended } = await serve(t);
  const all = Array.from({ length: 100 }, (_, at) => [at]);
  const answer = await post(`${url}/pieces/say`, { pieces: all, gap_ms: 20 });
  await new Promise((resolve) => answer.once("data", resolve));
  answer.destroy();
  const left = Date.now();
  for (let tries = 0; tries < 100 && ended.length === 0; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(ended.length, 1);
  assert.ok(ended[0]! - left < 500, `${ended[0]! - left} ms`);
});

test("a body that breaks off is cut, not ended as if it were whole", async (t) => {
  const { url } = await serve(t);
  const answer = await post(`${url}/pieces/say`, { pieces: [[1], [-1]], gap_ms: 30 });
  await assert.rejects(bodyOf(answer));
});

test("a body over the limit is refused, said or not, and the connection is of use again", async (t) => {
  const { url } = await serve(t);
  const long = JSON.stringify({ text: "x".repeat(5_000) });
  const said = await fetch(`${url}/pieces/length`, { method: "POST", body: long });
  assert.equal(said.status, 413);
  const problem = (await said.json()) as { reason: string };
  assert.equal(problem.reason, "body_too_large");
  const unsaid = await fetch(`${url}/pieces/length`, {
    method: "POST",
    body: new Blob([long]).stream(),
    duplex: "half",
  } as RequestInit);
  assert.equal(unsaid.status, 413);
  await unsaid.body?.cancel();
  const right = await fetch(`${url}/pieces/length`, { method: "POST", body: '{"text":"abc"}' });
  assert.deepEqual(await right.json(), { length: 3 });
});

test("guards are asked before anything is read, and lay their headers on each answer", async (t) => {
  const { app } = await serve(t);
  const { direct } = app;
  app.direct = (incoming, response) =>
    direct(incoming, response, {
      passOn: ({ headers }) => headers.get("x-elsewhere") !== null,
      refuse: ({ headers }) =>
        headers.get("x-bad") === null ? undefined : new LakehouseError("forbidden", "not you"),
      headers: { "x-guarded": "yes" },
    });
  const server = await listen(app, { port: 0 });
  t.after(() => server.stop());
  const ask = (headers: Record<string, string>) =>
    fetch(`${server.url}/pieces/length`, { method: "POST", body: '{"text":""}', headers });
  if (onBun()) return;
  for (const [headers, status, guarded] of [
    [{}, 200, "yes"],
    [{ "x-bad": "1" }, 403, "yes"],
    [{ "x-elsewhere": "1" }, 200, null],
  ] as const) {
    const answer = await ask(headers);
    await answer.body?.cancel();
    assert.deepEqual([answer.status, answer.headers.get("x-guarded")], [status, guarded]);
  }
});
