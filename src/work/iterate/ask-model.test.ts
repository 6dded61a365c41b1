// Models that do not take a schema: asked without it from then on, and with others still.
import { test } from "node:test";
import assert from "node:assert/strict";
import { startCall } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { chat } from "#contracts/chat.ts";
import { createModelAsker, type AskedSchema } from "./ask-model.ts";

interface Format {
  readonly json_schema: { readonly name: string; readonly schema: { readonly type?: string } };
}

test("a schema that is refused is not sent again, another one is", async () => {
  const sent: string[] = [];
  // Some providers take objects only.
  const client = {
    chat: async ({ response_format }: { response_format?: Format }) => {
      sent.push(response_format?.json_schema.name ?? "none");
      if (response_format !== undefined && response_format.json_schema.schema.type !== "object") {
        throw new LakehouseError("invalid", "the root must be an object");
      }
      return { content: "1", model: "m" };
    },
  } as unknown as Client<typeof chat>;
  const ask = createModelAsker(client, silentLog, true);
  const value = { name: "value", schema: { enum: [1, 2] } };
  const order = { name: "order", schema: { type: "object" } };
  for (const schema of [value, value, order]) {
    await ask({ model: "m", schema }, [], startCall());
  }
  assert.deepEqual(sent, ["value", "none", "none", "order"]);
});

/** What was sent to a client that refuses these schemas, by what they hold. */
function refusing(refuses: (schema: Readonly<Record<string, unknown>>) => boolean) {
  const sent: unknown[] = [];
  const chatOf = async ({ response_format }: { response_format?: Format }) => {
    const schema = response_format?.json_schema.schema as Record<string, unknown> | undefined;
    sent.push(schema ?? "none");
    if (schema !== undefined && refuses(schema)) throw new LakehouseError("invalid", "not this");
    return { content: "1", model: "m" };
  };
  const client = { chat: chatOf } as unknown as Client<typeof chat>;
  const asker = createModelAsker(client, silentLog, true);
  const ask = (schema: AskedSchema) => asker({ model: "m", schema }, [], startCall());
  return { ask, sent };
}

test("a schema that is refused says nothing of another of the same name", async () => {
  const { ask, sent } = refusing((schema) => schema["weird"] === true);
  const [usual, weird] = [{ type: "object" }, { type: "object", weird: true }];
  for (const schema of [usual, weird, usual, { ...weird }]) await ask({ name: "order", schema });
  assert.deepEqual(sent, [usual, weird, "none", usual, "none"]);
});

test("parts of one schema are refused together, the whole and other parts are not", async () => {
  const { ask, sent } = refusing((schema) => "anyOf" in schema);
  const whole = { type: "object" };
  const part = (...anyOf: number[]) => ({ name: "order", schema: { anyOf } });
  await ask({ ...part(1, 2), part_of: whole });
  await ask({ ...part(2), part_of: whole });
  await ask({ name: "order", schema: whole });
  await ask({ ...part(2), part_of: { type: "array" } });
  assert.deepEqual(sent, [{ anyOf: [1, 2] }, "none", "none", whole, { anyOf: [2] }, "none"]);
});

test("of many refusals those that were not met for longest are forgotten", async () => {
  const { ask: askOnce, sent } = refusing((schema) => "n" in schema);
  const nth = (n: number) => ({ name: "order", schema: { n } });
  const ask = async (schema: AskedSchema) => {
    await askOnce(schema);
    // It takes others: so each of these is looked at by itself.
    await askOnce({ name: "order", schema: {} });
  };
  await ask(nth(0));
  for (let n = 1; n < 1_000; n++) await ask(nth(n));
  await ask(nth(0));
  await ask(nth(1_000));
  sent.length = 0;
  await ask(nth(0));
  await ask(nth(1));
  assert.deepEqual(sent, ["none", {}, { n: 1 }, "none", {}]);
});

test("a model that takes no schema is asked with one now and then only", async () => {
  let takes_them = false;
  const { ask, sent } = refusing(() => !takes_them);
  const nth = (n: number) => ({ name: "order", schema: { n } });
  for (let n = 0; n < 21; n++) await ask(nth(n));
  const with_schema = () => sent.filter((one) => one !== "none").length;
  assert.equal(with_schema(), 3);
  takes_them = true;
  for (let n = 100; n < 104; n++) await ask(nth(n));
  // The twentieth finds out, and from then on each is sent.
  assert.deepEqual(sent.slice(-4), ["none", { n: 101 }, { n: 102 }, { n: 103 }]);
});

test("one schema that is refused of drafts side by side says nothing of others", async () => {
  const { ask, sent } = refusing((schema) => schema["weird"] === true);
  const weird = { name: "order", schema: { weird: true } };
  await Promise.all([1, 2, 3, 4].map(() => ask(weird)));
  sent.length = 0;
  await ask({ name: "order", schema: { type: "object" } });
  assert.deepEqual(sent, [{ type: "object" }]);
});
