// observe: what is taken is kept, counted, filtered, streamed, and there again after a start.
import assert from "node:assert/strict";
import { appendFile, rm } from "node:fs/promises";
import { test } from "node:test";
import { startCall } from "#kernel/call.ts";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { silentLog, type Log } from "#kernel/log.ts";
import { event as eventSchema, observe, type Event } from "#contracts/observe.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { eventLogColumns } from "./event-log-columns.ts";
import { openObserve } from "./observe.suite.ts";

eachTransport("events are taken, counted, filtered and paged", async (connect, t) => {
  const { service } = await openObserve(await tempDir(t));
  t.after(() => service.stop());
  const client = await connect(observe, service.handlers);
  await client.event({ source: "mcp", endpoint: "/query/sql", success: true, duration_ms: 10 });
  await client.event({ source: "mcp", endpoint: "/query/sql", ok: false, duration_ms: 30 });
  await client.event({ source: "my own tool", endpoint: "/x", error: "boom" });
  const last = await client.event({ endpoint: "/x", trace_id: "t-1", success: true, ok: false });
  assert.equal(last.durable, true);
  assert.equal(last.ring_size, 4);

  const stats = await client.stats({});
  assert.deepEqual([stats.total, stats.successes, stats.failures], [4, 2, 2]);
  assert.deepEqual(stats.by_source, { mcp: 2, "my own tool": 1, unknown: 1 });
  const sql = stats.by_endpoint.find((one) => one.endpoint === "/query/sql")!;
  assert.deepEqual([sql.total, sql.failures, sql.p50_ms, sql.p95_ms], [2, 1, 10, 30]);
  assert.equal(stats.recent[0]!.event_id, last.event_id);
  const own = stats.recent.find((one) => one.source === "my own tool")!;
  assert.deepEqual([own.source_known, own.success], [false, false]);

  const failed = await client.events({ success: false });
  assert.equal(failed.events.length, 2);
  const traced = await client.events({ trace_id: "t-1" });
  assert.equal(traced.events.length, 1);
  const first = await client.events({ limit: 3 });
  assert.equal(first.events.length, 3);
  const rest = await client.events({ limit: 3, before: first.next_before! });
  assert.equal(rest.events.length, 1);
  assert.equal(rest.next_before, null);
});

test("a full ring drops its oldest; the log keeps all; a start restores the newest", async (t) => {
  const dir = await tempDir(t);
  const first = await openObserve(dir, { ring_size: 50 });
  const events = Array.from({ length: 120 }, (_, n) => ({ endpoint: `/e/${n}`, source: "bot" }));
  const taken = await first.client.events_bulk({ events });
  assert.deepEqual(taken, { accepted: 120, ring_size: 50, durable: 120 });
  await first.service.stop();
  await appendFile(`${dir}/ops.jsonl`, "this is no JSON\n");

  const second = await openObserve(dir, { ring_size: 50 });
  t.after(() => second.service.stop());
  const stats = await second.client.stats({});
  assert.deepEqual([stats.total, stats.durable_events, stats.ring_size], [120, 120, 50]);
  assert.equal(stats.recent[0]!.endpoint, "/e/119");
  const { events: kept } = await second.client.events({ limit: 2000 });
  assert.equal(kept.at(-1)!.endpoint, "/e/70");
  assert.equal((await second.service.health()).figures["corrupt_lines"], 1);
});

test("the totals are only a cache: without them the log is counted again", async (t) => {
  const dir = await tempDir(t);
  const first = await openObserve(dir, { checkpoint_every_events: 10 });
  for (let n = 0; n < 25; n++) await first.client.event({ source: "bot", success: n % 2 === 0 });
  await first.service.stop();
  await rm(`${dir}/ops-totals.json`);
  const second = await openObserve(dir);
  t.after(() => second.service.stop());
  const stats = await second.client.stats({});
  assert.deepEqual([stats.total, stats.successes, stats.by_source["bot"]], [25, 13, 25]);
});

test("any source name is counted as a name, few are counted apart, also after a start", async (t) => {
  const dir = await tempDir(t);
  const first = await openObserve(dir, { checkpoint_every_events: 10 });
  for (const source of ["constructor", "toString", "constructor"])
    await first.client.event({ source });
  const events = Array.from({ length: 500 }, (_, n) => ({ source: `s-${n}` }));
  await first.client.events_bulk({ events: [...events, { source: "mcp" }] });
  const before = (await first.client.stats({})).by_source;
  assert.deepEqual([before["constructor"], before["toString"], before["mcp"]], [2, 1, 1]);
  assert.ok(Object.keys(before).length <= 200);
  assert.equal(
    Object.values(before).reduce((sum, n) => sum + n, 0),
    504,
  );
  await first.service.stop();
  for (const counted_again of [false, true]) {
    if (counted_again) await rm(`${dir}/ops-totals.json`);
    const next = await openObserve(dir);
    assert.deepEqual((await next.client.stats({})).by_source, before);
    await next.service.stop();
  }
});

test("a follower sees events as they arrive and ends when it leaves", async (t) => {
  const { service, client } = await openObserve(await tempDir(t));
  t.after(() => service.stop());
  const aborter = new AbortController();
  const seen: string[] = [];
  const call = startCall({ signal: aborter.signal });
  const following = (async () => {
    for await (const one of client.follow({ source: "bot" }, call)) {
      seen.push(one.endpoint);
      if (seen.length === 2) aborter.abort();
    }
  })().catch((error: { code?: string }) => assert.equal(error.code, "cancelled"));
  await new Promise((resolve) => setImmediate(resolve));
  for (const source of ["bot", "mcp", "bot"])
    await client.event({ source, endpoint: `/${source}` });
  await following;
  assert.deepEqual(seen, ["/bot", "/bot"]);
  assert.equal((await service.health()).figures["followers"], 0);
});

test("a slow follower loses its oldest events and the log says so", async (t) => {
  const warnings: object[] = [];
  const log: Log = { ...silentLog, warn: (fields) => void warnings.push(fields) };
  const { service, client } = await openObserve(
    await tempDir(t),
    { follower_buffer_events: 3 },
    log,
  );
  t.after(() => service.stop());
  const stream = client.follow({})[Symbol.asyncIterator]();
  const first = stream.next();
  await new Promise((resolve) => setImmediate(resolve));
  const events = Array.from({ length: 10 }, (_, n) => ({ endpoint: `/${n}` }));
  await client.events_bulk({ events });
  const seen = [(await first).value as Event];
  while (seen.length < 3) seen.push((await stream.next()).value as Event);
  const last_three = stream.next();
  await new Promise((resolve) => setImmediate(resolve));
  await client.event({ endpoint: "/end" });
  await last_three;
  await stream.return?.();
  const endpoints = seen.map((one) => one.endpoint);
  assert.deepEqual(endpoints, ["/7", "/8", "/9"]);
  assert.ok(warnings.some((fields) => (fields as { lost?: number }).lost === 7));
});

test("a log that cannot be written does not make the witness refuse", async (t) => {
  const errors: object[] = [];
  const log: Log = { ...silentLog, error: (fields) => void errors.push(fields) };
  const { service, client } = await openObserve(await tempDir(t), {}, log);
  await client.event({ source: "bot" });
  await service.stop();
  const answer = await client.event({ source: "bot" });
  assert.deepEqual([answer.accepted, answer.durable, answer.ring_size], [true, false, 2]);
  const stats = await client.stats({});
  assert.deepEqual([stats.persist_failures, stats.durable_events, stats.total], [1, 1, 2]);
  assert.equal((await service.health()).status, "degraded");
  assert.equal(errors.length, 1);
});

test("a time that is no time is replaced by now, and what was given is kept", async (t) => {
  const { service, client } = await openObserve(await tempDir(t));
  t.after(() => service.stop());
  await client.event({ timestamp: "yesterday" });
  const { events } = await client.events({});
  assert.ok(!Number.isNaN(Date.parse(events[0]!.timestamp)));
  assert.deepEqual(events[0]!.details, { timestamp_given: "yesterday" });
});

test("times are kept in one form, however often and in whatever order they come", async (t) => {
  const { service, client } = await openObserve(await tempDir(t));
  t.after(() => service.stop());
  const given = ["2026-01-02T03:04:05.678Z", "2026-01-02", "no time", "no time", "2026-01-02"];
  for (const timestamp of given) await client.event({ timestamp });
  const { events } = await client.events({});
  const kept = events.map((event) => event.details?.["timestamp_given"] ?? event.timestamp);
  const day = "2026-01-02T00:00:00.000Z";
  assert.deepEqual(kept.toReversed(), [given[0], day, "no time", "no time", day]);
});

test("events of this process are kept in their order while others are heard", async (t) => {
  const dir = await tempDir(t);
  const { service } = await openObserve(dir);
  const names = Array.from({ length: 205 }, (_, n) => `/own/${n}`);
  let heard = 0;
  const hear = () => {
    heard++;
    listening = setImmediate(hear);
  };
  let listening = setImmediate(hear);
  await service.takeOwn(names.map((endpoint) => ({ endpoint, source: "contract" })));
  clearImmediate(listening);
  assert.ok(heard >= 5, `${heard} turns of the event loop`);
  await service.stop();
  const kept: string[] = [];
  for await (const { row } of readJsonlFile<Event>(`${dir}/ops.jsonl`)) kept.push(row.endpoint);
  assert.deepEqual(kept, names);
});

test("the columns of the event log are the fields of its rows", () => {
  const columns = eventLogColumns.map((column) => column.name).toSorted();
  assert.deepEqual(columns, Object.keys(eventSchema.shape).toSorted());
});
