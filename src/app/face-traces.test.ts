// A traceparent that comes to a foreign protocol's face stands above the calls that it makes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileLifetime } from "../../test/support/file-lifetime.ts";
import { SECRETS, serveGuardedHouse, type ServedHouse } from "../../test/support/served-house.ts";
import { tempDir } from "../../test/support/temp-dir.ts";

const lifetime = fileLifetime();
let house: ServedHouse;

lifetime.beforeFirst(async () => {
  house = await serveGuardedHouse(lifetime, await tempDir(lifetime));
});

const SPAN = "00f067aa0ba902b7";
const RPC = {
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "list_datasets", arguments: {} },
};

const ASKED = [
  { face: "s3", path: "/s3/lakehouse/notes/a.txt", method: "PUT", body: "hello" },
  { face: "iceberg", path: "/iceberg/v1/namespaces", method: "GET" },
  { face: "mcp", path: "/mcp", method: "POST", body: JSON.stringify(RPC) },
] as const;

/** The contract calls of a trace, once the witness has them. */
async function callsOf(trace_id: string) {
  await house.serving.house.flushWitness();
  const { events } = await house.clients.observe.events({ trace_id });
  return events.filter((one) => one.source === "contract");
}

for (const [at, { face, path, method, ...rest }] of ASKED.entries()) {
  test(`${face}: the caller's span is the parent, and its trace id comes back`, async () => {
    const trace_id = `4bf92f3577b34da6a3ce929d0e0e473${at}`;
    const answer = await fetch(`${house.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${SECRETS.owner}`,
        traceparent: `00-${trace_id}-${SPAN}-01`,
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
      },
      ...rest,
    });
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    assert.doesNotMatch(text, /"isError":true/);
    assert.equal(answer.headers.get("x-lakehouse-trace-id"), trace_id);
    const calls = await callsOf(trace_id);
    assert.ok(calls.length >= 1, text);
    const top = calls.filter((one) => one.parent_span_id === SPAN);
    assert.ok(top.length >= 1, JSON.stringify(calls));
    assert.ok(top.every((one) => one.details?.["span_kind"] === "server"));
  });
}
