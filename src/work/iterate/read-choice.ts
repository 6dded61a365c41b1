// Choices read value by value: how likely a small model finds each value, and all of them together.
import type { Call } from "#kernel/call.ts";
import { canonicalJson } from "#kernel/ids.ts";
import type { ChatAnswer } from "#contracts/chat.ts";
import type { ChatMessage, Reading, TokenLogprob } from "#contracts/nouns.ts";
import { createAskedOnce, createLikelyAsker, nameOf } from "./ask-likely.ts";
import type { Item, Judge } from "./ask-likely.ts";
import type { AskedModel, AskModel } from "./ask-model.ts";

/** What a value gets that is not among the likely ones. */
const UNTOLD = -12;
const READ = "I have read it.";

/** One field: what was answered, and ln P of each value by its JSON. */
interface ReadField {
  readonly answer: ChatAnswer;
  readonly likely: ReadonlyMap<string, number>;
}

/**
 * Each field is asked for by itself, held to the values that the choices have for it; the score of
 * a choice is the sum of the ln P of its values. What a model likes to say whatever it is asked
 * counts for every field, so that it cancels out where each value is used once.
 */
export function createReader(reading: Reading): Judge {
  const shown = exampleMessages(reading);
  const ask = createLikelyAsker();
  /** Values only become fewer: what was read of all of them holds for the rest. */
  const once = createAskedOnce<ReadField>();

  async function read(
    asking: AskModel,
    asked: AskedModel,
    field: string,
    values: readonly unknown[],
    call: Call,
  ): Promise<ReadField> {
    const texts = [...new Set(values.map((value) => JSON.stringify(value)))];
    const held = { enum: texts.map((text) => JSON.parse(text)) };
    const schema = { name: "value", schema: held, part_of: reading };
    const one_value = { ...asked, schema, temperature: 0, max_tokens: tellingLength(texts) };
    const messages = [...shown, question(reading.names[field] ?? field)];
    const answer = await ask(asking, one_value, messages, call);
    return { answer, likely: likelihoods(texts, answer) };
  }

  return async (asking, { schema: _schema, choices: _choices, ...asked }, options, call) => {
    const fields = openFields(options);
    const sums = new Map<Item, number>(options.map((option) => [option, 0]));
    let last: ReadField | undefined;
    for (const field of fields) {
      const key = canonicalJson([nameOf(asked), field]);
      const values = options.map((option) => option[field]);
      const told = await once(key, () => read(asking, asked, field, values, call), call);
      last = told;
      for (const [option, sum] of sums) {
        sums.set(option, sum + (told.likely.get(JSON.stringify(option[field])) ?? UNTOLD));
      }
    }
    return { scores: sums, answer: last!.answer };
  };
}

/** What there is a choice in. */
function openFields(options: readonly Item[]): string[] {
  const fields = Object.keys(options[0]!);
  const open = fields.filter((field) => {
    return new Set(options.map((option) => JSON.stringify(option[field]))).size > 1;
  });
  return open.length > 0 ? open : fields.slice(0, 1);
}

function exampleMessages({ instruction, text, examples }: Reading): ChatMessage[] {
  const read = (one: string): ChatMessage[] => [
    { role: "user", content: one },
    { role: "assistant", content: READ },
  ];
  const solved = examples.flatMap((example) => [
    ...read(example.text),
    ...Object.entries(example.values).flatMap(([name, value]): ChatMessage[] => [
      question(name),
      { role: "assistant", content: JSON.stringify(value) },
    ]),
  ]);
  return [{ role: "system", content: instruction }, ...solved, ...read(text)];
}

const question = (name: string): ChatMessage => ({ role: "user", content: `${name}?` });

/** As many tokens as tell the texts apart, however short they are. */
function tellingLength(texts: readonly string[]): number {
  const sorted = texts.toSorted();
  const shared = sorted.slice(1).map((text, at) => commonLength(text, sorted[at]!));
  return Math.max(0, ...shared) + 1;
}

function commonLength(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return length;
}

/** Along the likeliest answer, at each place: how likely it would have gone on to each text. */
function likelihoods(texts: readonly string[], answer: ChatAnswer): Map<string, number> {
  const places = answer.logprobs ?? [];
  if (places.every(({ top_logprobs = [] }) => top_logprobs.length === 0)) {
    const said = answer.content.trim();
    // Its word has to do.
    return new Map(texts.flatMap((text) => (saysSo(said, text) ? [[text, 0]] : [])));
  }
  const likely = new Map<string, number>();
  let told = "";
  let sum = 0;
  for (const place of places) {
    for (const text of texts) {
      if (!text.startsWith(told)) continue;
      likely.set(text, sum + lnGoingOn(text.slice(told.length), place, told === ""));
    }
    told += told === "" ? place.token.trimStart() : place.token;
    sum += place.logprob;
  }
  return likely;
}

function lnGoingOn(rest: string, { top_logprobs = [] }: TokenLogprob, first: boolean): number {
  const probability = top_logprobs
    .map(({ token, logprob }) => ({ token: first ? token.trimStart() : token, logprob }))
    .filter(({ token }) => token !== "" && (rest.startsWith(token) || token.startsWith(rest)))
    .reduce((sum, { logprob }) => sum + Math.exp(logprob), 0);
  // A text that is whole goes on to nothing; whatever follows it is not its business.
  return rest === "" ? 0 : Math.max(UNTOLD, Math.log(probability));
}

function saysSo(said: string, text: string): boolean {
  const bare = (one: string) => one.replace(/^"|"$/gu, "");
  return bare(said) === bare(text);
}
