// `lakehouse iterate` and `respond` on a real house with a scripted model on loopback.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Call } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { iterate } from "#contracts/iterate.ts";
import { startScriptedModel } from "#work/iterate/scripted-model.suite.ts";
import type { OpenHouse } from "./cli-host.ts";
import { openCommandLine } from "./command-line.suite.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import type { HasAfter } from "../../../test/support/temp-dir.ts";

const EMPTY_ORDER = '{"books":[]}';

/** The model `big` knows the answer, every other one says something that is no JSON. */
async function commandLine(t: HasAfter) {
  const server = await startScriptedModel(t, ({ model }) => ({
    content: model === "big" ? EMPTY_ORDER : "let me think",
  }));
  const config =
    `domains = ["bookshop"]\n[providers]\nollama = ""\nkeys_dir = ""\n` +
    `endpoints = [{ name = "script", base_url = "${server.base_url}" }]\n`;
  return { ...(await openCommandLine(t, config)), server };
}

test("iterate asks for drafts side by side and hands over to the model it was told", async (t) => {
  const { run, server } = await commandLine(t);
  const asked = ["iterate", "order", "an", "order", "-m", "script/small"];
  const more = ["--drafts", "2", "--escalate", "2:script/big", "--system", "be brief"];
  const { code, out } = await run(...asked, ...more, "--temperature", "0.7", "--max-tokens", "99");
  assert.equal(code, 0, out);
  assert.match(out, /iteration 1\.1 ✗ no_json script\/small: /);
  assert.match(out, /iteration 2\.\d ✓ accepted script\/big/);
  assert.deepEqual(
    server.asked.slice(0, 2).map(({ model }) => model),
    ["small", "small"],
  );
  assert.ok(server.asked.slice(2).every(({ model }) => model === "big"));
  const first = server.asked[0] as unknown as Record<string, unknown>;
  assert.deepEqual([first["temperature"], first["max_tokens"]], [0.7, 99]);
  assert.deepEqual(server.asked[0]!.messages[0], { role: "system", content: "be brief" });
});

test("iterate gives up on the same refused draft, and says what an option lacks", async (t) => {
  const { run, server } = await commandLine(t);
  const asked = ["iterate", "order", "an order", "-m", "script/small", "--max-iterations", "9"];
  const drifted = await run(...asked, "--drift-after", "2");
  assert.notEqual(drifted.code, 0);
  assert.match(drifted.notes, /not accepted after 2 attempts and does not get on/);
  assert.equal(server.asked.length, 2);
  const wrong = await run(...asked, "--escalate", "big");
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.notes + wrong.out, /write <iteration>:<model>/);
});

eachTransport(
  "iterate shows what was tried and the trace when nothing was right",
  async (connect, t) => {
    const traces: string[] = [];
    const error = { kind: "phantom" as const, field: "books.0", message: "there is no book B-999" };
    const tried = { artifact: null, raw: "x", span_id: "s", usage: null, model: "script/small" };
    const history = [1, 2].map((iteration) => {
      return { ...tried, iteration, verdict: "validation_failed", error };
    });
    const client = await connect(iterate, {
      async iterate(_input: unknown, { trace_id }: Call) {
        traces.push(trace_id);
        const extra = { error, iterations: 2, history, trace_id };
        const options = { reason: "max_iter_exhausted", extra };
        throw new LakehouseError("rejected", "not accepted after 2 attempts", options);
      },
      sessions: async () => ({ sessions: [] }),
    });
    const house = { clients: { iterate: client }, embedded: false, close: async () => undefined };
    const open = async () => house as unknown as OpenHouse;
    const { run } = await openCommandLine(t, "", { open });
    const { code, out, notes } = await run("iterate", "order", "two books");
    assert.equal(code, 3);
    assert.match(
      out,
      /iteration 1 ✗ validation_failed script\/small: [\w.]+: there is no book B-999\n/,
    );
    assert.match(out, new RegExp(`iteration 2 ✗ .*\\ntrace ${traces[0]}\\n$`));
    assert.match(notes, /not accepted after 2 attempts/);
    const plain = await run("--json", "iterate", "order", "two books");
    assert.equal(plain.out, "");
    const told = JSON.parse(plain.notes) as Record<string, unknown>;
    assert.deepEqual(
      [told["error"], told["iterations"], told["history"], told["trace_id"]],
      [error, 2, history, traces[1]],
    );
  },
);

test("respond tells what is nobody's business, and takes a context and a scope", async (t) => {
  const { run, server } = await commandLine(t);
  const task = ["respond", "what is the weather like", "--context", '{"a":1}', "--scope", "mine"];
  const { code, out } = await run(...task);
  assert.equal(code, 0, out);
  assert.match(out, /nothing relevant: no domain here makes this its business/);
  assert.match(out, /no model was asked; 0 playbooks applied, 0 recorded/);
  assert.deepEqual(server.asked, []);
  const wrong = await run("respond", "x", "--context", "[]");
  assert.match(wrong.notes, /--context must be a JSON object/);
});

test("a number that is none is told with its option, before anything is asked", async (t) => {
  const { run } = await openCommandLine(t, "");
  for (const temperature of ["hot", "", "2.5", "-1"]) {
    const { code, notes } = await run("chat", "hello", `--temperature=${temperature}`);
    assert.equal(code, 2);
    assert.match(notes, /--temperature <number>.*a number from 0 to 2 is needed/);
  }
  for (const cost of ["much", "0", "Infinity", ""]) {
    const { code, notes } = await run("api-keys", "create", "a", `--day-cost=${cost}`);
    assert.equal(code, 2);
    assert.match(notes, /--day-cost <amount>.*a number above 0 is needed/);
  }
});

test("a key ends at a date, at a time, or so long from now", async (t) => {
  const { run } = await openCommandLine(t, "");
  const expiresOf = async (expires: string) => {
    const option = `--expires=${expires}`;
    const { code, out, notes } = await run("--json", "api-keys", "create", expires, option);
    assert.equal(code, 0, notes);
    return Date.parse((JSON.parse(out) as { key: { expires_at: string } }).key.expires_at);
  };
  const next = new Date().getUTCFullYear() + 1;
  assert.equal(await expiresOf(`${next}-02-01`), Date.UTC(next, 1, 1));
  assert.equal(await expiresOf(`${next}-02-01T02:00+02:00`), Date.UTC(next, 1, 1));
  const before_ms = Date.now();
  const in_ms = (await expiresOf("12h")) - before_ms;
  assert.ok(in_ms >= 12 * 3_600_000 && in_ms < 13 * 3_600_000, String(in_ms));
  for (const none of ["soon", "12", "2027-13-01", "2027-02-31", "2027-01-01T00:00:00", ""]) {
    const { code, notes } = await run("api-keys", "create", "a", `--expires=${none}`);
    assert.equal(code, 2, none);
    assert.match(notes, /--expires <time>.*a date, a time or a length is needed/);
  }
});
