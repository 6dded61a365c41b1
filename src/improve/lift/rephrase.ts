// The same sentence in other words by rule: the controls beside minimal edits.
import type { Random } from "#kernel/random.ts";

const BEFORE = ["please", "can you", "could you", "hey,", "would you", "i would like you to"];
const BEFORE_QUESTION = ["tell me,", "hey,", "i was wondering,", "quick question:", "hello,"];
const BEHIND = ["please", "thanks", "thank you", "if possible"];

/** Words for words that mean the same nearly everywhere. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/\bwhat is\b/iu, "what's"],
  [/\bwhat's\b/iu, "what is"],
  [/\bwhats\b/iu, "what is"],
  [/\bi am\b/iu, "i'm"],
  [/\bi'm\b/iu, "i am"],
  [/\bdo not\b/iu, "don't"],
  [/\bdon't\b/iu, "do not"],
  [/\bis not\b/iu, "isn't"],
  [/\bcannot\b/iu, "can't"],
  [/\bcan't\b/iu, "cannot"],
  [/\bi would\b/iu, "i'd"],
  [/\bbegan\b/iu, "started"],
  [/\bstarted\b/iu, "began"],
  [/\bbuy\b/iu, "purchase"],
  [/\bpurchase\b/iu, "buy"],
  [/\bpicture\b/iu, "photo"],
  [/\bmovie\b/iu, "film"],
  [/\bphone\b/iu, "telephone"],
  [/\btv\b/iu, "television"],
  [/\bmom\b/iu, "mother"],
  [/\bhelp\b/iu, "assist"],
  [/\bshow\b/iu, "display"],
  [/\bneed\b/iu, "require"],
  [/\balso\b/iu, "too"],
  [/\blarge\b/iu, "big"],
  [/\bend\b/iu, "finish"],
];

const IS_QUESTION =
  /^(what|who|where|when|why|how|which|whose|is|are|do|does|did|can|could|will)\b/iu;
const IS_REQUEST = /^[a-z]+ (me|my|the|a|an|all|to|for|up|out|off|on|in|this|that|your|us)\b/iu;

/** The sentence with a word or contraction exchanged, or politeness put round it. */
export function rephrase(sentence: string, random: Random): string {
  const text = sentence.replace(/[\s.?!]+$/u, "");
  const rules = WORDS.filter(([found]) => found.test(text));
  if (rules.length > 0 && random.next() < 0.6) {
    const [found, put] = random.pick(rules);
    return text.replace(found, put);
  }
  if (IS_QUESTION.test(text)) {
    return random.next() < 0.7
      ? `${random.pick(BEFORE_QUESTION)} ${text}`
      : `${text}, ${random.pick(BEHIND)}`;
  }
  if (IS_REQUEST.test(text) && random.next() < 0.7) return `${random.pick(BEFORE)} ${text}`;
  return random.next() < 0.5 ? `${text}, ${random.pick(BEHIND)}` : `so, ${text}`;
}
