// Tests of every gate: tables of pairs that differ, and of pairs that do not.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { SlotVocabulary } from "#ports/domain-pack.ts";
import { mirrored } from "./query-difference.ts";
import { readWords } from "./query-words.ts";
import { createTypedGate } from "./typed-gate.ts";

const SLOTS: readonly SlotVocabulary[] = [
  { slot: "genre", groups: [["novel", "fiction"], ["cookbook"], ["science fiction", "sci-fi"]] },
  {
    slot: "region",
    groups: [
      ["oregon", "OR"],
      ["indiana", "IN"],
      ["new york", "NY"],
    ],
  },
];

const gate = createTypedGate([]);
const slot_gate = createTypedGate(SLOTS);

const kinds = (a: string, b: string, of = gate) =>
  of(readWords(a), readWords(b)).map((difference) => difference.kind);

type Pair = readonly [a: string, b: string];

function differs(kind: string, pairs: readonly Pair[], of = gate): void {
  for (const [a, b] of pairs) {
    assert.ok(kinds(a, b, of).includes(kind), `${a} | ${b}: ${kinds(a, b, of).join(", ")}`);
    assert.ok(kinds(b, a, of).includes(kind), `the other way round: ${b} | ${a}`);
  }
}

function agrees(pairs: readonly Pair[], of = gate): void {
  for (const [a, b] of pairs) {
    assert.deepEqual(of(readWords(a), readWords(b)), [], `${a} | ${b}`);
    assert.deepEqual(of(readWords(b), readWords(a)), [], `${b} | ${a}`);
  }
}

test("different numbers, times, units and ids are differences", () => {
  differs("number", [
    ["two nurses", "three nurses"],
    ["2 nurses", "12 nurses"],
    ["one pizza", "five pizzas"],
    ["call at 3pm", "call at 4 pm"],
    ["call at 3 pm", "call at 3 am"],
    ["wait 5 days", "wait 5 weeks"],
    ["order W-1234", "order W-1235"],
    ["twenty five chairs", "twenty six chairs"],
    ["pay $100", "pay $1,000"],
    ["the third room", "the fourth room"],
    ["10k miles", "10 miles"],
    ["tickets for four", "tickets"],
  ]);
});

test("the same number in another form is none", () => {
  agrees([
    ["two nurses", "2 nurses"],
    ["a dozen eggs", "12 eggs"],
    ["call at 3 p.m.", "call at 3pm"],
    ["call at 15:00", "call at 3 pm"],
    ["call at noon", "call at 12 pm"],
    ["wait 2 weeks", "wait 14 days"],
    ["two hundred and ten chairs", "210 chairs"],
    ["1,200 chairs", "1200 chairs"],
    ["which one is best", "which is best"],
    ["the 3rd room", "the third room"],
    ["pay 5 dollars", "pay $5"],
    ["two working days", "2 days"],
  ]);
});

test("leaving something out or denying it is a difference", () => {
  differs("negation", [
    ["hotels with a pool", "hotels without a pool"],
    ["cancel my order", "do not cancel my order"],
    ["drivers who are available", "drivers who aren't available"],
    ["all files", "all files except drafts"],
    ["anything with nuts", "anything with no nuts"],
    ["shops in town", "shops not in town"],
  ]);
});

test("two ways of denying, and questions that negate nothing, agree", () => {
  agrees([
    ["the card does not work", "the card doesn't work"],
    ["my card has not arrived", "i am still waiting for my card"],
    ["without sugar", "excluding sugar"],
    ["is it open or not", "is it open"],
    ["why not try the soup", "why not the soup"],
  ]);
});

test("opposite words are a difference, unless a negation turns them round", () => {
  differs("opposite", [
    ["turn on the light", "turn off the light"],
    ["increase the volume", "decrease the volume"],
    ["lock the door", "unlock the door"],
    ["activate the card", "deactivate the card"],
    ["the cheapest flight before noon", "the cheapest flight after noon"],
    ["a smoking room", "a nonsmoking room"],
  ]);
  agrees([
    ["my request was rejected", "my request was not approved"],
    ["i am unable to pay", "i am not able to pay"],
    ["turn the light on and off", "turn the light off and on"],
  ]);
});

test("a direction turned round is a difference", () => {
  differs("order", [["trains from york to leeds", "trains from leeds to york"]]);
  agrees([["trains from york to leeds", "trains to leeds from york"]]);
});

test("whose thing it is, is a difference when both say so", () => {
  differs("owner", [
    ["tell me my name", "tell me your name"],
    ["what is her address", "what is my address"],
  ]);
  agrees([
    ["what is my balance", "what is the balance"],
    ["our office", "my office"],
  ]);
});

test("other days and months are a difference, other forms of them are none", () => {
  differs("time", [
    ["a table on monday", "a table on tuesday"],
    ["rain in march", "rain in april"],
    ["rain tomorrow", "rain"],
  ]);
  agrees([
    ["a table on tues", "a table on tuesday"],
    ["what may i do", "what can i do"],
    ["a table this evening", "a table tonight"],
  ]);
});

test("a name that only one query has is a difference, and a place after a preposition", () => {
  differs("place", [
    ["hotels in Boston", "hotels in Austin"],
    ["hotels in Boston", "hotels"],
  ]);
  differs("name", [
    ["tell Anna", "write to the team"],
    ["the report of Acme Corp", "the report of Globex"],
  ]);
  agrees([
    ["hotels in Boston", "boston hotels"],
    ["news of the United Nations", "news of the UN"],
    ["Please call Anna", "Call anna please"],
  ]);
});

test("slots that a domain declares: another value, or a value on one side only", () => {
  differs(
    "genre",
    [
      ["a good novel", "a good cookbook"],
      ["a good novel", "a good book"],
      ["a novel", "science fiction"],
    ],
    slot_gate,
  );
  differs(
    "region",
    [
      ["novels from OR", "novels from IN"],
      ["novels from New York", "novels from Oregon"],
    ],
    slot_gate,
  );
  agrees(
    [
      ["a good novel", "good fiction"],
      ["novels from NY", "novels from New York"],
      ["some sci-fi", "some science fiction"],
      ["a novel or two in oregon", "a novel or two from OR"],
    ],
    slot_gate,
  );
});

test("a query never differs from itself, and differences mirror", () => {
  const word = fc.constantFrom(
    ..."two 3 not without on off monday Boston Anna my your from to novel oregon 3pm don't".split(
      " ",
    ),
  );
  const query = fc.array(word, { maxLength: 8 }).map((words) => words.join(" "));
  fc.assert(
    fc.property(query, query, (a, b) => {
      const [left, right] = [readWords(a), readWords(b)];
      assert.deepEqual(slot_gate(left, left), []);
      const there = slot_gate(left, right).map((it) => it.kind);
      const back = slot_gate(right, left).map((it) => mirrored(it).kind);
      assert.deepEqual(new Set(there), new Set(back));
    }),
  );
});
