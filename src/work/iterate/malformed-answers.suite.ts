// For tests: the corpus of malformed answers, made from contents × spellings, and written by hand.
import { seededRandom } from "#kernel/random.ts";
import type { FinishReason } from "#contracts/nouns.ts";
import { spell } from "./loose-spelling.suite.ts";

export interface Order {
  readonly order_id: string;
  readonly priority: number;
  readonly rush: boolean;
  readonly coupon: string | null;
  readonly books: readonly { readonly book_id: string; readonly title: string }[];
  readonly note: string;
}

export interface MalformedAnswer {
  readonly name: string;
  /** syntactic: to be read at the first asking; semantic: at the second. */
  readonly sort: "syntactic" | "semantic";
  readonly text: string;
  readonly finish_reason: FinishReason;
  readonly right: Order;
}

const book = (book_id: string, title: string) => ({ book_id, title });
const order = (order_id: string, books: Order["books"], note: string): Order => ({
  order_id,
  priority: books.length,
  rush: books.length > 1,
  coupon: books.length > 2 ? "SPRING-5" : null,
  books,
  note,
});

/** Texts that a careless reader mistakes for structure. */
export const ORDERS: readonly Order[] = [
  order("O-1", [book("B-001", "A Field Guide to Mosses")], "leave at the door"),
  order("O-2", [book("B-002", "Bread at Home"), book("B-003", "Grüße aus Łódź ✓ 你好")], "rush"),
  order("O-3", [], "nothing today: the shelf is empty"),
  order("O-4", [book("B-004", 'The "Raven" and Others')], 'she said "hello, you" twice'),
  order("O-5", [book("B-005", "Gulliver's Travels")], "it's the reader's copy, isn't it"),
  order("O-6", [book("B-006", "Sets {a, b} and [c]")], "see {appendix}: [1], [2]"),
  order("O-7", [book("B-007", "C:\\temp\\new")], "a\\b is no path"),
  order("O-8", [book("B-008", "Two\nlines")], "first line\nsecond line, with comma"),
  order("O-9", [book("B-009", "https://example.org/a//b?c=1#d")], "# not a comment // nor this"),
  order(
    "O-10",
    [book("B-010", "None of True"), book("B-011", "null, false"), book("B-012", "x")],
    "1,000 of 2.5",
  ),
];

type Template = readonly [string, (order: Order) => string | undefined];

const json = (value: unknown) => JSON.stringify(value);
const DECOY = '{"order_id":"O-0","priority":0,"rush":false,"coupon":null,"books":[],"note":""}';
const holds = (order: Order, pattern: RegExp) => pattern.test(json(order));

const SYNTACTIC: readonly Template[] = [
  ["fenced json", (o) => `Here you are:\n\`\`\`json\n${json(o)}\n\`\`\`\nAnything else?`],
  ["fenced JSON in capitals", (o) => `\`\`\`JSON\n${json(o)}\n\`\`\``],
  ["fenced without a mark", (o) => `\`\`\`\n${spell(o, {})}\n\`\`\``],
  ["fence that is never closed", (o) => `\`\`\`json\n${json(o)}`],
  ["prose around", (o) => `Sure! The order is ${json(o)} – tell me if {that} is fine.`],
  ["trailing commas", (o) => spell(o, { trailing_commas: true })],
  ["single quotes", (o) => spell(o, { quote: "'" })],
  ["backticks", (o) => spell(o, { quote: "`" })],
  ["typographic quotes", (o) => (holds(o, /\\"/) ? undefined : spell(o, { quote: "“" }))],
  ["unquoted keys", (o) => spell(o, { bare_keys: true, space: " " })],
  ["line comments", (o) => spell(o, { comment: "// as asked" })],
  ["hash comments", (o) => spell(o, { comment: "# as asked" })],
  ["block comments", (o) => spell(o, { comment: "/* as asked */", space: " " })],
  ["python literals", (o) => spell(o, { quote: "'", python: true, space: " " })],
  ["missing commas", (o) => spell(o, { no_commas: true })],
  ["doubled commas", (o) => spell(o, { doubled_commas: true })],
  ["raw line breaks in strings", (o) => spell(o, { raw_line_breaks: true })],
  ["missing last bracket", (o) => json(o).slice(0, -1)],
  ["one bracket too many", (o) => `${spell(o, { trailing_commas: true })}\n}`],
  ["a think block with a decoy", (o) => `<think>maybe ${DECOY}?</think>\n${json(o)}`],
  ["a closing think tag alone", (o) => `I try ${DECOY} first</think>${spell(o, { quote: "'" })}`],
  ["a decoy in a fence of another kind", (o) => `\`\`\`python\nx = ${DECOY}\n\`\`\`\n${json(o)}`],
  ["all at once, fenced", (o) => `\`\`\`json\n${LOOSE(o)}\n\`\`\``],
  ["a list of one", (o) => `[${json(o)}]`],
  ["escaped as a whole", (o) => (holds(o, /\\/) ? undefined : json(o).replaceAll('"', '\\"'))],
];

const LOOSE = (order: Order) =>
  spell(order, { quote: "'", bare_keys: true, trailing_commas: true, comment: "// ok" });

const without = (order: Order, field: keyof Order) =>
  json(Object.fromEntries(Object.entries(order).filter(([name]) => name !== field)));

const SEMANTIC: readonly Template[] = [
  ["wrong type", (o) => json({ ...o, priority: "high" })],
  ["a list for a text", (o) => json({ ...o, note: [o.note] })],
  ["missing field", (o) => without(o, "books")],
  ["unknown field", (o) => json({ ...o, mood: "sunny" })],
  ["refinement failure", (o) => json({ ...o, priority: o.priority + 7 })],
  ["refusal", (o) => `I am sorry, but I cannot place order ${o.order_id}.`],
  ["empty answer", () => "  \n"],
  ["ellipsis for the rest", (o) => json(o).replace(/"note":.*$/, "...}")],
  ["a value left out", (o) => json(o).replace(/"priority":\d+/, '"priority":')],
  ["a field written twice", (o) => json(o).replace("{", '{"note":"first",')],
  ["a number with a separator", (o) => json(o).replace(/"priority":\d+/, '"priority":1,000')],
  ["a call for a value", (o) => json(o).replace(`"${o.order_id}"`, `OrderId("${o.order_id}")`)],
  ["brackets that cross", (o) => json(o).replace(/\],"note"/, '},"note"')],
  ["undefined for a value", (o) => json(o).replace(/"rush":\w+/, '"rush":undefined')],
  ["only thinking", (o) => `<think>${json(o)}`],
  ["an escape that is none", (o) => json(o).replace('"note":"', '"note":"\\d ')],
];

/** At least 200 answers; the same seed gives the same. */
export function malformedAnswers(seed: number): readonly MalformedAnswer[] {
  const made = (sort: MalformedAnswer["sort"], templates: readonly Template[]) =>
    templates.flatMap(([name, write]) =>
      ORDERS.flatMap((right) => {
        const text = write(right);
        if (text === undefined) return [];
        const finish_reason = "stop" as const;
        return [{ name: `${name}, ${right.order_id}`, sort, text, finish_reason, right }];
      }),
    );
  return [
    ...made("syntactic", SYNTACTIC),
    ...made("semantic", SEMANTIC),
    ...cutAnswers(seed),
    ...BY_HAND,
  ];
}

/** Cut anywhere by the token limit, and cut inside of a string without a word about it. */
function cutAnswers(seed: number): MalformedAnswer[] {
  const random = seededRandom(seed);
  return ORDERS.flatMap((right) => {
    const whole = json(right);
    const anywhere = 2 + Math.floor(random.next() * (whole.length - 3));
    const in_note = whole.length - 3 - Math.floor(random.next() * (right.note.length - 2));
    const cut = (name: string, at: number, finish_reason: FinishReason): MalformedAnswer => ({
      name: `${name} at ${at}, ${right.order_id}`,
      sort: "semantic",
      text: whole.slice(0, at),
      finish_reason,
      right,
    });
    return [
      cut("cut by the limit", anywhere, "length"),
      cut("cut by the limit before the last bracket", whole.length - 1, "length"),
      cut("cut within a text", in_note, "stop"),
    ];
  });
}

const PLAIN = ORDERS[0]!;
const byHand = (name: string, text: string, right: Order): MalformedAnswer => ({
  name,
  sort: "syntactic",
  text,
  finish_reason: "stop",
  right,
});

const BY_HAND: readonly MalformedAnswer[] = [
  byHand(
    "quotes inside a text that are not escaped",
    json(PLAIN).replace("leave at the door", 'leave at the "green" door'),
    { ...PLAIN, note: 'leave at the "green" door' },
  ),
  byHand(
    "an apostrophe in single quotes that is not escaped",
    spell(PLAIN, { quote: "'" }).replace("leave at", "don't leave at"),
    { ...PLAIN, note: "don't leave at the door" },
  ),
  byHand(
    "a text written as a sum",
    json(PLAIN).replace('"leave at the door"', '"leave at " + "the door"'),
    PLAIN,
  ),
  byHand("a colon that is missing", json(PLAIN).replace('"priority":', '"priority" '), PLAIN),
  byHand("a closing quote that is missing", json(PLAIN).replace('O-1"', "O-1"), PLAIN),
  byHand(
    "a text without quotes",
    json(PLAIN).replace('"leave at the door"', "leave at the door"),
    PLAIN,
  ),
  byHand("a comma at the beginning", json(PLAIN).replace("{", "{,"), PLAIN),
  byHand("a semicolon after it", `${json(PLAIN)};`, PLAIN),
  byHand("an assignment", `const order = ${spell(PLAIN, { bare_keys: true })};`, PLAIN),
  byHand("a call around it", `place(${spell(PLAIN, { quote: "'" })})`, PLAIN),
  byHand("a comment before the first field", json(PLAIN).replace("{", "{ // the order\n"), PLAIN),
  byHand(
    "two fences, the first another language",
    `\`\`\`bash\necho {a}\n\`\`\`\n\`\`\`json\n${spell(PLAIN, { trailing_commas: true })}\`\`\``,
    PLAIN,
  ),
];
