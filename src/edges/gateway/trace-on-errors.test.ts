// Errors that no operation was reached by carry a trace id too: in the header and in the body.
import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { ALL_CONTRACTS } from "#contracts/all-contracts.ts";
import { listen } from "#kernel/listen.ts";
import { TRACE_HEADER } from "#kernel/trace-context.ts";
import { createGatewayApp } from "./gateway-app.ts";

const CLIENT = new Proxy({}, { get: () => () => assert.fail("an operation was reached") });

function gateway() {
  return createGatewayApp({
    served: Object.values(ALL_CONTRACTS).map((contract) => ({ contract, client: CLIENT })),
    health: async () => ({}),
    auth: { tokens: [] },
    version: "1.2.3",
    instance: "i-1",
    hosts: [],
  });
}

interface Told {
  readonly status: number;
  readonly header: string | null;
  readonly body: { readonly trace_id?: string; readonly reason: string };
}

async function toldBy(response: Response): Promise<Told> {
  const body = (await response.json()) as Told["body"];
  return { status: response.status, header: response.headers.get(TRACE_HEADER), body };
}

const CASES = [
  ["/nowhere", {}, 404, "no_route"],
  ["/v1/models", { origin: "https://evil.test" }, 403, "foreign_origin"],
  ["/health", { origin: "https://evil.test" }, 403, "foreign_origin"],
] as const;

type Ask = (path: string, headers: Record<string, string>) => Promise<Told>;

async function checkAll(ask: Ask): Promise<void> {
  for (const [path, headers, status, reason] of CASES) {
    const sent = await ask(path, { ...headers, [TRACE_HEADER]: "mine-1" });
    assert.deepEqual([sent.status, sent.body.reason], [status, reason]);
    assert.deepEqual([sent.header, sent.body.trace_id], ["mine-1", "mine-1"], path);
    const made = await ask(path, headers);
    assert.match(made.header ?? "", /^[0-9a-f-]{36}$/, path);
    assert.equal(made.body.trace_id, made.header);
  }
}

test("by the web app, as it came or made anew", async () => {
  const app = gateway();
  await checkAll(async (path, headers) =>
    toldBy(await app.fetch(new Request(`http://127.0.0.1${path}`, { headers }))),
  );
});

test("by the fast ways in front of it", async (t) => {
  const app = gateway();
  const server = await listen(app, { port: 0 });
  t.after(() => server.stop());
  await checkAll(async (path, headers) => {
    const text = await new Promise<[number, string | null, string]>((resolve, reject) => {
      const asked = request(server.url + path, { headers }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (piece: string) => (body += piece));
        const header = (response.headers[TRACE_HEADER] as string | undefined) ?? null;
        response.on("end", () => resolve([response.statusCode ?? 0, header, body]));
      });
      asked.on("error", reject).end();
    });
    return { status: text[0], header: text[1], body: JSON.parse(text[2]) as Told["body"] };
  });
  await checkAll(async (path, headers) => {
    const asked = new Request(`http://127.0.0.1${path}`, { headers });
    return toldBy(await (app.directWeb(asked) ?? app.fetch(asked)));
  });
});

test("what is answered without an operation names its trace too", async (t) => {
  const app = gateway();
  const server = await listen(app, { port: 0 });
  t.after(() => server.stop());
  for (const path of ["/", "/health", "/openapi.json"]) {
    const headers = { [TRACE_HEADER]: "mine-1" };
    for (const response of [
      await app.fetch(new Request(`http://127.0.0.1${path}`, { headers })),
      await fetch(server.url + path, { headers }),
    ]) {
      assert.deepEqual([response.status, response.headers.get(TRACE_HEADER)], [200, "mine-1"]);
    }
  }
});
