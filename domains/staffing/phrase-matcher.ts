// Finds the phrases of a vocabulary in a text: longest first, whole words, case aside.
import { ALL_STATES } from "./places.ts";

export interface PhraseMatch<T> {
  readonly value: T;
  readonly start: number;
  readonly end: number;
  /** A negation stands at it: "not nights", "no days or nights", "anywhere but Detroit". */
  readonly negated: boolean;
}

export type PhraseMatcher<T> = (text: string) => PhraseMatch<T>[];

const WORD_CODES = ["OK", "OR", "ME", "HI", "IN"];
const STATES_SAID = Object.entries(ALL_STATES).flatMap(([code, name]) =>
  WORD_CODES.includes(code) ? [name] : [code, name],
);
/** What one may be taken out of: "anywhere in Ohio but", "any of the shifts but". */
const WHOLE =
  "(?:in|of|the|our|your|my|other|cit(?:y|ies)|towns?|places?|locations?|states?|sites?|areas?|" +
  `shifts?|times?|days?|nights?|weekends?|weekdays?|hours|${STATES_SAID.join("|")})`;
/** What takes one out of many. After another negation it gives back: "nobody outside Detroit". */
const EXCEPTIONS =
  "(?:any|every)(?:one|body|where|thing)\\s+but|all\\s+but|" +
  `(?<=\\b(?:any|every|all)\\w*(?:\\s+${WHOLE}){1,4}\\s+)but(?:\\s+for)?|` +
  "(?<=\\b(?:any|every|all)\\w*\\b[^,.;:!?\\n]{0,60})but\\s+for|" +
  "except(?:ed|ing)?(?:\\s+for)?|with\\s+the\\s+exception\\s+of|excludes|excluding|exclude|" +
  "other\\s+than|besides|apart\\s+from|aside\\s+from|outside\\s+of|" +
  "outside(?!\\s+(?:in|at|on|for|work\\w*|jobs?)\\b)|" +
  "(?<!\\bnot\\s+)(?:far\\s+away|away|far)\\s+from|leave\\s+out";
/** "Nobody without OSHA 10" asks for it, wherever in the clause the other negation stands. */
const WITHOUT =
  "without|(?<=\\bwith\\s+)no|(?<=\\b(?:who|that|which)\\s+)(?:cannot|(?:ca|do|does|did|wo|is|are|has|have)n['’]t|" +
  "(?:can|do|does|will|is|are)\\s+not)";
const REFUSALS =
  "skip|skipping|not|no|non|nor|never|nobody|none|nowhere|rather\\s+than|instead\\s+of|avoid|avoiding|" +
  "cannot|(?:ca|do|does|did|wo|would|is|are|was|were|should|must|could|has|have)n['’]t";
/** Small words that may stand between a negation and what it rules out. */
const BETWEEN =
  "need|needs|want|wants|work|works|do|be|a|an|any|the|on|in|for|from|of|have|has|with|require|" +
  "requires|at|more|one|anyone|anybody|someone|people|workers|them|those|who|is|are|living|live|lives|" +
  "based|located|working|near|around|within|city|either|including|include|serve|use\\s+for|" +
  "(?:staff|crew|temps?|associates|employees|folks|guys|hands)(?=\\s+from\\b)|" +
  "(?:able|willing|available|going|want|wants)\\s+to";
/** A negation is looked for within so many letters, so that long texts take no longer for each. */
const NEAR = 160;
/** Stands where something was read that a negation ruled out: it rules out nothing behind it. */
const TAKEN = "·";
const LATER = `${TAKEN}+\\s+(?:or|nor)\\s+(?:(?:${BETWEEN})\\s+)*`;
const NEGATION = new RegExp(
  `\\b(?:(${EXCEPTIONS})|(${WITHOUT})|${REFUSALS})\\s+(?:(?:${BETWEEN})\\s+)*(?:${LATER})?$`,
  "i",
);
const FOLK = "(?:people|workers|folks|guys|crew|staff)";
const NEGATION_AFTER = new RegExp(
  `^\\s+(?:${FOLK}\\s+)?(?:(?:is\\s+|are\\s+)?(?:not\\s+(?:needed|required|necessary|wanted|` +
    "allowed|possible|an\\s+option)|optional|excluded|excepted|ruled\\s+out|off\\s+limits|" +
    "out\\s+of\\s+the\\s+question)|(?:is|are)\\s+(?:no\\s+good|a\\s+no(?:[\\s-]?go)?))\\b",
  "i",
);
/** Of people it says that they are not there: only times and places are ruled out by it. */
const OUT_AFTER = new RegExp(
  "^\\s+(?:(?:is|are)\\s+out|(?:do|does|wo|will)(?:n['’]t|\\s+not)\\s+(?:work|do)" +
    "(?:\\s+for\\s+(?:us|me))?)(?=\\s*(?:[,.;:!?)\\n]|$))",
  "i",
);
const CREW = /\b(?:crew|staff|team)s?$/i;
const OURS = /\b(?:our|my|their)\s+$/i;
const EXCEPTION = new RegExp(`\\b(?:${EXCEPTIONS})\\s+(?:(?:${BETWEEN})\\s+)*`, "gi");
const REFUSAL_AHEAD = new RegExp(`^(?:${WITHOUT}|${REFUSALS})\\b`, "i");
const REFUSED_BEFORE = new RegExp(`\\b(?:${REFUSALS})\\b[^,.;:!?\\n]*$`, "i");
const OUT_OF = /^[Oo]utside\s+(?:of\b|the\b|\p{Lu})/u;
/** What joins the members of a list; of a city's state nothing is said twice. */
const JOINED = new RegExp(
  "^(?:,?\\s*\\(?[A-Z]{2}\\b\\)?)?\\s*(,)?\\s*(or|nor|and|\\/|&)?\\s*" +
    "(?:(?:the|in|on|at|for|from|any)\\s+)*$",
);

/**
 * `phrases`: how a value is written → the value. A space in them may be a hyphen in the text.
 * `people`: they are names of people, who do not rule anybody out by being out.
 */
export function phraseMatcher<T>(
  phrases: ReadonlyMap<string, T>,
  { people = false } = {},
): PhraseMatcher<T> {
  const by_words = new Map([...phrases].map(([words, value]) => [keyOf(words), value]));
  const alternatives = [...by_words.keys()]
    .toSorted((a, b) => b.length - a.length)
    .map((words) => words.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&"))
    .map((words) => words.replaceAll(BEFORE_DIGIT, `${GAP}?`).replaceAll(" ", GAP));
  const pattern = new RegExp(`(?<![\\w-])(?:${alternatives.join("|")})(?![\\w])`, "gi");
  return (text) => {
    const found = [...text.matchAll(pattern)].map((match) => ({
      value: by_words.get(keyOf(match[0]))!,
      start: match.index,
      end: match.index + match[0].length,
      negated: isNegated(text.slice(0, match.index)),
      after:
        NEGATION_AFTER.test(text.slice(match.index + match[0].length)) ||
        (!people && isOut(text, match.index, match[0])),
    }));
    return spread(text, found);
  };
}

/** "Nights are out", not "our night shift is out" nor "the night crew is out": they are lacked. */
function isOut(text: string, start: number, words: string): boolean {
  if (!OUT_AFTER.test(text.slice(start + words.length))) return false;
  return !CREW.test(words) && !OURS.test(text.slice(Math.max(0, start - NEAR), start));
}

const GAP = "(?:\\s+|[-\\u2010\\u2011])";
/** "OSHA10" is OSHA 10. */
const BEFORE_DIGIT = /(?<=\p{L}) (?=\d)/gu;

function keyOf(words: string): string {
  const small = words.toLowerCase().replaceAll(/[\s\u2010\u2011-]+/g, " ");
  return small.replaceAll(/(?<=\p{L})(?=\d)/gu, " ");
}

interface Found<T> extends PhraseMatch<T> {
  /** Ruled out by what stands behind it. */
  readonly after: boolean;
}

/** A negation holds for a list: "not in Detroit or Toledo", "OSHA 10 or OSHA 30 not needed". */
function spread<T>(text: string, found: readonly Found<T>[]): PhraseMatch<T>[] {
  const joints = found.map(({ end }, at) => {
    const next = found[at + 1];
    return next === undefined ? undefined : (JOINED.exec(text.slice(end, next.start)) ?? undefined);
  });
  const listed = listedOf(joints);
  const negated = found.map((one) => one.negated || one.after);
  for (let at = 1; at < found.length; at++) {
    if (!found[at - 1]!.after && negated[at - 1]! && listed[at - 1]!) {
      negated[at] ||= !/^\s+only\b/i.test(text.slice(found[at]!.end));
    }
  }
  for (let at = found.length - 2; at >= 0; at--) {
    if (found[at + 1]!.after && /^(?:or|nor|\/)$/i.test(joints[at]?.[2] ?? "")) negated[at] = true;
  }
  return found.map(({ value, start, end }, at) => ({ value, start, end, negated: negated[at]! }));
}

/** Joined by a word, or by a comma in a list whose last members are. */
function listedOf(joints: readonly (RegExpExecArray | undefined)[]): boolean[] {
  const listed = joints.map((joint) => joint?.[2] !== undefined);
  for (let at = listed.length - 2; at >= 0; at--) {
    if (joints[at]?.[1] !== undefined) listed[at] ||= listed[at + 1]!;
  }
  return listed;
}

/** Whether a text ends in a negation of what comes next. */
export function isNegated(before: string): boolean {
  const near = before.length <= NEAR ? before : before.slice(-NEAR).replace(/^\S+/, "");
  const match = NEGATION.exec(near);
  if (match === null) return false;
  const before_it = near.slice(0, match.index);
  if (match[2] !== undefined) return !REFUSED_BEFORE.test(before_it);
  return match[1] === undefined || !isNegated(before_it);
}

/**
 * Words that take something out ("anywhere but"): where each begins, and where it points to. Not
 * those of another negation, and not "outside" where it is in the open.
 */
export function exceptionsIn(text: string): { start: number; end: number }[] {
  return [...text.matchAll(EXCEPTION)].flatMap((match) => {
    const { index: start } = match;
    const end = start + match[0].length;
    if (isNegated(text.slice(0, start)) || REFUSAL_AHEAD.test(text.slice(end))) return [];
    if (/^outside\s/i.test(match[0]) && !OUT_OF.test(text.slice(start))) return [];
    return [{ start, end }];
  });
}

/**
 * The text with spans out of it, so that later readers do not see them again. Lengths stay. What
 * was negated keeps its negation to itself.
 */
export function blank(
  text: string,
  spans: readonly { start: number; end: number; negated?: boolean }[],
): string {
  return filled(text, spans, ({ negated }) => (negated === true ? TAKEN : " "));
}

/** The text without what any of the patterns finds. Its length stays. */
export function blankAll(text: string, ...patterns: readonly RegExp[]): string {
  return patterns.reduce(
    (rest, pattern) => rest.replaceAll(global(pattern), (found) => " ".repeat(found.length)),
    text,
  );
}

function global(pattern: RegExp): RegExp {
  return pattern.global ? pattern : new RegExp(pattern, `${pattern.flags}g`);
}

/** The text with a sign for all that stands in spans. Its length stays. */
export function filled<S extends { readonly start: number; readonly end: number }>(
  text: string,
  spans: readonly S[],
  signOf: (span: S) => string,
): string {
  const [first] = spans;
  if (first === undefined) return text;
  if (spans.length === 1) {
    const filler = signOf(first).repeat(first.end - first.start);
    return text.slice(0, first.start) + filler + text.slice(first.end);
  }
  const units = text.split("");
  for (const span of spans) units.fill(signOf(span), span.start, span.end);
  return units.join("");
}
