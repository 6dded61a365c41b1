// The rerankers against their port's suite; the one over HTTP asks a real server that misbehaves.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { after, test } from "node:test";
import assert from "node:assert/strict";
import { LakehouseError } from "#kernel/problem.ts";
import { rerankerSuite } from "#ports/reranker.suite.ts";
import { createMiniLmEmbedder } from "#adapters/embedder/minilm-embedder.ts";
import { framedStems } from "#recall/playbook/request-frames.ts";
import { wordingLikeness } from "#recall/playbook/wording-likeness.ts";
import { createHttpReranker } from "./http-reranker.ts";
import { createWordingReranker } from "./wording-reranker.ts";
import type { HasAfter } from "../../../test/support/temp-dir.ts";
import { listening } from "../../../test/support/listening.ts";

const NEVER = new AbortController().signal;
const embedder = createMiniLmEmbedder({ threads: 1, workers: 1 });
after(() => embedder.close());

interface Asked {
  readonly path: string;
  readonly key: string | undefined;
  readonly body: { model: string; query: string; documents: string[]; top_n: number };
}
type Row = { index: number; score: number };
type Answer = (rows: Row[]) => { status?: number; body: unknown } | "silence" | "cut";

/** Ranks by words in common, best first, and answers in the form given. */
async function startServer(t: HasAfter, form: Answer) {
  const asked: Asked[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Asked["body"];
    asked.push({ path: request.url!, key: request.headers.authorization, body });
    const words = new Set(body.query.split(" "));
    const rows = body.documents
      .map((text, index) => {
        const own = text.split(" ");
        return { index, score: own.filter((word) => words.has(word)).length / own.length };
      })
      .toSorted((a, b) => b.score - a.score);
    const answer = form(rows);
    if (answer === "silence") return;
    if (answer === "cut") {
      response.writeHead(200, { "content-length": "5000" });
      response.write('{"results": [');
      setTimeout(() => response.destroy(), 10);
      return;
    }
    response.writeHead(answer.status ?? 200, { "content-type": "application/json" });
    const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
    response.end(text);
  };
  const server = createServer((request, response) => void serve(request, response));
  const port = await listening(t, server);
  const base_url = `http://127.0.0.1:${port}/v1`;
  const options = { name: "remote", base_url, api_key: "key-1", model: "tiny" };
  return { asked, reranker: createHttpReranker({ ...options, timeout_ms: 2_000 }), options };
}

const jina: Answer = (rows) => ({
  body: {
    model: "tiny",
    usage: { total_tokens: 9 },
    results: rows.map(({ index, score }) => ({ index, relevance_score: score })),
  },
});
const FORMS: [string, Answer][] = [
  ["Jina and Cohere", jina],
  ["Voyage", (rows) => ({ body: { data: rows.map((r) => ({ ...r, relevance_score: r.score })) } })],
  ["TEI", (rows) => ({ body: rows })],
];

rerankerSuite("wording", async () =>
  createWordingReranker({ embedder, stemsOf: framedStems, likenessOf: wordingLikeness }),
);
for (const [name, form] of FORMS) {
  rerankerSuite(`HTTP as ${name}`, async (t) => (await startServer(t, form)).reranker);
}

test("the server is asked for every document in one request, the key in the header", async (t) => {
  const { reranker, asked } = await startServer(t, jina);
  assert.equal(reranker.model, "remote/tiny");
  await reranker.rerank("a b", ["b", "c"], NEVER);
  assert.equal(asked.length, 1);
  assert.equal(asked[0]!.path, "/v1/rerank");
  assert.equal(asked[0]!.key, "Bearer key-1");
  const { documents, ...rest } = asked[0]!.body;
  assert.deepEqual(documents, ["b", "c"]);
  const sent = { model: "tiny", query: "a b", top_n: 2, return_documents: false };
  assert.deepEqual(rest, sent);
});

const results = (rows: unknown[]) => ({ body: { results: rows } });
const BAD: [string, Answer, string, string][] = [
  ["leaves one out", (rows) => jina(rows.slice(1)), "unavailable", "bad_provider_answer"],
  ["names one twice", (rows) => jina([...rows, rows[0]!]), "unavailable", "bad_provider_answer"],
  [
    "names one that was not sent",
    (rows) => jina([...rows, { index: 9, score: 1 }]),
    "unavailable",
    "bad_provider_answer",
  ],
  [
    "names a half",
    () => results([{ index: 0.5, relevance_score: 1 }]),
    "unavailable",
    "bad_provider_answer",
  ],
  [
    "gives a score in words",
    (rows) => results(rows.map((row) => ({ index: row.index, relevance_score: "high" }))),
    "unavailable",
    "bad_provider_answer",
  ],
  ["gives null for rows", () => results([null]), "unavailable", "bad_provider_answer"],
  ["gives no results", () => ({ body: { ok: true } }), "unavailable", "bad_provider_answer"],
  ["gives null", () => ({ body: "null" }), "unavailable", "bad_provider_answer"],
  ["is no JSON", () => ({ body: "<html>" }), "unavailable", "bad_provider_answer"],
  ["breaks off", () => "cut", "unavailable", "provider_failed"],
  ["fails", () => ({ status: 500, body: { error: "boom" } }), "unavailable", "provider_failed"],
  ["has no such model", () => ({ status: 404, body: {} }), "not_found", "no_such_model"],
  ["is busy", () => ({ status: 429, body: {} }), "rate_limited", "provider_rate_limited"],
];
for (const [does, form, code, reason] of BAD) {
  test(`a server that ${does} is ${code}, ${reason}`, async (t) => {
    const { reranker } = await startServer(t, form);
    await assert.rejects(reranker.rerank("a", ["a", "b"], NEVER), (error) => {
      assert.ok(error instanceof LakehouseError);
      assert.deepEqual([error.code, error.reason], [code, reason]);
      assert.ok(!error.message.includes("key-1"));
      return true;
    });
  });
}

test("a server that is silent runs into the deadline", async (t) => {
  const { options } = await startServer(t, () => "silence");
  const reranker = createHttpReranker({ ...options, timeout_ms: 50 });
  await assert.rejects(
    reranker.rerank("a", ["a"], NEVER),
    (error) => error instanceof LakehouseError && error.code === "deadline_exceeded",
  );
});
