// What the witness is told of work that goes well: one tree for each trace, and no failure.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test, type TestContext } from "node:test";
import { setTimeout } from "node:timers/promises";
import type { Clients } from "#contracts/all-contracts.ts";
import type { EventInput } from "#contracts/observe.ts";
import { newId } from "#kernel/ids.ts";
import { startCall } from "#kernel/call.ts";
import { silentLog } from "#kernel/log.ts";
import { seededRandom } from "#pack.ts";
import { bookshopPack } from "../../domains/bookshop/pack.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { composeHouse } from "./compose.ts";
import { houseSettings } from "./settings.ts";
import { listening } from "../../test/support/listening.ts";

const TASK = "one book about baking";
const MODEL = "shelf/m";

/** A provider that always orders the one baking book in stock. */
async function bookModel(t: TestContext): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      const content = '{"books":[{"book_id":"B-002","title":"Bread at Home"}]}';
      const message = { role: "assistant", content };
      const choices = [{ index: 0, message, finish_reason: "stop" }];
      const usage = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ choices, usage }));
    });
  });
  const port = await listening(t, server);
  return `http://127.0.0.1:${port}/v1`;
}

async function openShop(t: TestContext) {
  const settings = houseSettings.parse({
    data_dir: await tempDir(t),
    domains: ["bookshop"],
    providers: { ollama: "", endpoints: [{ name: "shelf", base_url: await bookModel(t) }] },
  });
  const house = await composeHouse({ settings, log: silentLog, variables: {} });
  t.after(() => house.stop());
  await stock(house.clients);
  return house;
}

/** The first ingest of its books, and the corpus made of them. */
async function stock(clients: Clients): Promise<void> {
  const [table] = bookshopPack.generate({ rows: 1, random: seededRandom(1) });
  const header = table!.columns.map(({ name }) => name).join(",");
  const lines = [`${header}\n`, ...table!.csv()];
  async function* body() {
    for (const line of lines) yield Buffer.from(line);
  }
  await clients.ingest.file({ dataset: "books", filename: "books.csv", body: body() });
  const [recipe] = bookshopPack.corpora;
  const { corpus, summary, id_prefix, metadata_columns, ...from } = recipe!;
  const source = { kind: "dataset" as const, ...from, metadata_columns: [...metadata_columns] };
  const phases = [];
  for await (const { phase } of clients.matrix.build({ corpus, summary, id_prefix, source })) {
    phases.push(phase);
  }
  assert.equal(phases.at(-1), "done");
}

async function eventsOf(house: Awaited<ReturnType<typeof openShop>>): Promise<EventInput[]> {
  await house.flushWitness();
  return (await house.clients.observe.events({ limit: 1_000 })).events as EventInput[];
}

/** Waits until what a task left in memory is found by meaning too. */
async function recalledByMeaning({ pathway }: Clients): Promise<void> {
  const scope = { tenant: "default", agent: "respond", task_class: "bookshop.order" };
  const embedded = async () => (await pathway.stats(scope)).embedding.embedded;
  for (let waited = 0; (await embedded()) === 0; waited++) {
    assert.ok(waited < 500, "the attempt is not embedded");
    await setTimeout(20);
  }
}

test("every span of a task hangs in its tree, those of look-ups and embeddings too", async (t) => {
  const house = await openShop(t);
  await house.clients.respond.respond({ task: TASK, model: MODEL });
  await recalledByMeaning(house.clients);
  const trace_id = newId();
  const call = startCall({ trace_id });
  const answer = await house.clients.respond.respond({ task: TASK, model: MODEL }, call);
  assert.equal(answer.status, "accepted", answer.reason);
  const spans = (await eventsOf(house)).filter(
    (event) => event.trace_id === trace_id && event.span_id !== undefined,
  );
  const ids = new Set(spans.map((event) => event.span_id));
  for (const endpoint of ["query.rows", "embed.embed", "iterate.attempt", "chat.model"]) {
    assert.ok(
      spans.some((event) => event.endpoint === endpoint),
      endpoint,
    );
  }
  const lost = spans.filter(
    ({ parent_span_id: above }) => typeof above === "string" && !ids.has(above),
  );
  assert.deepEqual(
    lost.map(({ endpoint }) => endpoint),
    [],
  );
});

test("a first ingest and a task that is asked twice are no failures of anybody", async (t) => {
  const house = await openShop(t);
  for (const _ of [1, 2]) {
    const answer = await house.clients.respond.respond({ task: TASK, model: MODEL });
    assert.deepEqual([answer.status, answer.not_recorded], ["accepted", []]);
  }
  const failed = (await eventsOf(house)).filter((event) => event.success === false);
  assert.deepEqual(
    failed.map(({ endpoint, error }) => `${endpoint} ${error}`),
    [],
  );
});

test("a demand in words that does not fit is said of the words", async (t) => {
  const house = await openShop(t);
  const asked = house.clients.respond.respond({ task: "0 books about baking", model: MODEL });
  await assert.rejects(asked, {
    code: "invalid",
    message: /^task: 0 was read in it as count: Too small/,
  });
});
