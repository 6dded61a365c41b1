// Reads who a request rules out: worker ids, and names behind words such as "anyone but".
import { blank } from "./phrase-matcher.ts";
import { findCities, findStates } from "./place-reader.ts";
import { findElsewhere, isNoPlace } from "./place-names.ts";
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

const WORKER_ID = /\b(?:w-)?W-\d{3,}\b/gi;
const WORD = "\\p{Lu}[\\p{L}\\p{M}'’-]*";
const SMALL = "(?:de|del|della|di|da|dos|la|las|los|van|von|der|den|al|el|bin|ibn|y)";
const NAME = `${WORD}(?: (?:${SMALL} ){0,3}${WORD}){0,3}`;
const DO_NOT = "(?:do(?:n['’]t| not)|never|please no|not) ";
const VERB =
  "(?:re-?)?(?:send|want|use|include|assign|book|schedule|choose|pick|hire|bring|place|call|take|" +
  "put|give us|invite|have|need|dispatch|staff)";
const RULED_OUT =
  "except(?:ing)?(?: for)?|excluding|exclude|other than|besides|apart from|aside from|" +
  `(?:any|every)(?:one|body) but|all but|${DO_NOT}(?:ever )?${VERB}(?: (?:me|us))?|leave out|` +
  "with the exception of|not|without|no|never|avoid|avoiding|anyone like|instead of|rather than";
const REFUSAL = new RegExp(`(?<![\\p{L}\\p{N}])(?:${RULED_OUT})\\s+`, "giu");
const NAME_HERE = new RegExp(`^${NAME}(?![\\p{L}\\p{M}\\p{N}])`, "u");
const UNWANTED =
  "(?:(?:is|are) (?:not|no longer)|isn['’]t|aren['’]t) (?:welcome|wanted|allowed|to (?:come|be))|" +
  "(?:is |are )?(?:excluded|excepted|banned|barred|off limits|ruled out)|" +
  "(?:must|should|may|can)(?: not|not|n['’]t) (?:come|be|work|return|go)|stays? (?:home|out)";
const UNWANTED_NAME = new RegExp(
  `(?<![\\p{L}\\p{M}\\p{N}'’-])(${NAME})\\s+(?:${UNWANTED})(?!\\p{L})`,
  "gu",
);
const NAME_BEFORE = new RegExp(
  `(?<![\\p{L}\\p{M}\\p{N}'’-])(${NAME})(?:,\\s?|,?\\s(?:and|or|nor)\\s)$`,
  "u",
);
const CAPITALISED = new RegExp(`^${NAME}$`, "u");
const NAME_MAX = 200;
const NEXT_NAME = new RegExp(
  `^(?:\\s*,\\s*(?:or|and|nor)?\\s*|\\s+(?:and|or|nor)\\s+)(${WORD} ${NAME})`,
  "u",
);
const STATE_BEHIND = new RegExp(
  `^(?:,\\s*|\\s+)(?:${[...Object.keys(ALL_STATES), ...Object.values(ALL_STATES)].join("|")})\\b`,
);

/** The rest holds nothing of whom it rules out, nor does their negation reach beyond them. */
export function readExclusions(text: string): ExclusionRead {
  const unread: Unread[] = [];
  const exclude: string[] = [];
  const spans: { start: number; end: number }[] = [];
  for (const match of text.matchAll(WORKER_ID)) {
    const id = workerIdOf(match[0]);
    spans.push({ start: match.index, end: match.index + match[0].length });
    if (id === undefined) unread.push({ slot: "exclude", said: `exclude: ${match[0]}` });
    else exclude.push(id);
  }
  const ruled_out = ruledOutIn(text);
  for (const { name, start } of ruled_out) {
    if (spans.some((span) => span.start < start + name.length && start < span.end)) continue;
    if (/\s/.test(name)) exclude.push(name);
    else unread.push({ slot: "exclude", said: `exclude: ${name}` });
    let behind = start + name.length;
    spans.push({ start, end: behind });
    for (;;) {
      const next = NEXT_NAME.exec(text.slice(behind));
      if (next === null || !isPerson(next[1]!)) break;
      if (!ruled_out.some((one) => one.name === next[1]))
        unread.push({ slot: "exclude", said: `exclude: ${next[1]!}` });
      behind += next[0].length;
    }
  }
  const taken = spans.map((span) => ({ ...span, negated: true }));
  return { exclude: [...new Set(exclude)], spans, rest: blank(text, taken), unread };
}

/** Names that are ruled out by what stands before or behind them. */
function ruledOutIn(text: string): { name: string; start: number }[] {
  const before = [...text.matchAll(REFUSAL)].flatMap(({ 0: refusal, index }) => {
    const start = index + refusal.length;
    const name = NAME_HERE.exec(text.slice(start, start + NAME_MAX))?.[0];
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
function joinedBefore(text: string, end: number): { name: string; start: number }[] {
  const found: { name: string; start: number }[] = [];
  for (let at = end; ; at = found.at(-1)!.start) {
    const match = NAME_BEFORE.exec(text.slice(Math.max(0, at - NAME_MAX), at));
    if (match === null) return found;
    found.push({ name: match[1]!, start: at - match[0].length });
  }
}

/** "Also Maria Garcia": a word that begins a sentence is no name. */
function withoutBeginning(words: string): string {
  const parts = words.split(" ");
  const first = parts.findIndex((word) => !isNoPlace(word) && findCities(word).length === 0);
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
  if (!CAPITALISED.test(name) || shiftOf(name) !== undefined || name === "I") return false;
  if (isNoPlace(name) || otherDemands(name).length > 0 || stateOf(name) !== undefined) return false;
  const places = [...findCities(name), ...findStates(name), ...findElsewhere(name)];
  return !places.some(({ start, end }) => start === 0 && end === name.length);
}
