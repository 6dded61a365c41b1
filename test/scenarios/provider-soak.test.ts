// Providers that misbehave in every way, over real sockets, many times: each time the documented
// outcome (docs/guides/models.md), and nothing that is left behind.
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, test, type TestContext } from "node:test";
import assert from "node:assert/strict";
import { Agent, fetch } from "undici";
import { seededRandom } from "#kernel/random.ts";
import { startOpenAiServer, ANSWER_TEXT, type ServerMode } from "../support/model-servers.ts";
import { bun, NODE, onOneCore, type Runtime } from "../support/runtimes.ts";
import type { SoakFigures } from "../support/soak-child.ts";
import { tempDir } from "../support/temp-dir.ts";

const REQUESTS = Number(process.env["LAKEHOUSE_TEST_SOAK_REQUESTS"] ?? 2_000);
const AT_A_TIME = 32;
const MIB = 1024 * 1024;
const RSS_KEPT_BYTES = 512 * MIB;

/** The outcome of a mode: `ok`, or status and reason. A stream that speaks has sent 200 by then. */
const OUTCOMES: Partial<Record<ServerMode, { readonly weight: number; readonly outcome: string }>> =
  {
    normal: { weight: 400, outcome: "ok" },
    half_lines: { weight: 100, outcome: "ok" },
    whole: { weight: 50, outcome: "ok" },
    silent: { weight: 15, outcome: "504 deadline_exceeded" },
    drip: { weight: 15, outcome: "504 deadline_exceeded" },
    drip_head: { weight: 15, outcome: "504 deadline_exceeded" },
    stall: { weight: 20, outcome: "504 deadline_exceeded" },
    cut: { weight: 60, outcome: "503 provider_failed" },
    ends_early: { weight: 40, outcome: "503 provider_failed" },
    error_inside: { weight: 40, outcome: "503 provider_failed" },
    broken_500: { weight: 50, outcome: "503 provider_failed" },
    unavailable_503: { weight: 20, outcome: "503 provider_failed" },
    busy: { weight: 20, outcome: "429 provider_rate_limited" },
    busy_long: { weight: 20, outcome: "429 provider_rate_limited" },
    no_model_404: { weight: 20, outcome: "404 no_such_model" },
    not_json: { weight: 40, outcome: "503 bad_provider_answer" },
    huge: { weight: 2, outcome: "503 bad_provider_answer" },
    huge_body: { weight: 1, outcome: "503 bad_provider_answer" },
  };
const MODES = Object.keys(OUTCOMES) as ServerMode[];
/** What also a good provider comes to where this machine is too busy to hear it in time. */
const LATE = "504 deadline_exceeded";
const LATE_SHARE_MAX = 0.05;
/** Whoever asks leaves after the first bytes, or before any. */
const LEAVING_SHARE = 0.05;

interface Soaked {
  readonly url: string;
  figures(): Promise<SoakFigures>;
}

async function startHouse(t: TestContext, runtime: Runtime, url: string) {
  const file = fileURLToPath(new URL("../support/soak-child.ts", import.meta.url));
  const execArgv = [...runtime.args, ...(runtime.name === "node" ? ["--expose-gc"] : [])];
  const options = { execPath: runtime.path, execArgv };
  const child: ChildProcess = fork(file, [await tempDir(t), url], options);
  t.after(async () => {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    if (child.connected) child.send("stop");
    await gone;
  });
  const next = <T>() =>
    new Promise<T>((resolve, reject) => {
      child.once("message", (message) => resolve(message as T));
      child.once("exit", () => reject(new Error("the house ended")));
    });
  const { url: at } = await next<{ url: string }>();
  const house: Soaked = {
    url: at,
    figures() {
      const told = next<SoakFigures>();
      child.send("figures");
      return told;
    },
  };
  return house;
}

/** Asks in a mode; answers what came of it in the words of `OUTCOMES`. */
async function ask(house: Asked, mode: ServerMode, stream: boolean): Promise<string> {
  const response = await post(house, mode, stream);
  const text = await response.text();
  if (response.status !== 200) {
    const { error } = JSON.parse(text) as { error: { code: string } };
    return `${response.status} ${error.code}`;
  }
  if (!stream) {
    const { choices } = JSON.parse(text) as { choices: { message: { content: string } }[] };
    return choices[0]!.message.content === ANSWER_TEXT ? "ok" : `another answer: ${text}`;
  }
  let said = "";
  for (const line of text.split("\n")) {
    if (!line.startsWith("data: ") || line === "data: [DONE]") continue;
    const { error, choices } = JSON.parse(line.slice("data: ".length)) as {
      error?: { code: string };
      choices?: { delta: { content?: string } }[];
    };
    if (error !== undefined) return `${STATUS_OF_REASON[error.code] ?? "200"} ${error.code}`;
    said += choices?.[0]?.delta.content ?? "";
  }
  return said === ANSWER_TEXT ? "ok" : `another stream: ${text}`;
}

/** A stream that has begun tells its error in an event: the status that it would have had. */
const STATUS_OF_REASON: Readonly<Record<string, string>> = {
  deadline_exceeded: "504",
  provider_failed: "503",
  bad_provider_answer: "503",
};

/** Where a house is, and the connections to it: its caller closes them, and none of them counts. */
interface Asked {
  readonly url: string;
  readonly dispatcher: Agent;
}

function post({ url, dispatcher }: Asked, mode: ServerMode, stream: boolean, signal?: AbortSignal) {
  return fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    dispatcher,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: `bad/mode/${mode}`,
      messages: [{ role: "user", content: "hello" }],
      stream,
    }),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function leave(house: Asked, mode: ServerMode, after_ms: number): Promise<void> {
  const leaving = new AbortController();
  const timer = setTimeout(() => leaving.abort(), after_ms);
  await post(house, mode, true, leaving.signal)
    .then((response) => response.body?.cancel())
    .catch(() => undefined);
  clearTimeout(timer);
}

/** So many requests, so many at a time; how often each outcome came. */
async function soak(url: string, requests: number, seed: number) {
  const random = seededRandom(seed);
  const total = MODES.reduce((sum, mode) => sum + OUTCOMES[mode]!.weight, 0);
  const counts = new Map<string, number>();
  const wrong: string[] = [];
  let late = 0;
  let left = requests;
  const house = { url, dispatcher: new Agent() };

  function draw(): ServerMode {
    let at = random.int(total);
    return MODES.find((mode) => (at -= OUTCOMES[mode]!.weight) < 0)!;
  }

  async function worker(): Promise<void> {
    while (left-- > 0) {
      const mode = draw();
      if (random.next() < LEAVING_SHARE) {
        await leave(house, mode, random.int(40));
        counts.set("left", (counts.get("left") ?? 0) + 1);
        continue;
      }
      const stream = random.int(2) === 0;
      const outcome = await ask(house, mode, stream).catch((error: unknown) => String(error));
      const key = `${mode} → ${outcome}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      if (outcome === OUTCOMES[mode]!.outcome) continue;
      if (outcome === LATE) late++;
      else wrong.push(`${key} (stream: ${stream})`);
    }
  }

  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  await house.dispatcher.destroy();
  return { counts, wrong, late };
}

/** What the house holds once idle connections are closed: both sides keep them for seconds. */
async function settled(house: Soaked, connections: () => Promise<number>): Promise<SoakFigures> {
  for (let tries = 0; ; tries++) {
    const figures = await house.figures();
    const left = (await connections()) + (figures.resources["TCPSocketWrap"] ?? 0);
    if (tries === SETTLE_TRIES || left === 0) return figures;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
const SETTLE_TRIES = 20;

async function soakOn(t: TestContext, runtime: Runtime): Promise<void> {
  const server = await startOpenAiServer(t);
  const house = await startHouse(t, runtime, server.url);
  const wrong: string[] = [];
  let late = 0;
  const seen = new Map<string, number>();
  const told: SoakFigures[] = [];
  // The first share fills pools and compiles code; what is held after it is what it is held to.
  for (const [at, share] of [0.25, 0.25, 0.5].entries()) {
    const started_ms = performance.now();
    const part = await soak(house.url, Math.round(REQUESTS * share), at + 1);
    const rate = Math.round((REQUESTS * share * 1000) / (performance.now() - started_ms));
    wrong.push(...part.wrong);
    late += part.late;
    for (const [key, count] of part.counts) seen.set(key, (seen.get(key) ?? 0) + count);
    told.push(await settled(house, server.connections));
    t.diagnostic(`${REQUESTS * share} requests, ${rate}/s: ${JSON.stringify(told.at(-1))}`);
  }
  for (const [key, count] of [...seen].toSorted()) t.diagnostic(`${key}: ${count}`);
  t.diagnostic(`late because the machine was busy: ${late}`);
  assert.deepEqual(wrong.slice(0, 10), []);
  assert.ok(late <= REQUESTS * LATE_SHARE_MAX, `${late} of ${REQUESTS} were late`);
  assert.ok(seen.size >= MODES.length, "not every mode was met");
  assert.equal(await server.connections(), 0);
  const [, before, after] = told as [SoakFigures, SoakFigures, SoakFigures];
  assert.equal(after.resources["TCPSocketWrap"] ?? 0, 0, "sockets are left");
  assert.ok(after.descriptors <= before.descriptors + 2, "descriptors are left");
  assert.ok(after.heap_bytes < before.heap_bytes * 1.15 + 4 * MIB, "the heap grew");
  // Huge bodies leave room that the allocator keeps: what it keeps must not grow on and on.
  const rss_max = Math.max(before.rss_bytes * 1.15 + 32 * MIB, RSS_KEPT_BYTES);
  assert.ok(after.rss_bytes < rss_max, "memory grew");
}

const HOUSES = { node: NODE, bun: bun(), "bun with one core": onOneCore(bun()) };

const PROMISE =
  "whatever providers do, the outcome is the documented one and nothing is left behind";

// Side by side: most of their time goes by while a provider is silent.
describe(PROMISE, { concurrency: true }, () => {
  for (const [on, runtime] of Object.entries(HOUSES)) {
    if (runtime !== undefined) test(`on ${on}`, (t) => soakOn(t, runtime));
  }
});
