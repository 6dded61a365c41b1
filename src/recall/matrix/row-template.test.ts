// Tests of row templates.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { LakehouseError } from "#kernel/problem.ts";
import { parseRowTemplate } from "./row-template.ts";

const COLUMNS = ["title", "shelf", "notes", "tags"];

test("a row becomes a text, and what is missing takes its words along", () => {
  const { render } = parseRowTemplate("{title} on {shelf}: {notes}.", COLUMNS);
  const cases: [Record<string, unknown>, string][] = [
    [{ title: "Atlas", shelf: "A1", notes: "large" }, "Atlas on A1: large."],
    [{ title: "Atlas", shelf: null, notes: "large" }, "Atlas: large."],
    [{ title: "Atlas", shelf: "A1" }, "Atlas on A1."],
    [{ title: "", shelf: "A1", notes: "large" }, "on A1: large."],
    [{ notes: " large " }, "large."],
    [{ title: 12, shelf: ["a", "b"], notes: true }, "12 on a, b: true."],
    [{}, ""],
  ];
  for (const [row, text] of cases) assert.equal(render(row), text);
});

test("unknown columns name the nearest, stray braces are refused", () => {
  const reason = (template: string) => {
    try {
      parseRowTemplate(template, COLUMNS);
    } catch (error) {
      return error as LakehouseError;
    }
    return undefined;
  };
  assert.equal(reason("{titel}")?.reason, "bad_template");
  assert.match(reason("{titel}")?.hint ?? "", /did you mean "title"/);
  for (const template of ["{title", "title}", "no column", "{{title}}"]) {
    assert.equal(reason(template)?.reason, "bad_template", template);
  }
});

test("no row of any values makes a template fail or leaves doubled spaces", () => {
  const { render } = parseRowTemplate("{title} ({shelf}), {notes}; {tags}", COLUMNS);
  const row = fc.dictionary(fc.constantFrom(...COLUMNS), fc.anything({ withNullPrototype: false }));
  fc.assert(
    fc.property(row, (values) => {
      const clean = JSON.parse(JSON.stringify(values)) as Record<string, unknown>;
      assert.doesNotMatch(render(clean), /\s\s|^\s|\s$/u);
    }),
  );
});
