// The address allow-list: networks of both families, mapped addresses, /health, wrong settings.
import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { listen } from "#kernel/listen.ts";
import { createAddressGuard } from "./allowed-addresses.ts";

const guard = createAddressGuard(["10.0.0.0/8", "192.168.1.5", "fd00::/8", "::1"])!;

test("addresses of the list may ask, in every form that a socket tells them", () => {
  for (const peer of ["10.1.2.3", "::ffff:10.1.2.3", "192.168.1.5", "fd12::1", "::1"]) {
    assert.equal(guard(peer, "/v1/models"), undefined, peer);
  }
  const others = ["11.0.0.1", "192.168.1.6", "::ffff:11.0.0.1", "fe80::1%eth0", "::2", "", "x"];
  for (const peer of others) {
    const refused = guard(peer, "/v1/models")!;
    assert.equal(refused.status, 403, peer);
    const problem = JSON.parse(refused.body) as { code: string; reason: string };
    assert.deepEqual([problem.code, problem.reason], ["forbidden", "address_not_allowed"]);
  }
});

test("health is open to every address, and nothing that only looks like it", () => {
  assert.equal(guard("11.0.0.1", "/health"), undefined);
  assert.equal(guard("11.0.0.1", "/health?x"), undefined);
  for (const path of ["/health/x", "/healthy", "//health", "/v1/models?/health", "/%68ealth"]) {
    assert.equal(guard("11.0.0.1", path)?.status, 403, path);
  }
});

test("an empty list guards nothing; what is no address stops the start", () => {
  assert.equal(createAddressGuard([]), undefined);
  for (const wrong of ["10.0.0.0/33", "10.0.0/8", "example.com", "::1/129", "1.2.3.4/", "a/b/c"]) {
    assert.throws(() => createAddressGuard([wrong]), { reason: "bad_settings" }, wrong);
  }
});

test("a server asks it before anything else", async (t) => {
  const reached: string[] = [];
  const app = {
    fetch(asked: Request) {
      reached.push(new URL(asked.url).pathname);
      return new Response("reached");
    },
  };
  const refuse = createAddressGuard(["127.0.0.2"]);
  const server = await listen(app as never, { port: 0, refuse });
  t.after(() => server.stop());
  const ask = (path: string, localAddress: string) =>
    new Promise<number>((resolve, reject) => {
      const options = { localAddress, agent: false as const };
      request(`${server.url}${path}`, options, (answer) => {
        answer.resume();
        resolve(answer.statusCode!);
      })
        .on("error", reject)
        .end();
    });
  assert.equal(await ask("/v1/models", "127.0.0.1"), 403);
  assert.deepEqual(reached, []);
  assert.equal(await ask("/health", "127.0.0.1"), 200);
  // Only Linux has the whole of 127.0.0.0/8 without being told.
  if (process.platform !== "linux") return;
  assert.equal(await ask("/v1/models", "127.0.0.2"), 200);
  assert.deepEqual(reached, ["/health", "/v1/models"]);
});
