// The two names of max_tokens: the caller's is sent, and the one that a model wants is remembered.
import { test } from "node:test";
import assert from "node:assert/strict";
import { LakehouseError } from "#kernel/problem.ts";
import { askRequest, collectDeltas } from "#ports/chat-model.suite.ts";
import type { BoundName } from "#ports/chat-model.ts";
import { createOpenAiCompatibleProvider } from "./openai-compatible-provider.ts";
import { completionOf, startScriptedServer } from "../../../test/support/scripted-server.ts";
import type { HasAfter } from "../../../test/support/temp-dir.ts";

const OLD = "max_tokens";
const NEW = "max_completion_tokens";

/** What OpenAI's newer models say of the older name, and Mistral's of the newer one. */
const WANTS_NEW =
  "Unsupported parameter: 'max_tokens' is not supported with this model. " +
  "Use 'max_completion_tokens' instead.";
const EXTRA = {
  type: "extra_forbidden",
  loc: ["body", NEW],
  msg: "Extra inputs are not permitted",
};

type Refusal = { readonly status: number; readonly body: object };

/** A server that refuses bodies as `refusal` has it, and which names were sent to it. */
async function open(t: HasAfter, refusal: (body: object, model: unknown) => Refusal | undefined) {
  const sent: string[] = [];
  const base_url = await startScriptedServer(t, (body) => {
    sent.push([OLD, NEW].filter((name) => body[name] === 9).join("+"));
    return refusal(body, body["model"]) ?? { body: completionOf({ content: "hi" }) };
  });
  const provider = createOpenAiCompatibleProvider({ name: "remote", base_url });
  const ask = async (max_tokens_name: BoundName | undefined, model = "m", whole = true) => {
    const tally = { retries: 0 };
    const request = askRequest(model, { max_tokens: 9, max_tokens_name, tally });
    if (whole) await provider.whole!(request);
    else await collectDeltas(provider.chat(request));
    return tally.retries;
  };
  return { ask, sent };
}

const error = (status: number, message: string) => ({ status, body: { error: { message } } });

test("the name that the caller used is sent, and no other", async (t) => {
  const { ask, sent } = await open(t, () => undefined);
  for (const name of [undefined, OLD, NEW] as const) {
    for (const whole of [true, false]) assert.equal(await ask(name, "m", whole), 0);
  }
  assert.deepEqual(sent, [OLD, OLD, OLD, OLD, NEW, NEW]);
});

test("a model that wants the newer name costs one request more, once, and that is counted", async (t) => {
  const { ask, sent } = await open(t, (body, model) =>
    OLD in body && model === "o" ? error(400, WANTS_NEW) : undefined,
  );
  assert.equal(await ask(OLD, "o"), 1);
  for (const name of [OLD, undefined, NEW] as const) assert.equal(await ask(name, "o"), 0);
  // Other models of the provider are asked as before.
  assert.equal(await ask(OLD, "m"), 0);
  assert.deepEqual(sent, [OLD, NEW, NEW, NEW, NEW, OLD]);
});

test("a model that knows the older name only gets that, whatever it says of the newer", async (t) => {
  for (const refusal of [
    { status: 422, body: { detail: [EXTRA] } },
    error(400, "Unrecognized request argument supplied: max_completion_tokens"),
  ]) {
    const { ask, sent } = await open(t, (body) => (NEW in body ? refusal : undefined));
    assert.deepEqual([await ask(NEW), await ask(NEW)], [1, 0]);
    assert.deepEqual(sent, [NEW, OLD, OLD]);
  }
});

test("a refusal of the number is none of the name, and a model that takes neither says why", async (t) => {
  const large = "max_completion_tokens is too large: 9; this model takes 8 at most";
  const { ask, sent } = await open(t, () => error(400, large));
  const refused = (thrown: unknown) =>
    thrown instanceof LakehouseError && thrown.message.includes("too large");
  await assert.rejects(ask(NEW), refused);
  assert.deepEqual(sent, [NEW]);
  const neither = await open(t, (body) =>
    error(400, `${NEW in body ? NEW : OLD} is not supported`),
  );
  await assert.rejects(neither.ask(OLD), /max_tokens is not supported/);
  await assert.rejects(neither.ask(NEW), /max_completion_tokens is not supported/);
  assert.deepEqual(neither.sent, [OLD, NEW, NEW, OLD]);
});

test("a model that changes what it wants is followed", async (t) => {
  let wanted: BoundName = NEW;
  const { ask, sent } = await open(t, (body) =>
    wanted in body ? undefined : error(400, `unknown field: ${wanted === NEW ? OLD : NEW}`),
  );
  assert.deepEqual([await ask(OLD), await ask(OLD)], [1, 0]);
  wanted = OLD;
  assert.deepEqual([await ask(OLD), await ask(NEW)], [1, 0]);
  assert.deepEqual(sent, [OLD, NEW, NEW, NEW, OLD, OLD]);
});
