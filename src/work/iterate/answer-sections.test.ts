// Where the answer stands in what a model said: prose, fences, thoughts, and what looks like them.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { spell, type Spelling } from "./loose-spelling.suite.ts";
import { readAnswer } from "./read-answer.ts";

const F = "```";
const ANSWER = { fills: [{ id: "w-7" }], count: 1 };
const FENCED = `\n${F}json\n${JSON.stringify(ANSWER)}\n${F}\n`;

for (const [what, prose] of Object.entries({
  "a quoted opening brace, after an object of the question":
    'You gave me {"role": "cook", "count": 1}. The answer has to begin with `{"`, so:',
  "a broken example, after a schema":
    'Schema: {"fills": [{"id": string}], "count": number}\n' +
    'Example of a bad one: {"fills": "none}\nMine:',
  "a quoted opening brace": 'The answer has to begin with `{"` as you asked:',
  "a tag that is only mentioned": "Use of <think> is off.",
  "an object that broke off": '{"a": 1\n\nOops, let me fix that:',
  "a block that broke off": `${F}json\n{"a": 1\n\nOops, let me fix that:`,
  "a block of another language that is never closed": `${F}text\nI begin`,
  "backticks at the end of a line": `I write the fence as ${F}`,
  "backticks amid a line": `You gave me {"role": "cook"}. I use ${F} for it:`,
  "a code span of three backticks": `I run ${F}ls${F}\nand then:`,
})) {
  test(`a fenced answer is taken behind ${what}`, () => {
    const expected = { artifact: ANSWER, repaired: false };
    assert.deepEqual(readAnswer(prose + FENCED, "stop"), expected);
    assert.deepEqual(readAnswer(`${prose + FENCED}Nothing is missing.`, "stop"), expected);
  });
}

test("what may belong to a broken object is never the answer, nor is an object beside it", () => {
  const cook = 'You gave me {"role": "cook"}.';
  for (const text of [
    `${cook} Mine: {"body": "see\n${F}json\n{"a": 1}\n${F}\n", b: oops oops, "c": [}`,
    `{"body": "see\n${F}json\n{\\"a\\": 1}\n${F}\nand`,
    `Mine: {"body": "see\n${F}json\n{\\"a\\": 1}\n${F}\nand`,
    `${F}json\n{"a": oops oops, "body": "see\n${F}json\n{"a": 1}\n${F}\nand"}\n${F}`,
    `{"note": run\n${F}sh\nls\n${F}\nfirst, "count": 1}`,
    `{"note": see <think>this</think> first, "count": 1}`,
  ]) {
    assert.ok("error" in readAnswer(text, "stop"), text);
  }
});

test("a draft in a thought is no answer, closed or not, nor is what stands bare behind a tag", () => {
  for (const text of [
    `<think>first${FENCED}no, wait`,
    `Sure.\n<think>\nfirst${FENCED}no, wait`,
    `<think>{"a": 1 ${FENCED}</think>`,
    `Sure. <think>${JSON.stringify(ANSWER)}`,
  ]) {
    assert.ok("error" in readAnswer(text, "stop"), text);
  }
  const thought = `<think>{ a: so ${FENCED}</think>{"b":1}`;
  assert.deepEqual(readAnswer(thought, "stop"), { artifact: { b: 1 }, repaired: false });
});

test("thoughts are none of the answer, whatever their tags", () => {
  const decoy = 'maybe {"a":0}';
  for (const thought of [
    `<thinking>${decoy}</thinking>`,
    `<Think>${decoy}</Think>`,
    `<THINK>${decoy}</THINK>`,
    `<think >${decoy}</think >`,
    `<thought>${decoy}</thought>`,
    `<reasoning step="1">${decoy}</reasoning>`,
    `[THINK]${decoy}[/THINK]`,
    `<thinking>no <think>, no </think>: ${decoy}</thinking>`,
    `${decoy}</thinking>`,
    `<|channel|>analysis<|message|>${decoy}<|end|><|start|>assistant<|channel|>final<|message|>`,
    `<|channel|>analysis<|message|>${decoy}<|end|>` +
      "<|start|>assistant<|channel|>final <|constrain|>json<|message|>",
  ]) {
    const expected = { artifact: ANSWER, repaired: false };
    assert.deepEqual(
      readAnswer(`${thought}\n${JSON.stringify(ANSWER)}`, "stop"),
      expected,
      thought,
    );
  }
  assert.ok("error" in readAnswer(`<|channel|>analysis<|message|>${decoy}`, "stop"));
  for (const a of ["<thinking>x</thinking>", "[THINK]", "<|channel|>final<|message|>"]) {
    const read = readAnswer(JSON.stringify({ a }), "stop");
    assert.deepEqual(read, { artifact: { a }, repaired: false });
  }
});

test("a fence marked as another sort of JSON, or the only one that holds a value, is an answer", () => {
  const json = JSON.stringify(ANSWER);
  for (const word of ["jsonc", "JSON5", "jsonl", "json-ld", "js", "python", "text", "xml"]) {
    const read = readAnswer(`Here:\n${F}${word}\n${json}\n${F}\nDone.`, "stop");
    assert.deepEqual(read, { artifact: ANSWER, repaired: false }, word);
  }
  const other = `${F}text\n{"a":0}\n${F}\n`;
  const read = readAnswer(other + json, "stop");
  assert.deepEqual(read, { artifact: ANSWER, repaired: false });
  for (const text of [
    `${other}${F}js\n${json}\n${F}`,
    `${F}js\nconst x = ${json};\n${F}`,
    `${F}context-bundle\n${json}\n${F}`,
  ]) {
    assert.ok("error" in readAnswer(text, "stop"), text);
  }
});

test("a fence of another sort of JSON is an answer only where nothing else is one", () => {
  const json = JSON.stringify(ANSWER);
  for (const text of [
    `The format is:\n${F}jsonc\n{ "a": "...", "b": 0 }\n${F}\nFilled in:${FENCED}`,
    `${F}jsonc\n{ "a": "string", // the id\n "b": 0 }\n${F}\n\nYour object:\n\n${json}`,
    `Data:\n${F}jsonl\n{"a":"O-1"}\n{"a":"O-2"}\n${F}\nSummary: ${json}`,
    `Input:\n${F}ndjson\n{"a":"O-1"}\n${F}\n\n${F}\n${json}\n${F}`,
  ]) {
    assert.deepEqual(readAnswer(text, "stop"), { artifact: ANSWER, repaired: false }, text);
  }
  const two = `${F}jsonc\n{"a":"..."}\n${F}\n${F}jsonc\n${json}\n${F}`;
  assert.ok("error" in readAnswer(two, "stop"));
});

test("a brace in a comment before the value of a fence is none of it", () => {
  for (const word of ["jsonc", "json", ""]) {
    for (const comment of ["// {} means none\n", '// was {"a":0}\n', "/* {} */ ", "# {}\n"]) {
      const text = `${F}${word}\n${comment}{"a":1}\n${F}`;
      assert.deepEqual(readAnswer(text, "stop"), { artifact: { a: 1 }, repaired: false }, text);
    }
  }
});

test("a fence marked as code is no answer beside other words, nor where the answer broke off", () => {
  const other = `${F}text\n{"a":"O-1"}\n${F}\n`;
  for (const text of [
    `Input:\n${other}\nI need more details to answer.`,
    `Example:\n${F}python\n{"a": "O-0"}\n${F}\n[1, 2, 3]`,
    `Format:\n${other}`,
    `So:\n${other}${F}json\n{`,
  ]) {
    assert.ok("error" in readAnswer(text, "stop"), text);
  }
  assert.ok("error" in readAnswer(`So:\n${other}`, "length"));
  const read = readAnswer(`<think>no {"z":1}</think>\nSo:\n${other}\nDone.`, "stop");
  assert.deepEqual(read, { artifact: { a: "O-1" }, repaired: false });
});

test("a fence that shows a part of the object is passed over for the next one", () => {
  const whole = { address: { city: "Rome" }, name: "x" };
  const part = `${F}json\n"address": {"city":"Rome"}\n${F}\n`;
  const read = readAnswer(`${part}Full:\n${F}json\n${JSON.stringify(whole)}\n${F}`, "stop");
  assert.deepEqual(read, { artifact: whole, repaired: false });
  assert.ok("error" in readAnswer(`${part}So: ${JSON.stringify(whole)}`, "stop"));
});

test("a closing tag in a string of the answer is data, in a fence and behind another object", () => {
  const note = { note: "a </think> tag" };
  for (const before of ["", 'You gave me {"role": "cook"}. '] as const) {
    const fenced = `${before}\n${F}json\n${JSON.stringify(note)}\n${F}`;
    assert.deepEqual(readAnswer(fenced, "stop"), { artifact: note, repaired: false });
  }
});

test("a fence whose object holds fences is read whole, however its line breaks are written", () => {
  const artifact = { body: `Run:\n${F}sh\nls\n${F}\nBye`, list: [`${F}`, `${F}json {"a":1}${F}`] };
  const strict = JSON.stringify(artifact);
  const raw = strict.replaceAll("\\n", "\n");
  for (const mark of ["json", ""]) {
    for (const end of [`\n${F}`, `${F}`, `\n${F}\nDone.`, ""]) {
      assert.deepEqual(readAnswer(`Here:\n${F}${mark}\n${strict}${end}`, "stop"), {
        artifact,
        repaired: false,
      });
      assert.deepEqual(readAnswer(`Here:\n${F}${mark}\n${raw}${end}`, "stop"), {
        artifact,
        repaired: true,
      });
    }
  }
});

test("an answer on the line of its fence, or in a fence that is never closed, wins over prose", () => {
  const cook = 'You gave me {"role": "cook"}. Mine:';
  const json = JSON.stringify(ANSWER);
  for (const text of [
    `${cook} ${F}json ${json}${F} Done.`,
    `${cook} ${F}${json}${F}`,
    `${cook}\n${F}json\n${json}`,
    `${cook}\n${F}\n${json}`,
    `${cook}\n${F}json\n${json}\nThat is all.`,
  ]) {
    assert.deepEqual(readAnswer(text, "stop"), { artifact: ANSWER, repaired: false }, text);
  }
});

test("blocks of another language, with blocks in them, are no answer", () => {
  const page = `${F}markdown\n# So\n${F}json\n{"a":0}\n${F}\n${F}`;
  for (const answer of [JSON.stringify(ANSWER), FENCED]) {
    const read = readAnswer(`${page}\n${answer}`, "stop");
    assert.deepEqual(read, { artifact: ANSWER, repaired: false });
  }
});

test("an object behind a mark of another language that is never closed is prose", () => {
  const read = readAnswer(`${F}object\n${JSON.stringify(ANSWER)}`, "stop");
  assert.deepEqual(read, { artifact: ANSWER, repaired: false });
});

test("prose before an object is no name of a field", () => {
  for (const text of ['It begins with {" as asked: {"a":1}', 'No {"x: so {"a":1}']) {
    assert.ok("error" in readAnswer(text, "stop"), text);
  }
});

const text = fc.oneof(
  fc.stringMatching(/^[a-z ,:'"{}[\]\\\n`<>#/]{0,12}$/),
  fc.constantFrom(
    `see\n${F}json\n{"a": 0}\n${F}\nthere`,
    `${F}sh\nls\n${F}`,
    F,
    "<think>",
    "</think>",
    "<think>so</think>",
    '{"',
    "}",
    "00000000000000000123",
  ),
);
const name = fc.stringMatching(/^[a-z_]{1,8}$/);
const value = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null));
const artifact = fc.dictionary(
  name,
  fc.oneof(
    value,
    fc.array(value, { maxLength: 3 }),
    fc.array(fc.dictionary(name, value, { maxKeys: 2, noNullPrototype: true }), { maxLength: 2 }),
  ),
  { minKeys: 1, maxKeys: 3, noNullPrototype: true },
);
const spelling = fc.record(
  {
    quote: fc.constantFrom("'", '"', "`"),
    bare_keys: fc.boolean(),
    trailing_commas: fc.boolean(),
    comment: fc.constantFrom("// so", "/* so */", "# so"),
    raw_line_breaks: fc.boolean(),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Spelling>;
const scrap = fc.constantFrom(
  "I see. ",
  'It begins with `{"`. ',
  'It begins with {" as asked: ',
  "Dear {name}, ",
  "} ",
  "`}` ",
  '"',
  "it's ",
  "`",
  `${F} `,
  `I use ${F} here. `,
  `${F}ls${F} `,
  `\n${F}sh\nls {"a": 0}\n${F}\n`,
  "\n",
  "// ",
  "# so\n",
  "[1] ",
  "No <think> here. ",
  `<think>maybe\n${F}json\n{"a": 0}\n${F}\n{"a": 0} </think>`,
);
/** Only a fence tells that they are not the beginning of the answer. */
const WRECKS = ["A { name: so ", '{"a": 1 ', '{"a": "x ', `\n${F}json\n{"a": 1 `].map(
  (one) => `${one}\nOops:`,
);
const scraps = fc.array(scrap, { maxLength: 4 }).map((parts) => parts.join(""));
const around = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(scraps, scraps) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...WRECKS), fc.constant("")) },
);
const WRAPPINGS: readonly ((answer: string) => string)[] = [
  (answer) => answer,
  (answer) => `\n${F}json\n${answer}\n${F}\n`,
  (answer) => `${F}json\n${answer}\n${F}`,
  (answer) => `\n${F}\n${answer}\n${F}\n`,
  (answer) => `${F}json ${answer}${F}`,
];
/** Whole objects beside it: only a fence marked json tells that they are not the answer. */
const IN_JSON_FENCE = /^\s*```json/;
const asked = fc.constantFrom("", 'You gave me {"role": "cook"}. ', "Form: {id: string}. ");

test("in any wrapping an object is read as it was meant, or asked for again", () => {
  let read_right = 0;
  fc.assert(
    fc.property(
      artifact,
      spelling,
      asked,
      around,
      fc.nat(WRAPPINGS.length - 1),
      (meant, how, question, [before, after], wrapping) => {
        const answer = WRAPPINGS[wrapping]!(spell(meant, how));
        const is_marked = IN_JSON_FENCE.test(answer);
        if (!is_marked && WRECKS.includes(before)) return;
        const said = `${is_marked ? question : ""}${before}${answer}${after}`;
        const read = readAnswer(said, "stop");
        if ("error" in read) return;
        assert.deepEqual(read.artifact, JSON.parse(JSON.stringify(meant)), said);
        read_right++;
      },
    ),
    { numRuns: 1_000, seed: 20_261 },
  );
  assert.ok(read_right > 500, `only ${read_right} of 1000 were read`);
});
