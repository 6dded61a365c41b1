// Functions stay short: a factory's own lines and each function inside it are counted apart.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSync } from "oxc-parser";
import { isTest, sourceFiles } from "../support/source-tree.ts";

/** Own lines of a function, without those of the functions that stand inside it. */
const OWN_LINES_MAX = 70;
/** Lines of a factory with everything inside it. */
const WHOLE_LINES_MAX = 160;

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

interface Measured {
  readonly name: string;
  readonly own: number;
  readonly whole: number;
}

const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

/** Every function of a source text with its lines. */
function measure(path: string, text: string): Measured[] {
  const { program, errors } = parseSync(path, text);
  assert.deepEqual(errors, [], path);
  const line_of = (offset: number) => text.slice(0, offset).split("\n").length;
  const found: Measured[] = [];

  /** Lines of the functions directly inside a node; measures them on the way. */
  function visit(node: unknown): number {
    if (Array.isArray(node)) return node.reduce((sum: number, one) => sum + visit(one), 0);
    if (typeof node !== "object" || node === null) return 0;
    let inside = 0;
    for (const value of Object.values(node)) inside += visit(value);
    const { type, start, end } = node as Node;
    if (!FUNCTIONS.has(type)) return inside;
    const from = line_of(start);
    const whole = line_of(end) - from + 1;
    found.push({ name: `${path}:${from}`, own: whole - inside, whole });
    // A function on one line takes no line away from the one around it.
    return whole > 1 ? whole : 0;
  }

  visit(program);
  return found;
}

test("the check sees functions and can fail", () => {
  const inner = Array.from({ length: 80 }, (_, index) => `    use(${index});`).join("\n");
  const text = `function outer() {\n  function inner() {\n${inner}\n  }\n  return inner;\n}\n`;
  const measured = measure("sample.ts", text);
  assert.deepEqual(
    measured.map(({ own, whole }) => [own, whole]),
    [
      [82, 82],
      [3, 85],
    ],
  );
});

test("no function has more than 70 lines of its own, no factory more than 160 in all", () => {
  const files = sourceFiles(["src", "domains", "scripts"], [".ts"]).filter(
    (one) => !isTest(one.path),
  );
  const all = files.flatMap(({ path, text }) => measure(path, text));
  assert.ok(all.length > 500, `only ${all.length} functions`);
  const wrong = all.filter(({ own, whole }) => own > OWN_LINES_MAX || whole > WHOLE_LINES_MAX);
  assert.deepEqual(wrong, []);
});
