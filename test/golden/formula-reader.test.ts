// What the formula benchmark reads and works out, against figures from textbooks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readExpression, workOut } from "../../bench/support/arithmetic.ts";
import { givenFormula, waysOf, workedWith, type Way } from "../../bench/support/formula-values.ts";

function asked(formula: string, explained: string, question: string) {
  const given = `Formula: ${formula}, Explanation: ${explained}.`;
  return givenFormula(`Use formula F. ${given} Question: "${question}". Answer:`)!;
}

function valueOf(given: ReturnType<typeof asked>, way: Way): number {
  const worked = workedWith(given, way);
  assert.ok("value" in worked, `${JSON.stringify(way)} has no result`);
  return Math.round(worked.value * 100) / 100;
}

test("a calculation is worked out; what is none is told as such", () => {
  assert.deepEqual(workOut("($1,200 - 300) / 300 × 100"), { value: 300 });
  assert.deepEqual(workOut("2 ^ -1 + 50%"), { value: 1 });
  assert.deepEqual(workOut("-2 ^ 2"), { value: -4 });
  assert.deepEqual(workOut("2 ^ 3 ^ 2"), { value: 512 });
  assert.deepEqual(workOut("SQRT(16) + Ln 1 + exp(0)"), { value: 5 });
  assert.deepEqual(workOut("1 / 0"), { fault: "it has no finite result" });
  assert.deepEqual(workOut("(1 + 2"), { fault: "it breaks off, or a bracket is missing" });
  assert.deepEqual(workOut("5 5"), { fault: "something is left over behind it" });
  assert.deepEqual(workOut("5 (3)"), { fault: "something is left over behind it" });
  const words = { fault: '"net income" is no number and no operator' };
  assert.deepEqual(workOut("net income / 2"), words);
});

test("symbols are found, neighbours are multiplied first, words stand for themselves", () => {
  const interest = readExpression("P (1 + r/n)^(nt)", ["P", "r", "n", "t"])!;
  assert.deepEqual(interest.symbols, ["P", "r", "n", "t"]);
  assert.equal(Math.round(interest.value({ P: 1000, r: 0.12, n: 12, t: 1 }) * 100), 112_683);
  const halved = readExpression("a / bc", ["a", "b", "c"])!;
  assert.equal(halved.value({ a: 12, b: 2, c: 3 }), 2);
  const beta = readExpression("Cov(R_a, R_m) / Var(R_m)", ["R_a", "R_m"])!;
  assert.deepEqual(beta.symbols, ["Cov(R_a, R_m)", "Var(R_m)"]);
  assert.ok(Number.isNaN(beta.value({})));
  assert.equal(readExpression("a # b", ["a", "b"]), undefined);
});

test("numbers stand for names: percent, millions, months, words for how often a year", () => {
  const given = asked(
    "A = P × (1 + r/n)^(nt)",
    "P: Principal, r: Interest rate, n: Times it is compounded per year, t: Time",
    "What do $2 million become in 18 months at 6% compounded quarterly?",
  );
  assert.deepEqual(
    given.names.map((name) => name.split(":")[0]),
    ["P", "r", "n", "t"],
  );
  const way = { P: "2 million", r: "6%", n: "quarterly", t: "18 months" };
  assert.ok(waysOf(given)!.some((one) => Object.values(one).join() === Object.values(way).join()));
  assert.equal(valueOf(given, way), 2_186_886.53);
});

test("a name that is a rest, a mean or a change may be made of two numbers", () => {
  const margin = asked(
    "Gross Profit Margin = (Gross Profit / Revenue) × 100",
    "Gross Profit: Revenue minus cost, Revenue: Total sales",
    "Sales were $1,500,000 and the goods cost $900,000",
  );
  assert.equal(
    valueOf(margin, { "Gross Profit": "1,500,000 - 900,000", Revenue: "1,500,000" }),
    40,
  );
  const flow = asked(
    "OCF = Net Income + Changes in Working Capital",
    "Net Income: earnings, Changes in Working Capital: Change in current assets",
    "An income of $120,000, and working capital rose by $7,000",
  );
  assert.equal(
    valueOf(flow, { "Net Income": "120,000", "Changes in Working Capital": "-7,000" }),
    113_000,
  );
});

test("of an equation the name without a number is worked out", () => {
  const parity = asked(
    "C - P = S - X / (1 + r)^t",
    "C: Call, P: Put, S: Asset, X: Exercise price, r: Rate, t: Time",
    "X is $75, S is $70, C is $10, 6 months at 3%",
  );
  // P = C - S + X / 1.03 ** 0.5
  const way = { C: "10", P: "?", S: "70", X: "75", r: "3%", t: "6 months" };
  assert.equal(valueOf(parity, way), 13.9);
  assert.ok(waysOf(parity)!.every((one) => Object.values(one).includes("?")));
  const levels = asked(
    "S_1 / S_0 = P_1 / P_0",
    "S: Exchange rate, P: Price level",
    "S_0 = 1.1, S_1 = 1.15, P_0 = 300",
  );
  assert.equal(levels.names[0], "S_1: Exchange rate");
  assert.equal(valueOf(levels, { S_1: "1.15", S_0: "1.1", P_1: "?", P_0: "300" }), 313.64);
  const against = asked("a - a + c = b", "a: One, b: Other, c: Third", "2 and 3");
  const none = { fault: "it has no finite result" };
  assert.deepEqual(workedWith(against, { a: "?", b: "3", c: "2" }), none);
});

test("an option is priced as Black and Scholes do; a sum is added up from now on", () => {
  const option = asked(
    "C = S_0N(d_1) - Xe^{-rt}N(d_2)",
    [
      "C: Call option price, S_0: Current price, X: Exercise price",
      "e: Base of the natural logarithm, r: Interest rate, t: Time to expiration",
      "N: Cumulative distribution function of the standard normal distribution",
      "d_1 = (ln(S_0 / X) + (r + σ^2 / 2)t) / σ√t, d_2 = d_1 - σ√t, σ: Volatility",
    ].join(", "),
    "S_0 $42, X $40, r 10%, t 6 months, σ 20%",
  );
  // Hull, Options, Futures, and Other Derivatives: 4.76.
  const way = { S_0: "42", X: "40", r: "10%", t: "6 months", σ: "20%" };
  assert.equal(valueOf(option, way), 4.76);
  const worth = asked(
    "NPV = ∑ (R_t / (1 + i)^t)",
    "R_t: Net cash inflow, i: Discount rate, t: Number of time periods",
    "$6,000 for 4 years at 8%",
  );
  assert.equal(valueOf(worth, { R_t: "6,000", i: "8%", t: "4" }), 21_462.58);
});

test("a number that stands twice may be used twice; what is no formula is not read", () => {
  const share = asked("E / (E + D)", "E: Equity, D: Debt", "$500,000 and $500,000 again");
  assert.equal(share, undefined);
  const ratio = asked("F = E / D", "E: Equity, D: Debt", "$500,000 and again $500,000, at 7%");
  const ways = waysOf(ratio)!.map((way) => Object.values(way).join("|"));
  assert.ok(ways.includes("500,000|500,000"));
  assert.ok(!ways.includes("7%|7%"));
  assert.equal(waysOf(asked("F = E / D", "E: Equity, D: Debt", "only $500,000")), undefined);
});
