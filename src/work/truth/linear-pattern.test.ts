// Patterns of rules: never slow, the same as RegExp with the flag u, and refused where they cannot.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { connectLocal } from "#kernel/connect-local.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { truth } from "#contracts/truth.ts";
import { compilePattern } from "./linear-pattern.ts";
import { createTruth } from "./truth-service.ts";
import { truthSettings } from "./truth-settings.ts";

const ruleOf = (pattern: string) => ({
  name: "text",
  task_class: "*",
  when: { kind: "any", conditions: [{ kind: "field_matches", path: "text", pattern }] },
  action: "deny",
});

async function rulesWith(pattern: string) {
  const settings = truthSettings.parse({ rules: [ruleOf(pattern)] });
  return connectLocal(truth, (await createTruth({ packs: [] }, settings)).handlers);
}

test("a pattern that takes a backtracking engine minutes takes no time", async () => {
  const started = performance.now();
  for (const pattern of ["^(a+)+$", "(a|aa)+$", "^(a|a)*$", "(x+x+)+y", "(.*a){20}b"]) {
    const client = await rulesWith(pattern);
    for (const text of [`${"a".repeat(28)}b`, `${"a".repeat(99_000)}b`, "x".repeat(50_000)]) {
      await client.evaluate({ task_class: "any", context: { text } });
    }
  }
  assert.ok(performance.now() - started < 5_000);
});

test("a text too long for its pattern is not matched, and that is told", async () => {
  const client = await rulesWith("[a-h].{990}[0-9]");
  const long = await client.evaluate({ task_class: "any", context: { text: "a".repeat(9_000) } });
  assert.equal(long.decision, "require_review");
  assert.match(long.reason, /text is too long to be matched/);
  const text = `${"a".repeat(2_000)}1`;
  assert.equal((await client.evaluate({ task_class: "any", context: { text } })).decision, "deny");
});

test("what cannot run in linear time is refused at the start, with the rule and the reason", async () => {
  const refused: readonly [string, RegExp][] = [
    ["(?=a)b", /\(\?= looks around/],
    ["a(?!b)", /\(\?! looks around/],
    ["(?<=a)b", /\(\?<= looks around/],
    ["(?<!a)b", /\(\?<! looks around/],
    [String.raw`(a)\1`, /\\1 refers back to a group/],
    [String.raw`(?<one>a)\k<one>`, /\\k refers back to a group/],
    ["a{1001}", /repeat/],
    ["(?:[ab].{990}|[bc].{980}|[cd].{970}|[de].{960}|[ef].{950}|[fg].{940})", /steps/],
    ["(", /./],
  ];
  for (const [pattern, why] of refused) {
    await assert.rejects(rulesWith(pattern), (error) => {
      assert.ok(error instanceof LakehouseError, pattern);
      assert.deepEqual([error.code, error.reason], ["invalid", "bad_settings"]);
      assert.ok(error.message.startsWith(`rule "text": the pattern ${pattern} `), error.message);
      assert.match(error.message, why);
      return true;
    });
  }
});

/** Pieces whose meaning differs between engines, or that need rewriting. */
const PIECES = [
  "a", "Z", "é", "😀", "1", "_", "-", " ", ".", "^", "$", "|", "(?:a|b)", "(x)", "(?<n>y)",
  String.raw`\d`, String.raw`\D`, String.raw`\w`, String.raw`\W`, String.raw`\s`, String.raw`\S`,
  String.raw`\b`, String.raw`\B`, String.raw`\t`, String.raw`\n`, String.raw`\v`, String.raw`\0`,
  String.raw`\/`, String.raw`\.`, String.raw`\u00e9`, String.raw`\u{1F600}`,
  String.raw`\ud83d\ude00`, String.raw`\x41`, String.raw`\cJ`, String.raw`\p{L}`,
  String.raw`\P{Lu}`, String.raw`\p{Script=Greek}`, String.raw`\p{gc=Nd}`, "[]", "[^]",
  "[abc]", "[^abc]", "[a-z-]", "[[(?<!]", String.raw`[\s\]]`, String.raw`[^\s,]`,
  String.raw`[\S]`, String.raw`[\b\d]`, String.raw`[\w.\-]`, String.raw`[\u{1F600}é]`,
]; // prettier-ignore
const REPEATS = ["", "", "", "*", "+", "?", "*?", "{2}", "{0,3}", "{1,}"];
const SIGNS = [
  "a", "b", "x", "y", "Z", "é", "É", "😀", "1", "٣", "λ", "_", "-", ".", "/", ",", "[", "]", "(",
  "?", "<", "!", " ", "\t", "\n", "\r", "\v", "\f", "\b", "\0", "\u00a0", "\u2028", "\u2003",
  "\ufeff", "A",
]; // prettier-ignore

test("a pattern says the same as RegExp with the flag u", async () => {
  const piece = fc.tuple(fc.constantFrom(...PIECES), fc.constantFrom(...REPEATS));
  const patterns = fc.array(piece, { minLength: 1, maxLength: 6 });
  const texts = fc.array(fc.string({ unit: fc.constantFrom(...SIGNS), maxLength: 12 }), {
    minLength: 5,
    maxLength: 5,
  });
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(patterns, texts, async (pieces, samples) => {
      const pattern = pieces.map((one) => one.join("")).join("");
      const expected = asRegExp(pattern);
      if (expected === undefined) return;
      const matches = await compilePattern(pattern);
      for (const text of samples) {
        compared++;
        assert.equal(matches(text), found(expected, text), JSON.stringify({ pattern, text }));
      }
    }),
    { numRuns: 1_500 },
  );
  assert.ok(compared > 1_000);
});

/** undefined: it is none (an assertion repeated, a name given twice). */
function asRegExp(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, "uy");
  } catch {
    return undefined;
  }
}

/**
 * Whether a sticky pattern stands anywhere in a text, asked at the start of each code point, as
 * ECMA-262 (RegExpBuiltinExec, AdvanceStringIndex) has it. V8 by itself also looks between the
 * halves of a pair (`/\B/u.test("a😀a")`): https://chromium-review.googlesource.com/c/v8/v8/+/7882029
 */
function found(sticky: RegExp, text: string): boolean {
  for (let at = 0; at <= text.length; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) {
    sticky.lastIndex = at;
    if (sticky.test(text)) return true;
  }
  return false;
}
