// The standard streams: messages in any pieces, what is none, what is too long, and the end.
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import fc from "fast-check";
import type { JSONRPCMessage } from "@modelcontextprotocol/server";
import { createLineReader } from "./line-reader.ts";
import { createStdioTransport } from "./stdio-transport.ts";

const INVALID = -32600;
const NO_JSON = -32700;

async function open(line_bytes_max = 10_000) {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const refused: string[] = [];
  const taken: JSONRPCMessage[] = [];
  const onRefused = (why: string) => void refused.push(why);
  const transport = createStdioTransport({ stdin, stdout, onRefused }, line_bytes_max);
  transport.onmessage = (message) => void taken.push(message);
  await transport.start();
  const answers = () =>
    String(stdout.read() ?? "")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { id: unknown; error: { code: number } })
      .map(({ id, error }) => [id, error.code]);
  return { stdin, stdout, transport, refused, taken, answers };
}

test("lines arrive whole in whatever pieces they come; of a long one what is at its ends", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "é", '"', "😀"), maxLength: 40 });
  fc.assert(
    fc.property(fc.array(text), fc.integer({ min: 1, max: 9 }), (lines, step) => {
      const got: string[] = [];
      const read = createLineReader(
        60,
        (line) => got.push(line),
        ({ bytes, head, tail }) => {
          assert.ok(bytes > 60);
          assert.equal(head, tail);
          got.push(tail);
        },
      );
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join("") + "no end");
      for (let at = 0; at < bytes.length; at += step) read.take(bytes.subarray(at, at + step));
      assert.deepEqual(got, lines);
      read.end();
      read.end();
      assert.deepEqual(got, [...lines, "no end"]);
    }),
  );
});

test("what is no message is answered with its id where it has one", async () => {
  const { stdin, refused, taken, answers } = await open();
  for (const [line, id, code] of [
    ['{"jsonrpc":"2.0","id":9,"method":"tools/call","params":5}', 9, INVALID],
    ['{"id":11,"method":"ping"}', 11, INVALID],
    ['{"id":"a","method":"ping"}', "a", INVALID],
    ['{"jsonrpc":"2.0","id":1.5,"method":"ping"}', null, INVALID],
    ['[{"jsonrpc":"2.0","id":1,"method":"ping"}]', null, INVALID],
    ["{bad json}", null, NO_JSON],
    ["5", null, INVALID],
    ["null", null, INVALID],
    [`{"a":${"[".repeat(3_000)}${"]".repeat(3_000)}}`, null, INVALID],
  ] as const) {
    stdin.write(`${line}\n`);
    await new Promise(setImmediate);
    assert.deepEqual(answers(), [[id, code]], line);
  }
  assert.equal(refused.length, 9);
  // An answer is not answered, and an empty line is nothing.
  stdin.write('{"jsonrpc":"2.0","id":1,"result":5}\n\r\n \n');
  await new Promise(setImmediate);
  assert.deepEqual(answers(), []);
  assert.equal(refused.length, 10);
  stdin.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\r\n');
  await new Promise(setImmediate);
  assert.deepEqual(taken, [{ jsonrpc: "2.0", id: 1, method: "ping" }]);
});

test("a line that is too long is answered, and the next one is taken", async () => {
  const { stdin, taken, answers } = await open();
  const params = { text: "x".repeat(20_000) };
  for (const [message, id] of [
    [{ jsonrpc: "2.0", id: 7, method: "a", params }, 7],
    [{ jsonrpc: "2.0", method: "a", id: 'q"1', params }, 'q"1'],
    [{ method: "a", params, jsonrpc: "2.0", id: 8 }, 8],
    [{ method: "a", params, id: 9, jsonrpc: "2.0" }, 9],
    [{ jsonrpc: "2.0", method: "a", params: { ...params, id: 5 } }, null],
    [{ jsonrpc: "2.0", method: "a", params: { ...params, a: {}, id: 5 } }, null],
  ] as const) {
    const line = JSON.stringify(message);
    stdin.write(line.slice(0, 15_000));
    stdin.write(`${line.slice(15_000)}\n{"jsonrpc":"2.0","method":"b"}\n`);
    await new Promise(setImmediate);
    assert.deepEqual(answers(), [[id, INVALID]], line.slice(0, 60));
    assert.deepEqual(taken.splice(0), [{ jsonrpc: "2.0", method: "b" }]);
  }
});

test("it closes once, and says why when a stream broke", async () => {
  const ended = await open();
  let closes = 0;
  ended.transport.onclose = () => void closes++;
  ended.stdin.end();
  assert.equal(await ended.transport.closed, undefined);
  await ended.transport.close();
  assert.equal(closes, 1);
  await assert.rejects(ended.transport.send({ jsonrpc: "2.0", method: "b" }));
  const broken = await open();
  broken.stdout.destroy(new Error("gone"));
  assert.match((await broken.transport.closed)!, /stdout broke: gone/);
});

test("what was asked before the input ended is answered; what was cancelled is not waited for", async () => {
  const { stdin, stdout, transport } = await open();
  let closed = false;
  void transport.closed.then(() => (closed = true));
  const ask = (id: number) => stdin.write(`{"jsonrpc":"2.0","id":${id},"method":"ping"}\n`);
  for (const id of [1, 2, 3]) ask(id);
  stdin.write('{"jsonrpc":"2.0","id":9,"method":"subscriptions/listen"}\n');
  stdin.write('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}\n');
  stdin.end();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await transport.send({ jsonrpc: "2.0", id: 1, result: {} });
  await new Promise(setImmediate);
  assert.equal(closed, false);
  await transport.send({ jsonrpc: "2.0", id: 3, error: { code: 1, message: "no" } });
  await transport.closed;
  const said = `${String(stdout.read())}${String(stdout.read() ?? "")}`;
  assert.deepEqual(
    said
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { id: number }).id),
    [1, 3],
  );
});

test("what is sent waits for its reader", async () => {
  const { transport, stdout } = await open();
  const sent = transport.send({ jsonrpc: "2.0", method: "x".repeat(100_000) });
  let done = false;
  const told = sent.then(() => (done = true));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(done, false);
  stdout.resume();
  await told;
});
