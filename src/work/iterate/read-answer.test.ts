// Reading answers: the corpus of malformed ones, and properties: nothing is lost, nothing invented.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { spell, type Spelling } from "./loose-spelling.suite.ts";
import { malformedAnswers, ORDERS } from "./malformed-answers.suite.ts";
import { readAnswer } from "./read-answer.ts";
import { anyCodePoint } from "../../../test/support/any-code-point.ts";

const SEED = 20_261;

test("the corpus holds at least 200 answers of both sorts", () => {
  const corpus = malformedAnswers(SEED);
  const syntactic = corpus.filter((one) => one.sort === "syntactic").length;
  assert.ok(corpus.length >= 200, `only ${corpus.length}`);
  assert.ok(syntactic >= 150 && corpus.length - syntactic >= 50, `${syntactic} syntactic`);
  assert.equal(new Set(corpus.map((one) => one.name)).size, corpus.length);
});

test("each syntactic case is read as exactly what was meant", () => {
  for (const { name, sort, text, finish_reason, right } of malformedAnswers(SEED)) {
    if (sort !== "syntactic") continue;
    const read = readAnswer(text, finish_reason);
    assert.ok("artifact" in read, `${name}: ${JSON.stringify(read)}\n${text}`);
    assert.deepEqual(read.artifact, right, name);
  }
});

test("an answer that says it was cut off is asked for again at every length", () => {
  for (const order of ORDERS) {
    const whole = JSON.stringify(order);
    for (let at = 0; at < whole.length; at++) {
      const read = readAnswer(whole.slice(0, at), "length");
      assert.ok("error" in read, `${at}: ${whole.slice(0, at)}`);
      assert.equal(read.error.kind, "schema");
      assert.ok(read.error.expected !== undefined && read.error.actual !== undefined);
    }
  }
});

test("an answer that ends within a text or a number is asked for again, whatever it says", () => {
  const whole = '{"a":["one","two"],"b":12.5,"c":{"d":"three"}}';
  for (const end of ['{"a":["one","t', '{"a":["one","two"],"b":12', '{"a":["one","two"],"b', "{"]) {
    assert.ok(whole.startsWith(end));
    assert.ok("error" in readAnswer(end, "stop"), end);
  }
});

test("what is asked again says where, what was expected, and what came", () => {
  const cut = readAnswer(
    '{"fills":[{"worker_id":"W-1","name":"Ann"},{"worker_id":"W-2","na',
    "length",
  );
  assert.ok("error" in cut);
  assert.equal(cut.error.field, "fills.1");
  assert.match(String(cut.error.actual), /W-2/);
  const gap = readAnswer('{"fills":[{"worker_id":"W-1","name":}]}', "stop");
  assert.ok("error" in gap);
  assert.equal(gap.error.field, "fills.0.name");
  const twice = readAnswer('{"a":1,"b":{"c":1,"c":2}}', "stop");
  assert.ok("error" in twice);
  assert.match(twice.error.message, /twice/);
  const refusal = readAnswer("I cannot help with that.", "stop");
  assert.ok("error" in refusal);
  assert.equal(refusal.error.actual, "I cannot help with that.");
});

test("an object that lost its opening brace is not replaced by one of its parts", () => {
  for (const text of ['"a":[{"b":1}]}', '"a": {"b":1}, "c": 2}', "'a': {'b': 1}}"]) {
    assert.ok("error" in readAnswer(text, "stop"), text);
  }
});

test("a repair is told, a plain answer is not", () => {
  assert.deepEqual(readAnswer('{"a":1}', "stop"), { artifact: { a: 1 }, repaired: false });
  assert.deepEqual(readAnswer('{"a":1,}', "stop"), { artifact: { a: 1 }, repaired: true });
});

const key = fc.stringMatching(/^[a-z_]{1,8}$/);
const leaf = fc.oneof(
  fc.string(),
  fc.string({ unit: anyCodePoint }),
  fc.constantFrom("don't", 'a "b" c', "a, b: {c}", "x//y", "#z", "\\", "\n", "None", "1,000"),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((one) => !Object.is(one, -0)),
  fc.boolean(),
  fc.constant(null),
);
const treeOf = (leaves: fc.Arbitrary<unknown>) =>
  fc.letrec((tie) => ({
    tree: fc.dictionary(key, tie("node"), { maxKeys: 4, noNullPrototype: true }),
    node: fc.oneof(
      { maxDepth: 3 },
      leaves,
      fc.array(tie("node"), { maxLength: 3 }),
      fc.dictionary(key, tie("node"), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).tree;
const tree = treeOf(leaf);
const spelling: fc.Arbitrary<Spelling> = fc.record(
  {
    quote: fc.constantFrom("'", '"', "`"),
    bare_keys: fc.boolean(),
    trailing_commas: fc.boolean(),
    doubled_commas: fc.boolean(),
    comment: fc.constantFrom("// so", "/* so */", "# so"),
    python: fc.boolean(),
    raw_line_breaks: fc.boolean(),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Spelling>;

test("any object in any loose spelling is read as it was meant, or asked for again", () => {
  let read_right = 0;
  fc.assert(
    fc.property(tree, spelling, (value, how) => {
      const meant = JSON.parse(JSON.stringify(value)) as unknown;
      const read = readAnswer(spell(meant, how), "stop");
      if ("error" in read) return;
      assert.deepEqual(read.artifact, meant);
      read_right++;
    }),
    { numRuns: 1_000, seed: SEED },
  );
  assert.ok(read_right > 900, `only ${read_right} of 1000 were read`);
});

test("an object that lost any one character is never read with less in it", () => {
  const letters = (text: string) => text.replaceAll(/[^a-z0-9]/g, "").length;
  const words = fc.oneof(fc.stringMatching(/^[a-z ,:']{0,9}$/), fc.integer());
  let read_at_all = 0;
  fc.assert(
    fc.property(treeOf(words), fc.nat(), (value, place) => {
      const whole = JSON.stringify(value);
      const at = place % whole.length;
      const text = whole.slice(0, at) + whole.slice(at + 1);
      const read = readAnswer(text, "stop");
      if ("error" in read) return;
      read_at_all++;
      assert.equal(letters(JSON.stringify(read.artifact)), letters(text), text);
    }),
    { numRuns: 1_000, seed: SEED },
  );
  assert.ok(read_at_all > 300, `only ${read_at_all} of 1000 were read`);
});

const F = "```";
const WANTED = { operation: "fill", steps: ["one", "two"] };
const DECOY = `${F}json\n{"operation": "fill", "steps": ["decoy"]}\n${F}`;

for (const [what, text] of Object.entries({
  "inside a thought, before a bare answer": `<think>So:\n${DECOY}\nNo.</think>\n${JSON.stringify(WANTED)}`,
  "inside a thought, before a fenced answer": `<think>${DECOY}</think>\n${F}json\n${JSON.stringify(WANTED)}\n${F}`,
  "in each of two thoughts": `<think>${DECOY}</think><think>${DECOY}</think>${JSON.stringify(WANTED)}`,
})) {
  test(`a fence is no answer where it stands ${what}`, () => {
    const read = readAnswer(text, "stop");
    assert.deepEqual(read, { artifact: WANTED, repaired: false });
  });
}

test("a thought that does not end holds no answer, fenced or not", () => {
  assert.ok("error" in readAnswer(`<think>first\n${DECOY}\nno, wait`, "stop"));
});

test("a fence inside a string of the answer is data", () => {
  const steps = [`Open a shell: ${F}sh`, "lakehouse sql select 1", F, "Read the list"];
  const pretty = JSON.stringify({ operation: "fill", steps }, null, 1);
  assert.deepEqual(readAnswer(pretty, "stop"), {
    artifact: { operation: "fill", steps },
    repaired: false,
  });
  const body = `Hi,\nrun this:\n${F}sh\nlakehouse up\n${F}\nThank you`;
  const raw = `Here it is:\n{"to": "bob", "body": "${body}"}`;
  assert.deepEqual(readAnswer(raw, "stop"), { artifact: { to: "bob", body }, repaired: true });
  const quoting = `{"operation": "fill", "steps": ["never like\n${F}json\n{"steps": []}\n${F}\n", "s2"]}`;
  const read = readAnswer(quoting, "stop");
  assert.ok("error" in read || read.artifact["operation"] === "fill");
});

test("a brace in prose that nothing closes hides no fenced answer", () => {
  const text = `I write { name: so\n\n${F}json\n${JSON.stringify(WANTED)}\n${F}`;
  assert.deepEqual(readAnswer(text, "stop"), { artifact: WANTED, repaired: false });
});

test("words without quotes are not cut at what looks like a comment", () => {
  for (const text of [
    "{\n steps: [\n  read #5 and #6,\n  see //host/list\n ]\n}",
    "{\n note: Ask for dock #5 today\n}",
  ]) {
    assert.ok("error" in readAnswer(text, "stop"), text);
  }
});

test("what JSON can say and nobody can carry is asked for again", () => {
  for (const text of [
    `{"steps": ${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
    `{'steps': ${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
    `{"steps": ${"[".repeat(300)}${"]".repeat(300)}}`,
    '{"steps": [1e999]}',
    '{"id": 12345678901234567890}',
  ]) {
    const read = readAnswer(text, "stop");
    assert.ok("error" in read, text.slice(0, 40));
    assert.equal(read.error.kind, "schema");
  }
  const fine = '{"id": 1e20, "of": 9007199254740991, "text": "12345678901234567890"}';
  assert.ok("artifact" in readAnswer(fine, "stop"));
});

test("digits in a text, and those of a fraction, are no number that was changed", () => {
  for (const artifact of [
    { sscc: "00000000000000000123", quantity: 123 },
    { trace: "00000000000000000000000000000000", errors: 0 },
    { ids: ["00000000000000001"], count: 1 },
    { said: 'so: "9999999999999999"', "9007199254740993": 1 },
  ]) {
    const text = JSON.stringify(artifact);
    assert.deepEqual(readAnswer(text, "stop"), { artifact, repaired: false }, text);
  }
  const rounded = '{"a":5,"b":1.00000000000000005,"c":0.1234567890123456789,"d":-1.5E-3}';
  const artifact = { a: 5, b: 1, c: 0.12345678901234568, d: -0.0015 };
  assert.deepEqual(readAnswer(rounded, "stop"), { artifact, repaired: false });
});

test("a whole number that would be changed is asked for again, with its place", () => {
  for (const [text, field, written] of [
    ['{"account": 9999999999999999}', "account", "9999999999999999"],
    ['{"id": 9007199254740993}', "id", "9007199254740993"],
    ["{id: 9007199254740993,}", "id", "9007199254740993"],
    ['{"a":[{"id":1},{"id":-12345678901234567890}]}', "a.1.id", "-12345678901234567890"],
    ['{"a":9007199254740993.5}', "a", "9007199254740993.5"],
    ['{"a":9007199254740993e0}', "a", "9007199254740993e0"],
    ['{"a":900719925474099.3e1}', "a", "900719925474099.3e1"],
    ['{"a":[1.2345678901234567891e19]}', "a.0", "1.2345678901234567891e19"],
    ['{"a":1e-400}', "a", "1e-400"],
  ] as const) {
    const read = readAnswer(text, "stop");
    assert.ok("error" in read, text);
    assert.equal(read.error.field, field);
    assert.ok(String(read.error.actual).includes(`(${written} is read as `), text);
  }
  const exact =
    '{"a":9007199254740992,"b":-9999999999999998,"c":100000000000000000000,' +
    '"d":6.02214076e23,"e":0e99999999999,"f":123e-2,"g":10000000000000000000000,"h":5e-324}';
  assert.ok("artifact" in readAnswer(exact, "stop"));
});

test("a field name that lacks its colon or its quote is a word", () => {
  const read = (text: string) => readAnswer(text, "stop");
  assert.deepEqual(read('{"a" "x"}'), { artifact: { a: "x" }, repaired: true });
  for (const text of ['{"`. " {"a":1}}', '{"`. {"a":1}}', '{"b", so: {"a":1}}']) {
    assert.ok("error" in read(text), text);
  }
});

test("a value never becomes a name, nor a name part of a value", () => {
  for (const text of [
    '{"books":[{"book_id":"B-002","title":"""Salt"""}]}',
    '{"title":"""Salt""","year":1}',
    '{"title":"say ""hi"" now"}',
    "{'title':'''Salt'''}",
    '{"titles":["""Salt"""]}',
    '{"titles":["Salt""Bread"]}',
    "{a:1;b:2}",
    '{a:1;"b":2}',
    '{"a":1;"b":2}',
    "{a: one b: two}",
    "{a: one; b: two}",
    "{a: [do: this, do: that]}",
  ]) {
    assert.ok("error" in readAnswer(text, "stop"), text);
  }
  for (const [text, artifact] of [
    ['{"a":"x" "b":"y"}', { a: "x", b: "y" }],
    ['{"a":["x" "y"]}', { a: ["x", "y"] }],
    ['{"a" "x", "b" "y"}', { a: "x", b: "y" }],
    ["{a: at 10:30, b: https://a.b/c?d=1;e}", { a: "at 10:30", b: "https://a.b/c?d=1;e" }],
    ["{aaa: ooo}", { aaa: "ooo" }],
  ] as const) {
    assert.deepEqual(readAnswer(text, "stop"), { artifact, repaired: true }, text);
  }
});

test("a JSON string that holds exactly one whole object is that object", () => {
  for (const text of [JSON.stringify(RIGHT), `\`\`\`json\n${JSON.stringify(RIGHT)}\n\`\`\``]) {
    const artifact = JSON.parse(RIGHT) as object;
    assert.deepEqual(readAnswer(text, "stop"), { artifact, repaired: true }, text);
  }
  for (const text of [
    JSON.stringify(`so: ${RIGHT}`),
    JSON.stringify(`${RIGHT}${RIGHT}`),
    JSON.stringify(RIGHT.slice(0, -1)),
    JSON.stringify(`[${RIGHT}]`),
    `"${RIGHT.replaceAll('"', '\\"').replace("{", "{\n")}"`,
  ]) {
    const read = readAnswer(text, "stop");
    assert.ok("error" in read, text);
    assert.match(read.error.message, /a JSON string in place of an object/);
  }
  const twice = readAnswer(JSON.stringify('{"a":1,"a":2}'), "stop");
  assert.ok("error" in twice && /twice/.test(twice.error.message));
  const words = readAnswer('"I cannot."', "stop");
  assert.ok("error" in words && /holds no JSON object/.test(words.error.message));
});

const RIGHT = '{"books":[{"book_id":"B-002","title":"Bread at Home"}]}';

test("what is wrong amid an object is not told as an object that was cut off", () => {
  for (const text of ['{"a"=1}', '{"a" => 1}', '{"a":{"b"=1},"c":2}']) {
    const read = readAnswer(text, "stop");
    assert.ok("error" in read, text);
    assert.doesNotMatch(read.error.message, /cut off/);
  }
  const read = readAnswer('{"a"=1}', "stop");
  assert.ok("error" in read);
  // Not every runtime says what it expected.
  if (process.versions["bun"] === undefined) assert.match(read.error.message, /expected ':'/);
});

test("a field that validators never see is asked to be left out", () => {
  for (const [text, field] of [
    ['{"__proto__":{"a":1},"books":[]}', "__proto__"],
    ['{"books":[{"book_id":"B-1","__proto__":null}]}', "books.0.__proto__"],
    ["{books:[],'__proto__':1,}", "__proto__"],
  ] as const) {
    const read = readAnswer(text, "stop");
    assert.ok("error" in read, text);
    assert.match(read.error.message, /no field may have the name __proto__/);
    assert.equal(read.error.field, field);
  }
  assert.ok("artifact" in readAnswer('{"a":"__proto__","constructor":1}', "stop"));
});
