// What is said to a model after a refusal: turns of both sides, none of them empty.
import { test } from "node:test";
import assert from "node:assert/strict";
import type { Attempt } from "#contracts/iterate.ts";
import { findErrors } from "#ports/context-bundle.ts";
import { openingMessages, withFeedback } from "./said-to-model.ts";

const error = { kind: "schema" as const, field: "", message: "the answer holds no JSON object" };

function refused(raw: string): Attempt {
  const said = { iteration: 1, raw, artifact: null, span_id: "s", usage: null };
  return { ...said, verdict: "no_json", error };
}

for (const guided of [false, true]) {
  const form = guided ? "in plain words" : "as the validator says it";
  test(`after drafts without words the error, ${form}, stands in the turn before it`, () => {
    let messages = openingMessages({ system: "be brief", prompt: "two books" });
    for (const raw of ["", " \n", "so: {}", "\t"]) {
      messages = withFeedback(messages, refused(raw), guided);
    }
    assert.deepEqual(
      messages.map(({ role }) => role),
      ["system", "user", "assistant", "user"],
    );
    const [, first, own, last] = messages.map(({ content }) => String(content));
    assert.ok(first!.startsWith("two books\n\n"), first);
    assert.equal(own, "so: {}");
    const times = (text: string | undefined) => {
      return guided ? text!.split("That was refused").length - 1 : findErrors(text!).length;
    };
    assert.deepEqual([times(first), times(last)], [2, 2]);
  });
}

test("the conversation before the feedback is left as it was", () => {
  const before = openingMessages({ prompt: "two books" });
  withFeedback(before, refused(""), false);
  withFeedback(before, refused("x"), false);
  assert.deepEqual(before, [{ role: "user", content: "two books" }]);
});
