// Lines and events come out the same, however the bytes were cut.
import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { COMMENT, serverSentEvents, textLines } from "./stream-lines.ts";

async function* cut(text: string, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let from = 0;
  for (let at = 0; from < bytes.length; at++) {
    const to = from + (sizes[at % sizes.length] ?? bytes.length);
    yield bytes.subarray(from, to);
    from = to;
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });

test("lines do not depend on where the bytes were cut", async () => {
  const line = fc
    .string({ unit: "grapheme", maxLength: 12 })
    .map((s) => s.replaceAll(/[\r\n]/g, ""));
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 6 }),
      fc.boolean(),
      sizes,
      async (lines, crlf, cuts) => {
        const text = lines.map((one) => one + (crlf ? "\r\n" : "\n")).join("");
        const found = await collect(textLines(cut(text, cuts)));
        assert.deepEqual(
          found,
          lines.map((one) => ({ text: one, complete: true })),
        );
      },
    ),
  );
});

test("events: comments, CRLF, several data lines, names, an end without its empty line", async () => {
  const text = ": hi\r\ndata: a\r\ndata:b\r\n\r\nevent: error\nid: 7\ndata: {}\n\n\n\ndata: half";
  await fc.assert(
    fc.asyncProperty(sizes, async (cuts) => {
      const events = await collect(serverSentEvents(cut(text, cuts)));
      assert.deepEqual(events, [
        COMMENT,
        { event: "message", data: "a\nb", complete: true },
        { event: "error", data: "{}", complete: true },
        { event: "message", data: "half", complete: false },
      ]);
    }),
  );
});

test("events come out the same, whichever end their lines have", async () => {
  const text = ": hi\ndata: a\ndata:b\n\nevent: error\ndata: {}\n\n\n\ndata: é\n\ndata: half";
  for (const end of ["\n", "\r\n", "\r"]) {
    await fc.assert(
      fc.asyncProperty(sizes, async (cuts) => {
        const events = await collect(serverSentEvents(cut(text.replaceAll("\n", end), cuts)));
        assert.deepEqual(events, [
          COMMENT,
          { event: "message", data: "a\nb", complete: true },
          { event: "error", data: "{}", complete: true },
          { event: "message", data: "é", complete: true },
          { event: "message", data: "half", complete: false },
        ]);
      }),
    );
  }
  // Two ends, of which the first is a CR alone.
  const mixed = cut("data: a\r\r\ndata: b\n\r\n", [1]);
  assert.deepEqual(
    (await collect(serverSentEvents(mixed))).map(({ data }) => data),
    ["a", "b"],
  );
});

test("an event whose lines end in CR is there with its last byte", async () => {
  async function* stalling(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode("data: a\r\r");
    await new Promise(() => undefined);
  }
  const { value } = await serverSentEvents(stalling()).next();
  assert.deepEqual(value, { event: "message", data: "a", complete: true });
});

test("a comment is told at once, also before its stream has said anything else", async () => {
  async function* stalling(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(": AT WORK\n");
    await new Promise(() => undefined);
  }
  assert.equal((await serverSentEvents(stalling()).next()).value, COMMENT);
});

test("a CR within a line of JSON ends no line", async () => {
  assert.deepEqual(await collect(textLines(cut('{"a":\r1}\n', [3]))), [
    { text: '{"a":\r1}', complete: true },
  ]);
});

test("an event of many lines may be no longer than one of one line", async () => {
  const mib = `data: ${"x".repeat(1024 * 1024)}\n`;
  const events = (count: number) =>
    collect(serverSentEvents(cut(`${mib.repeat(count)}\n`, [65_536])));
  assert.equal((await events(7))[0]!.data.length, 7 * 1024 * 1024 + 6);
  await assert.rejects(events(9), { reason: "bad_provider_answer" });
});
