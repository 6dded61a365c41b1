// Answers of HTTP/1.1: the same however the bytes are cut, and refused where they are ambiguous.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createAnswerReader, type AnswerHead } from "./http1-response.ts";

interface Read {
  head: AnswerHead | undefined;
  body: string;
  ends: number;
}

/** Feeds `text` (latin1) in pieces of `step` bytes, then the end of the connection if `closed`. */
function read(text: string, options: { step?: number; of_head?: boolean; closed?: boolean } = {}) {
  const got: Read = { head: undefined, body: "", ends: 0 };
  const reader = createAnswerReader({
    onHead: (head) => void (got.head = head),
    onPiece(piece) {
      assert.ok(piece.length > 0);
      got.body += Buffer.from(piece).toString("latin1");
    },
    onEnd: () => got.ends++,
  });
  reader.begin(options.of_head ?? false);
  const bytes = Buffer.from(text, "latin1");
  const step = options.step ?? bytes.length;
  for (let at = 0; at < bytes.length; at += step) reader.read(bytes.subarray(at, at + step));
  if (options.closed) reader.end();
  return got;
}

const OK = "HTTP/1.1 200 OK\r\n";
const GOOD: Record<string, { text: string; status: number; body: string; keeps: boolean }> = {
  sized: {
    text: `${OK}Content-Length: 5\r\nX-A: \t one two \t\r\nx-a: three\r\n\r\nhello`,
    status: 200,
    body: "hello",
    keeps: true,
  },
  "twice the same length": {
    text: `${OK}content-length: 2\r\nContent-Length: 2\r\n\r\nhi`,
    status: 200,
    body: "hi",
    keeps: true,
  },
  chunked: {
    text: `${OK}Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n00A\r\n0123456789\r\n0\r\nx: y\r\n\r\n`,
    status: 200,
    body: "abc0123456789",
    keeps: true,
  },
  "empty, and no reason": {
    text: "HTTP/1.1 500\r\ncontent-length: 0\r\n\r\n",
    status: 500,
    body: "",
    keeps: true,
  },
  "204 without a length": { text: "HTTP/1.1 204 x\r\n\r\n", status: 204, body: "", keeps: true },
  "early hints first": {
    text: `HTTP/1.1 103 Early\r\nlink: a\r\n\r\n${OK}content-length: 1\r\n\r\n!`,
    status: 200,
    body: "!",
    keeps: true,
  },
  "close said": {
    text: `${OK}connection: Close\r\ncontent-length: 1\r\n\r\n!`,
    status: 200,
    body: "!",
    keeps: false,
  },
  "1.0": {
    text: "HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\n!",
    status: 200,
    body: "!",
    keeps: false,
  },
  "1.0 in chunks, as small servers do": {
    text: "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n!\r\n0\r\n\r\n",
    status: 200,
    body: "!",
    keeps: false,
  },
  "204 that names a length": {
    text: "HTTP/1.1 204 x\r\ncontent-length: 3\r\n\r\n",
    status: 204,
    body: "",
    keeps: false,
  },
  "1.0 kept": {
    text: "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\n!",
    status: 200,
    body: "!",
    keeps: true,
  },
};

for (const [name, { text, ...wanted }] of Object.entries(GOOD)) {
  test(`read whole and in every cut: ${name}`, () => {
    for (let step = 1; step <= text.length; step++) {
      const { head, body, ends } = read(text, { step });
      assert.deepEqual({ status: head!.status, body, keeps: head!.keeps }, wanted, `step ${step}`);
      assert.equal(ends, 1);
    }
  });
}

test("headers are joined and in lower case; a name of Object's own is one like any other", () => {
  const { head } = read(GOOD["sized"]!.text);
  assert.deepEqual(head!.headers, { "content-length": "5", "x-a": "one two, three" });
  const odd = read(`${OK}constructor: x\r\ncontent-length: 0\r\n\r\n`).head!.headers;
  assert.equal(odd["constructor"], "x");
});

test("a body without a length goes on until the connection ends, and cannot be followed", () => {
  const { head, body, ends } = read(`${OK}a: b\r\n\r\nall of it`, { step: 7, closed: true });
  assert.deepEqual([head!.keeps, body, ends], [false, "all of it", 1]);
  assert.equal(read(`${OK}a: b\r\n\r\nall of it`).ends, 0);
});

test("the answer of a HEAD has no body, whatever its length says", () => {
  const { head, body, ends } = read(`${OK}content-length: 9\r\n\r\n`, { of_head: true });
  assert.deepEqual([head!.headers["content-length"], body, ends], ["9", "", 1]);
  // A server that sends the body all the same would be heard by the next caller.
  assert.equal(head!.keeps, false);
});

const BAD: Record<string, string> = {
  "another protocol": "SSH-2.0-OpenSSH_9.6\r\n\r\n",
  "another protocol that waits": "SSH-2.0-OpenSSH_9.6\r\n",
  "lines that end with LF only": "HTTP/1.1 200 OK\ncontent-length: 1\n\n!",
  "HTTP/2": "HTTP/2 200 OK\r\n\r\n",
  "a status of two digits": "HTTP/1.1 20 OK\r\n\r\n",
  switching: "HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n",
  "a header without a colon": `${OK}nothing\r\n\r\n`,
  "a header that is folded": `${OK}a: b\r\n c\r\ncontent-length: 0\r\n\r\n`,
  "a space before the colon": `${OK}content-length : 5\r\n\r\nhello`,
  "a bare LF in a header": `${OK}a: b\ncontent-length: 5\r\n\r\nhello`,
  "a NUL in a header": `${OK}a: b\0\r\ncontent-length: 0\r\n\r\n`,
  "two lengths": `${OK}content-length: 5\r\ncontent-length: 6\r\n\r\nhello!`,
  "a negative length": `${OK}content-length: -1\r\n\r\n`,
  "a length with a sign": `${OK}content-length: +5\r\n\r\nhello`,
  "a length in hexadecimal": `${OK}content-length: 0x5\r\n\r\nhello`,
  "length and chunks": `${OK}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  "another coding": `${OK}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  "a chunk size that is no number": `${OK}transfer-encoding: chunked\r\n\r\nxyz\r\n`,
  "a chunk size without digits": `${OK}transfer-encoding: chunked\r\n\r\n\r\n`,
  "a chunk longer than said": `${OK}transfer-encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n`,
  "a chunk line without CR": `${OK}transfer-encoding: chunked\r\n\r\n2\nab\r\n0\r\n\r\n`,
  "more than it said": `${OK}content-length: 2\r\n\r\nhello`,
  "endless headers": `${OK}${"a: b\r\n".repeat(4_000)}`,
  "an endless chunk line": `${OK}transfer-encoding: chunked\r\n\r\n${"0".repeat(5_000)}`,
};

for (const [name, text] of Object.entries(BAD)) {
  test(`refused: ${name}`, () => {
    for (const step of [text.length, 1_000, 13, 1]) {
      assert.throws(() => read(text, { step }), { code: "HTTP1_BAD_ANSWER" }, `step ${step}`);
    }
  });
}

test("blanks within a header take no time", () => {
  // The quickest of a few: the machine may be busy with something else.
  const took_ms = Array.from({ length: 5 }, () => {
    const before = performance.now();
    read(`${OK}a: x${" ".repeat(15_000)}y\r\ncontent-length: 0\r\n\r\n`);
    return performance.now() - before;
  });
  assert.ok(Math.min(...took_ms) < 100, took_ms.join());
});

test("a connection that ends before its answer does is an error at every byte", () => {
  for (const text of [GOOD["sized"]!.text, GOOD["chunked"]!.text]) {
    for (let length = 0; length < text.length; length++) {
      assert.throws(() => read(text.slice(0, length), { closed: true }), { code: "ECONNRESET" });
    }
    read(text, { closed: true });
  }
});

test("one reader reads one answer after the other", () => {
  const bodies: string[] = [];
  let body = "";
  const reader = createAnswerReader({
    onHead: () => (body = ""),
    onPiece: (piece) => void (body += Buffer.from(piece).toString()),
    onEnd: () => bodies.push(body),
  });
  for (const text of [GOOD["chunked"]!.text, GOOD["sized"]!.text, GOOD["chunked"]!.text]) {
    reader.begin(false);
    reader.read(Buffer.from(text));
  }
  assert.deepEqual(bodies, ["abc0123456789", "hello", "abc0123456789"]);
});
