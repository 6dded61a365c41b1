// Reads who a request rules out: worker ids, and names behind words such as "anyone but".
import { blank } from "./phrase-matcher.ts";
import { findCities, findStates } from "./place-reader.ts";
import { findElsewhere, isNoPlace } from "./place-names.ts";
import { knownNameHere, knownNamesIn } from "./known-names.ts";
import { ALL_STATES } from "./places.ts";
import { otherDemands, type Unread } from "./unread-demands.ts";
import { shiftOf, stateOf } from "./want-values.ts";
import { workerIdOf } from "./worker-ids.ts";

export interface ExclusionRead {
  readonly exclude: readonly string[];
  /** Where they stand, in the text and in `rest`. */
  readonly spans: readonly { readonly start: number; readonly end: number }[];
  readonly rest: string;
  readonly unread: readonly Unread[];
}

const DASH = "[-\u2010-\u2015\u2212]";
const WORKER_ID = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:w${DASH})?W(?:\\s?${DASH}\\s?\\d{3,}|\\s?\\d{6,})(?![\\p{L}\\p{N}])`,
  "giu",
);
const WORD = "\\p{Lu}[\\p{L}\\p{M}'’-]*";
const INITIAL = "\\p{Lu}\\.(?= \\p{Lu})";
const SMALL = "(?:de|del|della|di|da|dos|la|las|los|van|von|der|den|al|el|bin|ibn|y)";
const SUFFIX = "(?:,? (?:Jr|Sr)\\b\\.?| I{2,3}\\b)?";
const NAME = `(?:${INITIAL}|${WORD})(?: (?:${SMALL} ){0,3}(?:${INITIAL}|${WORD})){0,3}${SUFFIX}`;
const DO_NOT = "(?:do(?:n['’]t| not)|never|please no|not) ";
const VERB =
  "(?:re-?)?(?:send|want|use|include|assign|book|schedule|choose|pick|hire|bring(?: back)?|place|" +
  "call|take|put|give us|invite|have|need|dispatch|staff|return|rehire)";
const RULED_OUT =
  "except(?:ing)?(?: for)?|excluding|excludes?|exclusions?|other than|besides|apart from|" +
  `aside from|(?:any|every)(?:one|body) but|all but|${DO_NOT}(?:ever )?${VERB}(?: (?:me|us))?|` +
  "leave out|with the exception of|not|without|no(?: more)?|never|avoid|avoiding|skip|skipping|" +
  "(?:anyone|anybody|no one|nobody) like|instead of|rather than|DNR|black-?list(?:ed)?|ban|banned|" +
  "do(?:n['’]t| not) (?:send|use|return)(?: list)?";
/** A colon, quotes, brackets and list marks may stand between the words and the name. */
const SEPARATOR = "(?:\\s*:\\s*|\\s+)(?:[-*•\"“‘'(]\\s*)*";
const REFUSAL = new RegExp(`(?<![\\p{L}\\p{N}])(?:${RULED_OUT})${SEPARATOR}`, "giu");
const NAME_HERE = new RegExp(`^${NAME}(?![\\p{L}\\p{M}\\p{N}])`, "u");
const UNWANTED =
  "(?:(?:is|are) (?:not|no longer)|isn['’]t|aren['’]t) (?:welcome|wanted|allowed|to (?:come|be))|" +
  "(?:is |are )?(?:excluded|excepted|banned|barred|off limits|ruled out|unwelcome|unwanted|out\\b)|" +
  "(?:is|are) on (?:our|the|my|your) (?:do[- ]not|dnr|black)|" +
  "(?:must|should|may|can|could|will|wo|ca)(?: not|not|n['’]t) (?:come|be|work|return|go)|" +
  "(?:stays? )?(?:home|away)|stays? out";
const UNWANTED_NAME = new RegExp(
  `(?<![\\p{L}\\p{M}\\p{N}'’-])(${NAME})["”’)]?\\s+(?:${UNWANTED})(?!\\p{L})`,
  "gu",
);
const NAME_BEFORE = new RegExp(
  `(?<![\\p{L}\\p{M}\\p{N}'’-])(${NAME})(?:,\\s?|,?\\s(?:and|or|nor|&)\\s|\\s?/\\s?)$`,
  "u",
);
const CAPITALISED = new RegExp(`^${NAME}$`, "u");
const NAME_MAX = 200;
/** A list goes on behind a comma, a word, or on a line of its own. */
const JOINT = "\\s*[,;/&]\\s*(?:(?:or|and|nor)\\s+)?|\\s+(?:and|or|nor)\\s+|\\s*\\n\\s*[-*•]\\s*";
const NEXT_NAME = new RegExp(
  `^(?:(?:${JOINT})(?:not\\s+)?(${NAME})|\\s*\\n\\s*(${NAME})(?=\\s*(?:\\n|$)))`,
  "u",
);
const WHOLE_NAME = /^\p{L}[\p{L}\p{M}'’-]+ (?:.* )?\p{L}[\p{L}\p{M}'’-]+\.?$/u;
const STATE_BEHIND = new RegExp(
  `^(?:,\\s*|\\s+)(?:${[...Object.keys(ALL_STATES), ...Object.values(ALL_STATES)].join("|")})\\b`,
);

interface Found {
  readonly name: string;
  readonly start: number;
}

/** The rest holds nothing of whom it rules out, nor does their negation reach beyond them. */
export function readExclusions(text: string): ExclusionRead {
  const ids = readIds(text);
  const unread = [...ids.unread];
  const exclude = [...ids.exclude];
  const spans = [...ids.spans];
  const ruled_out = ruledOutIn(text);
  const starts = new Set([...ids.spans, ...ruled_out].map((one) => one.start));
  const tellNext = (from: number) => {
    for (const { name, start, end } of nextNames(text, from)) {
      // The list goes on from there for itself.
      if (starts.has(start)) return;
      unread.push({ slot: "exclude", said: `exclude: ${name}` });
      spans.push({ start, end });
    }
  };
  for (const { end } of ids.refused) tellNext(end);
  for (const { name: words, start } of ruled_out) {
    const end = start + words.length;
    if (spans.some((span) => span.start < end && start < span.end)) continue;
    const name = words.replace(/['’]s$/, "");
    if (WHOLE_NAME.test(name)) exclude.push(name);
    else unread.push({ slot: "exclude", said: `exclude: ${name}` });
    spans.push({ start, end });
    tellNext(end);
  }
  const taken = spans.map((span) => ({ ...span, negated: true }));
  const rest = blank(blank(text, taken), ids.wanted);
  return { exclude: [...new Set(exclude)], spans, rest, unread };
}

interface Span {
  readonly start: number;
  readonly end: number;
}

const ASKED_FOR =
  "includ(?:e|es|ing)|ask|call|contact|reports?|thanks|regards|hi|hello|dear|text|message|send|use|book|assign|keep|prefer|want|need|" +
  "like|with|bring|give us|as|plus|and also|ideally|preferably";
const PARTS = "lot|gate|dock|door|bay|building|room|line|site|route";
const WANTED_BEFORE = new RegExp(
  `\\b(?:${ASKED_FOR}|${PARTS})\\s+(?:(?:for|us|me|back|worker|to)\\s+)*$`,
  "i",
);
const LISTED = /^\s*(?:,|and|or|&|,\s*and)\s*$/i;
const CLAUSE = /[^,.;:!?\n]*$/;
/** Words that rule out, near or far. */
const REFUSING = new RegExp(
  "\\b(?:not|no|nor|never|without|nobody|none|except\\w*|exclu\\w+|besides|other\\s+than|instead|" +
    "(?<=\\b(?:any|all|every|no)\\w*\\s(?:\\w+\\s){0,2})but|rather|avoid\\w*|skip\\w*|" +
    "bann?(?:ed|s)?|barred|block\\w*|black-?list\\w*|dnr|refus\\w+|reject\\w*|away|cannot|minus|" +
    "unwelcome|unwanted|anymore|fired|terminated|dismissed|suspended)\\b|n['’]t\\b",
  "gi",
);

/** Ids are ruled out unless they are asked for: "including W-000123", "ask W-000123 first". */
function readIds(text: string) {
  const unread: Unread[] = [];
  const exclude: string[] = [];
  const spans: Span[] = [];
  const wanted: Span[] = [];
  let last: Span | undefined;
  for (const match of text.matchAll(WORKER_ID)) {
    const span = { start: match.index, end: match.index + match[0].length };
    const before = text.slice(Math.max(0, span.start - NAME_MAX), span.start);
    const is_next = last !== undefined && LISTED.test(text.slice(last.end, span.start));
    const is_wanted = is_next ? wanted.includes(last!) : isAskedFor(before);
    const id = workerIdOf(match[0]);
    (is_wanted ? wanted : spans).push(span);
    if (is_wanted) unread.push({ slot: undefined, said: `worker: ${match[0]}` });
    else if (id === undefined) unread.push({ slot: "exclude", said: `exclude: ${match[0]}` });
    else exclude.push(id);
    last = span;
  }
  return { exclude, unread, spans, wanted, refused: [...spans] };
}

function isAskedFor(before: string): boolean {
  if (!WANTED_BEFORE.test(before)) return false;
  return CLAUSE.exec(before)![0].search(REFUSING) < 0;
}

/** Names in a list that begins with one who is ruled out. */
function* nextNames(text: string, from: number): Generator<Found & Span> {
  for (let at = from; ;) {
    const match = NEXT_NAME.exec(text.slice(at, at + NAME_MAX));
    const name = match?.[1] ?? match?.[2];
    if (name === undefined || !name.includes(" ") || !isPerson(name)) return;
    at += match![0].length;
    yield { name, start: at - name.length, end: at };
  }
}

const TAKEN_AHEAD = /^\s+(?:[\w'’]+\s+){0,4}·/;
const HARMLESS = /^no[\s-](?:shows?|later|problem|rush|experience|worries|need|more\s+than)\b/i;

/** Names that many people have, in a sentence with a word that rules out and was not heeded. */
export function namesLeft(rest: string): Unread[] {
  return knownNamesIn(rest).flatMap(({ name, start, end }) => {
    const near = rest.slice(Math.max(0, start - NAME_MAX), start);
    const before = near.split(/[!?\n;]|\.\s/).at(-1)!;
    const behind = /^[^!?\n;.]*/.exec(rest.slice(end, end + NAME_MAX))![0];
    if (WANTED_BEFORE.test(before) && before.search(REFUSING) < 0) return [];
    const sentence = before + name + behind;
    const refusals = [...sentence.matchAll(REFUSING)].filter(({ index, 0: word }) => {
      const ahead = sentence.slice(index);
      return !HARMLESS.test(ahead) && !TAKEN_AHEAD.test(ahead.slice(word.length));
    });
    return refusals.length === 0 ? [] : [{ slot: "exclude", said: `exclude: ${name}` }];
  });
}

/** Names that are ruled out by what stands before or behind them. */
function ruledOutIn(text: string): Found[] {
  const before = [...text.matchAll(REFUSAL)].flatMap(({ 0: refusal, index }) => {
    const start = index + refusal.length;
    const ahead = text.slice(start, start + NAME_MAX);
    const name = NAME_HERE.exec(ahead)?.[0] ?? knownNameHere(ahead);
    return name === undefined ? [] : [{ name, start }];
  });
  const behind = [...text.matchAll(UNWANTED_NAME)].flatMap(({ 1: name, index: start }) => {
    return [{ name: name!, start }, ...joinedBefore(text, start)];
  });
  return [...before, ...behind].flatMap(({ name: words, start: from }) => {
    const begun = withoutBeginning(words);
    const start = from + words.length - begun.length;
    const name = personIn(begun);
    if (name === undefined || STATE_BEHIND.test(text.slice(start + name.length))) return [];
    return [{ name, start }];
  });
}

/** "Maria Garcia and John Smith are not welcome." */
function joinedBefore(text: string, end: number): Found[] {
  const found: Found[] = [];
  for (let at = end; ; at = found.at(-1)!.start) {
    const match = NAME_BEFORE.exec(text.slice(Math.max(0, at - NAME_MAX), at));
    if (match === null) return found;
    found.push({ name: match[1]!, start: at - match[0].length });
  }
}

const BEGINNING = /^(?:Keep|Leave|Make|Get|Let|Take|Move|Have)$/;

/** "Also Maria Garcia": a word that begins a sentence is no name. */
function withoutBeginning(words: string): string {
  const parts = words.split(" ");
  const first = parts.findIndex(
    (word) => !BEGINNING.test(word) && !isNoPlace(word) && findCities(word).length === 0,
  );
  return first <= 0 ? words : parts.slice(first).join(" ");
}

/** The name without a place or a shift behind it. */
function personIn(words: string): string | undefined {
  const parts = words.split(" ");
  for (let at = 1; at < parts.length; at++) {
    const tail = parts.slice(at).join(" ");
    if (at > 1 && CAPITALISED.test(tail) && !isPerson(tail)) parts.splice(at);
  }
  const name = parts.join(" ");
  return isPerson(name) ? name : undefined;
}

/** "Not Kansas City" rules out a place, "No Night Shift" a shift. */
function isPerson(name: string): boolean {
  if (knownNameHere(name) === name) return true;
  if (!CAPITALISED.test(name) || shiftOf(name) !== undefined || name === "I") return false;
  if (isNoPlace(name) || otherDemands(name).length > 0 || stateOf(name) !== undefined) return false;
  const places = [...findCities(name), ...findStates(name), ...findElsewhere(name)];
  return !places.some(({ start, end }) => start === 0 && end === name.length);
}
