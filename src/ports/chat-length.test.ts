// How long an answer is: what a provider tells beside its message is not said by the model.
import { test } from "node:test";
import assert from "node:assert/strict";
import { BESIDE_MESSAGE } from "#contracts/nouns.ts";
import { charactersOf, heldCharactersOf } from "./chat-length.ts";

test("members of the message count as what it says, what stands beside it does not", () => {
  const beside = { search_results: ["x".repeat(1_000)] };
  assert.equal(charactersOf({ content: "ab", other: { [BESIDE_MESSAGE]: beside } }), 2);
  const held = heldCharactersOf({ content: "ab", other: { [BESIDE_MESSAGE]: beside } });
  assert.equal(held, 2 + JSON.stringify(beside).length);
  const other = { citations: ["xyz"], [BESIDE_MESSAGE]: beside };
  assert.equal(
    charactersOf({ content: "ab", other }),
    2 + JSON.stringify({ citations: ["xyz"] }).length,
  );
});
