// Reads who a request rules out: worker ids, and names behind words such as "anyone but".
import { blank } from "./phrase-matcher.ts";
import { lettersOf, type Span } from "./spans.ts";
import { findCities, findStates } from "./place-reader.ts";
import { findElsewhere, isHoliday, isNameWord, isNoPlace, isThing } from "./place-names.ts";
import {
  isListJoint,
  isListRefused,
  isOnlyOneNext,
  isRefusing,
  isSignature,
  standingOf,
  type Standing,
} from "./named-people.ts";
import { knownNameHere, knownNamesIn } from "./known-names.ts";
import { unaccented } from "./plain-text.ts";
import { ALL_STATES } from "./places.ts";
import { otherDemands, otherPapers, type Unread } from "./unread-demands.ts";
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
  "except(?:ing)?(?: for)?|excluding|exclude[ds]?|excl\\.?|exclusions?(?: list)?|other than|" +
  `besides|apart from|aside from|(?:any|every)(?:one|body) but|all but|${DO_NOT}(?:ever )?${VERB}(?: (?:me|us))?|` +
  "leave out|with the exception of|not|without|no(?: more)?|never|avoid|avoiding|skip|skipping|" +
  "stop (?:sending|using|booking|scheduling|placing)|" +
  "(?:anyone|anybody|no one|nobody) like|instead of|rather than|DNRs?(?: list)?|black-?list(?:ed)?|" +
  "ban|banned|blocked|do(?:n['’]t|[ -]not)[ -](?:send|use|return)(?:[ -]list)?";
/** A colon, quotes, brackets, list marks and a title may stand between the words and the name. */
const SEPARATOR =
  "(?:\\s*[:=]\\s*|\\s+|(?<=DNRs?)-)(?:[-*•\"“‘'([]\\s*|\\d{1,2}[.)]\\s*){0,4}" +
  "(?<title>(?:mr|mrs|ms|miss|dr) )?";
const REFUSAL = new RegExp(`(?<![\\p{L}\\p{N}])(?:${RULED_OUT})${SEPARATOR}`, "giu");
const NAME_HERE = new RegExp(`^${NAME}(?![\\p{L}\\p{M}\\p{N}])`, "u");
/** What may stand behind "must not be" of somebody who is to stay away. */
const PLACED =
  "(?:allowed|welcome|here|there|back|sent|used|booked|assigned|placed|scheduled|rehired|" +
  "at (?:our|the|my))\\b";
const CLAUSE_END = "(?=\\s*(?:[,.;:!?)\\n\u2013\u2014]|$))";
const UNWANTED =
  "(?:(?:is|are) (?:not|no longer)|isn['’]t|aren['’]t) " +
  `(?:welcome|wanted|allowed|to (?:come|be ${PLACED}))|` +
  "(?:is |are )?(?:DNR|excluded|excepted|banned|barred|off limits|ruled out|unwelcome|unwanted)|" +
  "(?:is|are) on (?:our|the|my|your) (?:do[- ]not|dnr|black)|" +
  "(?:must|should|may)(?: not|n['’]t) (?:come|work|return(?! calls))\\b|" +
  "(?:must|should|may|can|could|will|wo|ca)(?: not|not|n['’]t) " +
  `(?:be ${PLACED}|(?:come|work|return|go)(?: back| here| again)?` +
  `(?:${CLAUSE_END}| (?:to|at|in|for|on) (?:our|us)\\b))|` +
  `(?:is|are|stays?|(?:is|are) to stay) (?:out|home|away)${CLAUSE_END}`;
/** "Maria Garcia (DNR)", "Maria Garcia - not welcome". */
const MARK =
  "(?:DNR|[Dd]o(?:n['’]t| not) (?:send|use|return)|[Bb]anned|[Bb]arred|[Bb]lack-?listed|" +
  `[Ee]xcluded|(?:[Nn]ot|[Nn]o longer|[Nn]ever) (?:welcome|wanted|allowed|again))${CLAUSE_END}`;
const UNWANTED_NAME = new RegExp(
  `(?<![\\p{L}\\p{M}\\p{N}'’-])(${NAME})(?:["”’)]?\\s+(?:${UNWANTED})(?!\\p{L})|` +
    `\\s*(?:[:,([]|[-\u2013\u2014]+)\\s*${MARK})`,
  "gu",
);
/** Keep Maria Garcia away. */
const KEPT_AWAY = new RegExp(
  `\\b[Kk]eep (${NAME}) (?:(?:out|home|away|off)${CLAUSE_END}|(?:away|off) (?=\\p{Ll}))`,
  "gu",
);
const NAME_BEFORE = new RegExp(
  `(?<![\\p{L}\\p{M}\\p{N}'’-])(${NAME})(?:,\\s?|,?\\s(?:and|or|nor|&)\\s|\\s?/\\s?)$`,
  "u",
);
const CAPITALISED = new RegExp(`^${NAME}$`, "u");
const NAME_MAX = 200;
/** A list goes on behind a comma, a word, or on a line of its own. */
const JOINT = "\\s*[,;/&+]\\s*(?:(?:or|and|nor)\\s+)?|\\s+(?:and|or|nor)\\s+|\\s*\\n\\s*[-*•]\\s*";
const NEXT_NAME = new RegExp(
  `^(?:(?:${JOINT})(?:not\\s+)?(?:(?:[Mm]rs?|[Mm]s|[Mm]iss|[Dd]r) )?(${NAME})|` +
    `\\s*\\n\\s*(${NAME})(?=\\s*(?:\\n|$)))`,
  "u",
);
const WHOLE_NAME = /^\p{L}[\p{L}\p{M}'’-]+ (?:.* )?\p{L}[\p{L}\p{M}'’-]+\.?$/u;
const STATE_BEHIND = new RegExp(
  `^(?:,\\s*|\\s+)(?:${[...Object.keys(ALL_STATES), ...Object.values(ALL_STATES)].join("|")})\\b`,
);

interface Found {
  readonly name: string;
  readonly start: number;
  /** The longer run of words that the name stands in. */
  readonly said?: string;
  /** "See Attached" and "Badge Reader is out" name nobody we could rule out. */
  readonly is_sure: boolean;
  /** Two words with a capital behind "not" or its like: no more likely a thing than a person. */
  readonly is_plain: boolean;
}

/** The rest holds nothing of whom it rules out, nor does their negation reach beyond them. */
export function readExclusions(text: string): ExclusionRead {
  const ids = readIds(text);
  const unread = [...ids.unread];
  const exclude = [...ids.exclude];
  const spans = [...ids.spans];
  const taken = lettersOf(spans, text.length);
  const take = (span: Span) => {
    spans.push(span);
    taken.fill(1, span.start, span.end);
  };
  const ruled_out = ruledOutIn(text);
  const starts = new Set([...ids.spans, ...ruled_out].map((one) => one.start));
  const tell = (said: string) => unread.push({ slot: "exclude", said: `exclude: ${said}` });
  const tellNext = (from: number) => {
    for (const { name, start, end } of nextNames(text, from)) {
      // The list goes on from there for itself.
      if (starts.has(start)) return;
      tell(name);
      take({ start, end });
    }
  };
  for (const { end } of ids.spans) tellNext(end);
  for (const name of namesBehindNobody(text)) tell(name);
  for (const { name: words, start, is_sure, said, is_plain } of ruled_out) {
    const end = start + words.length;
    if (taken.subarray(start, end).includes(1)) continue;
    const name = words.replace(/['’]s$/, "");
    const is_owner = name !== words && /^ \p{Ll}/u.test(text.slice(end, end + 2));
    const is_whole = is_sure && !is_owner && WHOLE_NAME.test(name);
    if (is_whole) exclude.push(...(said === undefined ? [] : [said]), name);
    if (said !== undefined) tell(`${said} (as ${name})`);
    else if (!is_whole) tell(name);
    else if (!is_plain && !isNameOfMany(name)) tell(`${name} (a name not known)`);
    take({ start, end });
    tellNext(end);
  }
  const negated = spans.map((span) => ({ ...span, negated: true }));
  const rest = blank(blank(text, negated), ids.wanted);
  return { exclude: [...new Set(exclude)], spans, rest, unread };
}

/**
 * Ids are ruled out unless they are asked for ("including W-000123", "ask W-000123 first"); where
 * no word says either, that is told.
 */
function readIds(text: string) {
  const unread: Unread[] = [];
  const exclude: string[] = [];
  const spans: Span[] = [];
  const wanted: Span[] = [];
  let last: (Span & { readonly standing: Standing }) | undefined;
  for (const match of text.matchAll(WORKER_ID)) {
    const span = { start: match.index, end: match.index + match[0].length };
    const named = NAMED_BEFORE.exec(text.slice(Math.max(0, span.start - NAME_MAX), span.start));
    const own = standingOfId(text, span, named?.[0] ?? "");
    const is_next = last !== undefined && isListJoint(text.slice(last.end, span.start));
    const standing = is_next && own === "unclear" ? last!.standing : own;
    const id = workerIdOf(match[0]);
    (standing === "asked_for" ? wanted : spans).push(span);
    if (standing === "asked_for") unread.push({ slot: undefined, said: `worker: ${match[0]}` });
    else if (id === undefined) unread.push({ slot: "exclude", said: `exclude: ${match[0]}` });
    else exclude.push(id);
    if (standing === "unclear" && id !== undefined)
      unread.push({ slot: "exclude", said: `worker: ${match[0]} (left out)` });
    last = { ...span, standing };
  }
  return { exclude, unread, spans, wanted };
}

/** `named`: the name before an id in brackets, perhaps with the word that refuses him. */
function standingOfId(text: string, { start, end }: Span, named: string): Standing {
  const own = standingOf(text, start - named.length, end, true);
  if (own !== "unclear") return own;
  return isRefusing(named) || isListRefused(text, start) ? "refused" : own;
}

/** "Joe Smith (W-000123)": what is said of the name is said of the id. */
const NAMED_BEFORE = new RegExp(`(?<![\\p{L}\\p{M}\\p{N}'’-])${NAME}\\s?[([]$`, "u");

/** Names in a list that begins with one who is ruled out. */
function* nextNames(text: string, from: number): Generator<Span & { readonly name: string }> {
  for (let at = from; ;) {
    const match = NEXT_NAME.exec(text.slice(at, at + NAME_MAX));
    const name = match?.[1] ?? match?.[2];
    if (name === undefined || !isPerson(name)) return;
    // A word behind a comma may begin anything, behind "or" it goes on with the list.
    const is_bare = !/^\s*(?:[,;]|\n)\s*\S+$/.test(match![0]) || isNameWord(name);
    if (!name.includes(" ") && !is_bare) return;
    at += match![0].length;
    yield { name, start: at - name.length, end: at };
  }
}

/** Names that are ruled out by what stands before or behind them. */
function ruledOutIn(text: string): Found[] {
  const before = [...text.matchAll(REFUSAL)].flatMap(({ 0: refusal, index, groups }) => {
    const start = index + refusal.length;
    const ahead = text.slice(start, start + NAME_MAX);
    if (isNobodyNext(ahead) || isOnlyOneNext(text.slice(0, start))) return [];
    const name = NAME_HERE.exec(ahead)?.[0] ?? knownNameHere(ahead);
    if (name === undefined) return [];
    const is_sure = !NO_NAME.test(name) && !/^stop/i.test(refusal);
    const is_plain = PLAINLY.test(refusal) && TWO_WORDS.test(name);
    return [{ name, start, is_sure, is_plain, is_titled: groups!.title !== undefined }];
  });
  const kept = [...text.matchAll(KEPT_AWAY)].map(({ 1: name, index, 0: words }) => {
    const start = index + words.indexOf(name!);
    const is_plain = words.endsWith(" away") && TWO_WORDS.test(name!);
    return { name: name!, start, is_sure: !words.endsWith(" "), is_plain, is_titled: false };
  });
  const unwanted = unwantedIn(text).map((one) => ({ ...one, is_titled: false }));
  return [...before, ...kept, ...unwanted].flatMap(
    ({ name: words, start: from, is_sure, is_plain, is_titled }) => {
      // "Mr. May" is a person, whatever else the word means.
      if (is_titled && !words.includes(" "))
        return [{ name: words, start: from, is_sure, is_plain }];
      if (isHoliday(words)) return [];
      const begun = withoutBeginning(words);
      const start = from + words.length - begun.length;
      const name = personIn(begun);
      if (name === undefined || STATE_BEHIND.test(text.slice(start + name.length))) return [];
      return [{ ...wholeIn(name, start), is_sure: is_sure && !isThing(name), is_plain }];
    },
  );
}

function isNobodyNext(ahead: string): boolean {
  return NOBODY.test(ahead) || NO_DNRS.test(ahead);
}

/** "No DNRs, Zorbo Quint": it may go on with one of them, or with anything else. */
function namesBehindNobody(text: string): string[] {
  const starts = new Set<number>();
  const seen = new Set<string>();
  const names: string[] = [];
  for (const { 0: refusal, index } of text.matchAll(REFUSAL)) {
    const start = index + refusal.length;
    const [said, sign] = NO_DNRS.exec(text.slice(start, start + NAME_MAX)) ?? [];
    if (said === undefined || !/[,;\n]/.test(sign!)) continue;
    let is_list = false;
    for (const one of nextNames(text, start + said.length)) {
      // Each part of a row of them is gone through once.
      if (starts.has(one.start)) break;
      starts.add(one.start);
      // Behind one of them the next is no signature.
      if (!is_list && isSignature(text, one.start, one.end)) continue;
      is_list = true;
      if (seen.has(one.name)) continue;
      seen.add(one.name);
      if (!isOtherThan(one.name)) names.push(one.name);
    }
  }
  return names;
}

const CONTACT_FIRST = /^(?:Contact|Attn|Ask|Call|Email|Text|Report|Thanks|Thank|Regards)(?: |$)/;

/** A contact, or a place, a role, a shift or a paper in any part; known names are told later. */
function isOtherThan(name: string): boolean {
  if (CONTACT_FIRST.test(name) || isThing(name) || isNoPlace(name)) return true;
  if (knownNamesIn(name).length > 0 || otherPapers(name).length > 0) return true;
  const words = name.split(" ");
  if (words.some((word) => isNoPlace(word) || word in ALL_STATES)) return true;
  return [findCities, findStates, findElsewhere].some((find) => find(name).length > 0);
}

const PLAINLY = new RegExp(
  "^(?:not?|never|except|without|exclude|excluding|avoid|any(?:one|body) but|other than|DNRs?|" +
    "do(?:n['’]t| not))\\b",
  "i",
);
/** "Cell Phones - not allowed" */
const MARKED_THING = /[:,([\u2013\u2014-]\s*(?:not|no longer|never) allowed$/i;
const TWO_WORDS = /^\S+ \S+$/;

/** "Maria Garcia is not welcome". Of one word only a name that people have is anybody's. */
function unwantedIn(text: string): Found[] {
  return [...text.matchAll(UNWANTED_NAME)].flatMap(({ 1: name, index: start, 0: said }) => {
    if (/^(?:If|Unless|When)\b/.test(name!)) return [];
    const all = [{ name: name!, start }, ...joinedBefore(text, start)];
    const is_gone = / (?:out|home|away)$/.test(said);
    const is_welcome = said.endsWith("welcome");
    return all.flatMap((one) => {
      const has_name = one.name.split(" ").some(isNameWord);
      if (!has_name && MARKED_THING.test(said)) return [];
      if (!has_name && !is_welcome && !one.name.includes(" ")) return [];
      const is_plain = said.endsWith(" is not welcome") && TWO_WORDS.test(one.name);
      return [{ ...one, is_sure: has_name || !is_gone, is_plain }];
    });
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

const NOBODY = /^(?:none|nobody|no[\s-]one|nil|n\/?a)(?:\s*(?:[.,;!\n]|$))/i;
/** "No DNRs": a name may stand behind it, but not in the next sentence. */
const NO_DNRS = /^DNRs?(?=\s*([.,;!\n]|$))/i;
const NO_NAME = /^(?:See|TB[AD]|Attached|Below|Above|Listed|Per)\b/;
const BEGINNING = new RegExp(
  "^(?:Keep|Leave|Make|Get|Let|Take|Move|Have|If|" +
    "Client|Customer|Worker|Employee|Supervisor|Manager|Mr|Mrs|Ms|MS|MR|MRS|Miss|Dr|DR)$",
);

/** "Also Maria Garcia": a word that begins a sentence is no name. */
function withoutBeginning(words: string): string {
  const parts = words.split(" ");
  const first = parts.findIndex(
    (word) => !BEGINNING.test(word) && !isNoPlace(word) && findCities(word).length === 0,
  );
  return first < 0 && parts.length > 2 ? "" : parts.slice(Math.max(0, first)).join(" ");
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

/** "Joe Smith Again" is Joe Smith; "Maria Garcia Lopez" is another than Maria Garcia. */
function wholeIn(said: string, start: number): Pick<Found, "name" | "start" | "said"> {
  const known = knownNamesIn(said)[0];
  if (known === undefined) return { name: said, start };
  const others = `${said.slice(0, known.start)} ${said.slice(known.end)}`.match(OTHER_WORD) ?? [];
  if (others.every(isNameWord)) return { name: said, start };
  return { name: known.name, start: start + known.start, said };
}

/** Neither an initial, "Jr." nor a possessive. */
const OTHER_WORD = /(?<![\p{L}'’])(?!(?:Jr|Sr|I{2,3})\b)\p{L}[\p{L}\p{M}'’-]+/gu;

/** Whether a word of it is a name that many people have: others may be no name at all. */
function isNameOfMany(name: string): boolean {
  return unaccented(name).split(/[\s-]/).some(isNameWord);
}

/** "Not Kansas City" rules out a place, "No Night Shift" a shift. */
function isPerson(name: string): boolean {
  if (knownNameHere(name) === name) return true;
  if (!CAPITALISED.test(name) || shiftOf(name) !== undefined || name === "I") return false;
  if (isNoPlace(name) || otherDemands(name).length > 0 || stateOf(name) !== undefined) return false;
  const places = [...findCities(name), ...findStates(name), ...findElsewhere(name)];
  return !places.some(({ start, end }) => start === 0 && end === name.length);
}
