// What guards and handlers throw ends one request, never the server; which texts are a Host.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { isHost } from "./host-header.ts";
import { onBun } from "./http-client.ts";
import { listen, type Listener, type RefusePeer } from "./listen.ts";
import { LakehouseError } from "./problem.ts";

async function serve(t: TestContext, app: Partial<Listener>, refuse?: RefusePeer) {
  const told: unknown[] = [];
  const broke = (thrown: unknown, trace_id: string) => void told.push([thrown, trace_id]);
  const fetch = async () => new Response("fine");
  const whole = { fetch, broke, ...app } as Listener;
  const server = await listen(whole, { port: 0, refuse });
  t.after(() => server.stop());
  return { url: server.url, told };
}

const thrown = new Error("a guard that broke");
const breaks = () => {
  throw thrown;
};

async function isBroken(url: string, told: readonly unknown[], init?: RequestInit) {
  const answer = await fetch(url, init);
  assert.equal(answer.status, 500);
  const problem = (await answer.json()) as { code: string; detail: string; trace_id: string };
  assert.equal(problem.code, "internal");
  assert.doesNotMatch(problem.detail, /guard/);
  assert.deepEqual(told.at(-1), [thrown, problem.trace_id]);
}

const WAYS: readonly (readonly [string, Partial<Listener>, RefusePeer?])[] = [
  ["the direct way", onBun() ? { directWeb: breaks } : { direct: breaks }],
  ["the web app, at once", { fetch: breaks }],
  ["the web app, later", { fetch: () => Promise.reject(thrown) }],
  ["the guard of addresses", {}, breaks],
];

for (const [name, app, refuse] of WAYS) {
  test(`what ${name} throws is a problem with a trace id, told to the log`, async (t) => {
    const { url, told } = await serve(t, app, refuse);
    for (let i = 0; i < 3; i++) await isBroken(`${url}/x?y`, told);
    await isBroken(url, told, { method: "POST", body: "x".repeat(1_000) });
  });
}

test("an error of ours keeps its code", async (t) => {
  const { url } = await serve(t, {
    fetch: () => Promise.reject(new LakehouseError("forbidden", "not you")),
  });
  assert.equal((await fetch(url)).status, 403);
});

test("what is taken for a Host has a URL, and every host of a URL is taken", () => {
  const letters = fc.constantFrom(..."aZ09.-_:[]x%@/\\#? n1f");
  const numbers = fc.array(fc.integer({ min: 0, max: 999 }), { minLength: 1, maxLength: 6 });
  const port = fc.option(fc.integer({ min: 0, max: 99_999 }));
  const said = fc.oneof(
    fc.string({ unit: letters, maxLength: 20 }),
    fc.domain(),
    fc.ipV4Extended(),
    fc.ipV6().map((address) => `[${address}]`),
    numbers.map((all) => all.join(".")),
  );
  fc.assert(
    fc.property(said, port, (host, number) => {
      const text = number === null ? host : `${host}:${number}`;
      if (isHost(text)) {
        const { pathname, username, search } = new URL(`http://${text}/way?x`);
        assert.deepEqual([pathname, username, search], ["/way", "", "?x"], text);
      }
    }),
    { numRuns: 5_000 },
  );
  fc.assert(fc.property(fc.webAuthority(), (text) => isHost(new URL(`http://${text}/`).host)));
  for (const text of ["localhost", "127.0.0.1:3110", "[::1]:80", "a.b-c.example:65535", "_x.y"]) {
    assert.ok(isHost(text), text);
  }
  for (const text of ["", "a:65536", "1.2.3.256", "1.2.3.4.5", "a b", "a/b", "x@y", "xn--a.999"]) {
    assert.ok(!isHost(text), text);
  }
});
