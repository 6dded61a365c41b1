// Models that do not take a schema: asked without it from then on, and with others still.
import { test } from "node:test";
import assert from "node:assert/strict";
import { startCall } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { chat } from "#contracts/chat.ts";
import { createModelAsker } from "./ask-model.ts";

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
