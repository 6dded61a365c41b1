// Tells what a request only states ("we have no one in Toledo") from what it rules out.
import { isNamed } from "./known-names.ts";
import { blank, filled } from "./phrase-matcher.ts";
import { findRoles } from "./role-reader.ts";
import { clausal } from "./request-text.ts";
import type { Span } from "./spans.ts";

export interface Doubt extends Span {
  readonly negation: number;
  /** "Our Toledo site is full": it rules out nobody, and may be where they are asked for. */
  readonly is_full: boolean;
}

export interface StatementRead {
  /** The text without the negations that state a lack: what is lacked is what is asked for. */
  readonly rest: string;
  /** What is lacked, up to the end of the clause; `is_bare`: nobody says who lacks it. */
  readonly lacked: readonly (Span & { readonly is_bare: boolean })[];
  /** Clauses of which it cannot be told whether they ask for something or rule it out. */
  readonly doubtful: readonly Doubt[];
}

/** One sign within a clause of a text as `clausal` gives it; in that, roles are underscores. */
const IN_CLAUSE = "[^,.;:!?\\n]";
const NEAR = `${IN_CLAUSE}{0,160}?`;
/** The same, not beyond a word that begins another statement. */
const STRAIGHT = `(?:(?!\\b(?:because|as|since|so|but|who|that|which)\\b)${IN_CLAUSE}){0,160}?`;
const CLAUSE_START =
  "(?<=(?:^|[,.;:!?\\n]|\\b(?:and|but|so|because|since|while|when|where))\\s{0,9})";
const SENTENCE_START = "(?<=(?:^|[.;!?\\n])\\s{0,9})";
const PEOPLE =
  "(?:(?:available|more|other)\\s+)?(?:workers?|people|person|staff|crew|team|employees|temps?|" +
  "associates|hands|help|coverage|cover|bodies)\\b";
/** "No night packers": up to three words may stand before the role. */
const NO_KIND = "one|use|need|problem|issue|for|with|from|in|at|of|to|on|by|who|that";
/** "No packers needed", "no packer jobs": there it is work that is lacked, not people. */
const NO_LACK =
  "needed|required|necessary|wanted(?!\\s+(?:to|the)\\b)|openings?|jobs?|positions?|shifts?|slots?|" +
  "vacanc(?:y|ies)|orders?|requests?|work";
const ROLE_AHEAD =
  `(?=\\s*(?:(?!(?:${NO_KIND})\\b)[\\w-]+\\s+){0,3}?_+(?!\\w)` +
  `(?!\\s+(?:(?:is|are|were|was)\\s+)?(?:${NO_LACK})\\b))`;
const NO_PEOPLE =
  `(?:(?:nobody|no[\\s-]one|none|(?:no|not\\s+(?:a\\s+single|one))\\s+${PEOPLE})` +
  "(?:\\s+else)?)";
const NOBODY = `(?:${NO_PEOPLE}|(?:no|not\\s+(?:a\\s+single|one))\\b${ROLE_AHEAD})`;
const ANYBODY =
  `(?:anyone|anybody|any\\s+${PEOPLE}|${PEOPLE}|(?:any|an?|enough)\\b${ROLE_AHEAD}|enough|` +
  `${ROLE_AHEAD})`;
const ADVERBS = "(?:(?:currently|still|really|just|now|also|today|tonight|got|had)\\s+)*";
const SUBJECT = "(?:we|i|they|you|he|she|there)";
const CONDITION = "who|that|which|if|unless|provided|long\\s+as|sure|ensure";
const NO_DEMAND = `(?<!\\b(?:who|that|which|must|should|to)\\b${IN_CLAUSE}{0,80})`;
const THING = `(?:our|the|my|your|their)\\s+${NEAR}\\b${NO_DEMAND}`;
const NOT = "(?:n['\u2019]t|\\s+not|\\s+never)";
const DO_NOT = `(?:do|does|did|wo|will)${NOT}\\s+${ADVERBS}have`;
const BE = "(?:\\s+(?:is|are|was|were|will\\s+be)|['\u2019](?:s|re|m))";
const IS_NOT = "(?:is|are|was|were|am)(?:n['\u2019]t|\\s+not)|['\u2019](?:re|s|m)\\s+not";
const DEMAND =
  "should|must|may|needs?\\s+to|(?:is|are)\\s+to|accepted|allowed|welcome|wanted|needed|required";
const VERB =
  "is|are|was|were|has|have|had|can|could|will|wants?|works?|likes?|covers?|lives?|does|did|" +
  "signed|called|wanted|answered|quit|left|stayed|worked|went|applied";
const COVER = "cover|fill|staff|man|run|find|get|handle|do";
const NOT_DONE =
  `able\\s+to\\s+(?:${COVER})|staffed|covered|manned|finding|getting|sending\\s+(?:us|me)|` +
  "coming|showing|going\\s+to\\s+make";
const ASKED_NEXT =
  "[,.;:!?\\n]+\\s*(?:(?:so|and|we|i|please|pls|can|could|would|you|still|also|just)\\s+)*" +
  "(?:need|needs|send|want|get|find|looking|short|\\d+)\\b";

/** No staff in Toledo, send 2 packers. */
const BARE_LACK = new RegExp(
  `${SENTENCE_START}(?:(?:with|having)\\s+)?(?!none\\s+of\\b)(${NOBODY})\\b` +
    `(?!${NEAR}\\b(?:${CONDITION}|${DEMAND}|${VERB}|please|without|with|under|over)\\b)` +
    `(?=${IN_CLAUSE}{0,160}${ASKED_NEXT})`,
  "gdi",
);

/** The negation of each is its first group. */
const LACKS: readonly RegExp[] = [
  // We have no one; our site has nobody; there is no one; got nobody.
  new RegExp(
    `\\b(?:${SUBJECT}(?:['\u2019]ve|\\s+${ADVERBS}(?:have|has|had|got|never\\s+have)|${BE})|` +
      `${THING}\\s(?:has|have|had))\\s+${ADVERBS}(${NOBODY}|without\\s+${ANYBODY})\\b`,
    "gdi",
  ),
  new RegExp(`${SENTENCE_START}(?:have|got)\\s+(${NOBODY})\\b`, "gdi"),
  // We don't have anyone; there isn't anyone.
  new RegExp(
    `(?:\\b${SUBJECT}|${CLAUSE_START}${THING})\\s+${ADVERBS}` +
      `(${DO_NOT}\\s+${ANYBODY}|have${NOT}\\s+${ANYBODY}|never\\s+have\\s+${ANYBODY})\\b`,
    "gdi",
  ),
  new RegExp(`\\bthere\\s+((?:is|are|was|were)${NOT}\\s+${ANYBODY})\\b`, "gdi"),
  // Nobody showed up.
  new RegExp(
    `${CLAUSE_START}(${NOBODY})\\b(?=${STRAIGHT}\\b(?:showed|shows|came|turned\\s+up|appeared|` +
      "arrived|made\\s+it|called\\s+back|" +
      "(?:is|are|was|were|['\u2019]s)\\s+(?:available|there|here|around|" +
      "scheduled|working|covering|left|on|at|in))\\b)" +
      `(?!${NEAR}\\b(?:who|that|which)\\b)`,
    "gdi",
  ),
  BARE_LACK,
  // We are not able to cover nights; our site isn't staffed.
  new RegExp(
    `(?:\\b${SUBJECT}|${CLAUSE_START}${THING}\\w)(?<!\\b(?:${CONDITION})\\b${IN_CLAUSE}{0,80})` +
      `\\s*(${IS_NOT})\\s+(?:(?:fully|properly|really|well|yet)\\s+|${ADVERBS})` +
      `(?=(?:${NOT_DONE})\\b(?!\\s+from\\b))`,
    "gdi",
  ),
];
const ALREADY = "(?:(?:all|already|fully|now)\\s+)*";
/** All shifts but nights are covered. */
const COVERED = new RegExp(
  "\\b((?:all|any|every\\w*)\\b(?:\\s+\\w+){0,2}\\s+(?:but|except)(?:\\s+for)?|" +
    "except(?:\\s+for)?|besides|apart\\s+from|aside\\s+from|other\\s+than)\\b" +
    `(${STRAIGHT})\\b(?:is|are|was|were|been|got)\\s+${ALREADY}` +
    "(?:covered|filled|staffed|manned|full|sorted|handled|taken\\s+care)\\b",
  "gdi",
);
const NO_SUBJECT =
  "except|besides|from|than|but|who|that|which|where|until|because|as|make|ensure|see|if|once|" +
  "so|sure|when|whether|confirm|want|like";
/** Nights are covered: what is not, may be asked for. */
const FULL = new RegExp(
  `(?<=(?:^|[,.;:!?\\n]|\\band)\\s{0,9})()` +
    `(?:(?!(?:${NO_SUBJECT})\\b)[\\w'’-]+\\s+){1,5}?` +
    `(?:is|are)\\s+${ALREADY}(?:covered|filled|staffed|manned|full(?!\\s+of\\b))\\b` +
    `(?:\\s+(?:on|for|during)\\s${IN_CLAUSE}{0,60})?`,
  "gdi",
);

const TIME =
  "today|tomorrow|tonight|yet|anymore|any\\s+more|currently|(?:right\\s+)?now|yesterday|" +
  "(?:this|last|next)\\s+\\w+";
const ASKED_LATER = "\\s*[,.;:!?-]+\\s*(?:so\\s+)?(?:we\\s+|i\\s+|please\\s+|can\\s+)*";

/** Of each the negation is the first group. */
const DOUBTS: readonly RegExp[] = [
  // Nobody in Toledo wants the job; no one in Toledo tomorrow; nobody in Toledo please, need 3.
  new RegExp(
    `${CLAUSE_START}(${NO_PEOPLE})\\b(?!\\s+(?:from|outside)\\b)` +
      `(?!${NEAR}\\b(?:${CONDITION}|${DEMAND})\\b)` +
      `(?:${NEAR}\\b(?:${VERB}|${TIME})\\b${IN_CLAUSE}*)`,
    "gdi",
  ),
  new RegExp(
    `${SENTENCE_START}(?:with\\s+|having\\s+)?(${NO_PEOPLE})\\b(?!\\s+(?:from|outside)\\b)` +
      `(?!${NEAR}\\b(?:${CONDITION}|${DEMAND})\\b)${IN_CLAUSE}{0,160}?` +
      `(?=${ASKED_LATER}(?:need|needs|send|want|get|find|looking)\\b)`,
    "gdi",
  ),
  new RegExp(
    `${CLAUSE_START}(${NO_PEOPLE})\\b\\s+from\\s(?!${NEAR}\\b(?:${CONDITION}|${DEMAND})\\b)` +
      `${STRAIGHT}\\b(?:${VERB})\\b${IN_CLAUSE}*`,
    "gdi",
  ),
  // Nobody who isn't in Toledo.
  new RegExp(
    `\\b(${NO_PEOPLE})\\s+(?:who|that|which)\\s*(?:\\w+${NOT}|['\u2019](?:s|re)\\s+not)\\b` +
      `${IN_CLAUSE}*`,
    "gdi",
  ),
  // Our crew isn't in Toledo.
  new RegExp(
    `${CLAUSE_START}(?!${NEAR}\\b(?:${CONDITION})\\b)(?:we|i|everyone|everybody|they|he|she|` +
      `(?:our|my|their)\\s${NEAR}\\w|the\\s+(?:\\w+\\s+){0,3}${PEOPLE})\\s*(${IS_NOT})\\b` +
      `${IN_CLAUSE}*`,
    "gdi",
  ),
  // Everyone but Maria Garcia came.
  new RegExp(
    "\\b((?:all|every\\w*)\\b(?:\\s+\\w+){0,2}\\s+(?:but|except)(?:\\s+for)?)\\b" +
      `${NEAR}\\b(?:showed|came|turned\\s+up|left|quit|called\\s+off|called\\s+in)\\b${IN_CLAUSE}*`,
    "gdi",
  ),
];

const CLAUSE_END =
  /[,.;:!?\n]|\b(?:so|and|but)\s+(?:(?:please|we|i|can|you)\s+)*(?:need|want|send)\b/i;
/** "No one from Toledo" may rule out as well as state a lack. */
const FROM_AHEAD = /^\s*(?:(?:[\w-]+\s+){0,3}?_+\s+)?(?:from|outside)\b/i;

/** What only states a lack is read as what is asked for; the rest is for the caller to tell. */
export function readStatements(text: string): StatementRead {
  const plain = withoutRoles(clausal(text));
  const stated = LACKS.flatMap((pattern) => [...plain.matchAll(pattern)]);
  const [unclear, clear] = partition(stated, (match) =>
    FROM_AHEAD.test(plain.slice(negationOf(match).end)),
  );
  const covered = [...plain.matchAll(COVERED)].filter((match) => {
    const [start, end] = match.indices![2]!;
    return !isNamed(text.slice(start, end));
  });
  const lacks = [...clear.filter((match) => !isSupposed(plain, match)), ...covered].map(negationOf);
  const bare = new Set([...plain.matchAll(BARE_LACK)].map((match) => negationOf(match).end));
  const rest = blank(text, lacks);
  const left = blank(plain, lacks);
  const from = unclear.map((match) => {
    const negation = negationOf(match).end;
    return { start: match.index, end: clauseEnd(plain, negation), negation, is_full: false };
  });
  const doubts = DOUBTS.flatMap((pattern) => [...left.matchAll(pattern)]);
  const full = [...plain.matchAll(FULL)];
  const doubtful = [
    ...doubts.map((match) => doubtOf(match, false)),
    ...full.map((match) => doubtOf(match, true)),
  ];
  const yet = doubtful.filter((one) => isYet(rest, one));
  const later = yet.map(({ start, negation }) => ({ start, end: negation }));
  const told = [...from, ...doubtful.filter((one) => !yet.includes(one))];
  return {
    rest: blank(rest, later),
    lacked: lacks.map(({ end }) => {
      return { start: end, end: clauseEnd(plain, end), is_bare: bare.has(end) };
    }),
    doubtful: withoutNested(told),
  };
}

function doubtOf(match: RegExpExecArray, is_full: boolean): Doubt {
  const { index: start } = match;
  return { start, end: start + match[0].length, negation: negationOf(match).end, is_full };
}

/** Roles as underscores; of several none, for the one that is lacked need not be asked for. */
function withoutRoles(text: string): string {
  const roles = findRoles(text);
  if (new Set(roles.map((one) => one.value)).size !== 1) return text;
  return filled(text, roles, () => "_");
}

const ROLE_NEXT = new RegExp(`^${ROLE_AHEAD}`, "i");
const IF_BEFORE = new RegExp(`\\b(?:if|unless|provided|in\\s+case)\\b${IN_CLAUSE}*$`, "i");
const ASKING = new RegExp(
  "^(?![^.;:!?\\n]*\\b(?:can|could|would|send|needs?|please|help|get)\\b)" +
    `${IN_CLAUSE}*(?:,\\s*(?:do|are|have)(?:n['\u2019]t)?\\s+(?:you|they|there|we)\\s*)?\\?`,
  "i",
);
const NEAR_MAX = 200;

/** "If you have no packers", "do you have no packers?": nobody says that they are lacked. */
function isSupposed(text: string, match: RegExpMatchArray): boolean {
  const { start, end } = negationOf(match);
  const behind = text.slice(end, end + NEAR_MAX);
  if (!ROLE_NEXT.test(behind)) return false;
  return ASKING.test(behind) || IF_BEFORE.test(text.slice(Math.max(0, start - NEAR_MAX), start));
}

function clauseEnd(text: string, start: number): number {
  const end = CLAUSE_END.exec(text.slice(start));
  return end === null ? text.length : start + end.index;
}

function negationOf(match: RegExpMatchArray): Span {
  const [start, end] = match.indices![1]!;
  return { start, end };
}

function partition<T>(all: readonly T[], holds: (one: T) => boolean): [T[], T[]] {
  return [all.filter((one) => holds(one)), all.filter((one) => !holds(one))];
}

/** "Our crew isn't in Toledo yet": they are asked for there. */
function isYet(text: string, { start, end }: Span): boolean {
  return /\byet\b/i.test(text.slice(start, end));
}

function withoutNested<T extends Span>(spans: readonly T[]): T[] {
  let reached = -1;
  return spans
    .toSorted((a, b) => a.start - b.start || b.end - a.end)
    .filter(({ end }) => {
      const is_nested = end <= reached;
      reached = Math.max(reached, end);
      return !is_nested;
    });
}
