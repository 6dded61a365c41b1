// Tells what a request only states ("we have no one in Toledo") from what it rules out.
import { blank } from "./phrase-matcher.ts";

interface Span {
  readonly start: number;
  readonly end: number;
}

export interface StatementRead {
  /** The text without the negations that state a lack: what is lacked is what is asked for. */
  readonly rest: string;
  /** Clauses of which it cannot be told whether they ask for something or rule it out. */
  readonly doubtful: readonly (Span & { readonly negation: number })[];
}

/** One sign within a clause; the comma of "Columbus, OH" and the dot of "St. Louis" end none. */
const IN_CLAUSE = "(?:[^,.;:!?\\n]|(?<=\\bSt)\\.|,(?=\\s?[A-Z]{2}\\b))";
const NEAR = `${IN_CLAUSE}{0,160}?`;
const CLAUSE_START =
  "(?<=(?:^|[,.;:!?\\n(\\u2013\\u2014]|\\b(?:and|but|so|because|since|while|when|where))\\s{0,9})";
const SENTENCE_START = "(?<=(?:^|[.;!?\\n])\\s{0,9})";
const PEOPLE =
  "(?:(?:available|more|other)\\s+)?(?:workers?|people|person|staff|crew|team|employees|temps?|" +
  "associates|hands|help|coverage|cover|bodies)\\b";
const NOBODY = `(?:nobody|no[\\s-]one|none|no\\s+${PEOPLE})(?:\\s+else)?`;
const ANYBODY = `(?:anyone|anybody|any\\s+${PEOPLE}|${PEOPLE}|enough)`;
const ADVERBS = "(?:(?:currently|still|really|just|now|also|today|tonight|got)\\s+)*";
const SUBJECT = "(?:we|i|they|you|he|she|there)";
const NO_DEMAND = `(?<!\\b(?:who|that|which|must|should|to)\\b${IN_CLAUSE}{0,80})`;
const THING = `(?:our|the|my|your|their)\\s+${NEAR}\\b${NO_DEMAND}`;
const NOT = "(?:n['\u2019]t|\\s+not|\\s+never)";
const DO_NOT = `(?:do|does|did|wo|will)${NOT}\\s+${ADVERBS}have`;
const BE = "(?:\\s+(?:is|are|was|were|will\\s+be)|['\u2019](?:s|re|m))";

/** The negation of each is its first group, or all of it. */
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
    `${CLAUSE_START}(${NOBODY})\\b(?=${NEAR}\\b(?:showed|shows|came|turned\\s+up|appeared|` +
      "arrived|made\\s+it|called\\s+back|" +
      "(?:is|are|was|were|['\u2019]s)\\s+(?:available|there|here|around|" +
      "scheduled|working|covering|left|on))\\b)" +
      `(?!${NEAR}\\b(?:who|that|which)\\b)`,
    "gdi",
  ),
  // All shifts but nights are covered.
  new RegExp(
    "\\b((?:all|any|every\\w*)\\b(?:\\s+\\w+){0,2}\\s+(?:but|except)(?:\\s+for)?|" +
      "except(?:\\s+for)?|besides|apart\\s+from|aside\\s+from|other\\s+than)\\b" +
      `(?=${NEAR}\\b(?:is|are|was|were|been|got)\\s+(?:all\\s+|already\\s+|fully\\s+)?` +
      "(?:covered|filled|staffed|manned|full|sorted|handled|taken\\s+care)\\b)",
    "gdi",
  ),
];

const CONDITION = "who|that|which|if|unless|provided|long\\s+as|sure|ensure";
const DEMAND =
  "should|must|may|needs?\\s+to|(?:is|are)\\s+to|accepted|allowed|welcome|wanted|needed|required";
const VERB =
  "is|are|was|were|has|have|had|can|could|will|wants?|works?|likes?|covers?|lives?|does|did|" +
  "signed|called|wanted|answered|quit|left|stayed|worked|went|applied";
const TIME =
  "today|tomorrow|tonight|yet|anymore|any\\s+more|currently|(?:right\\s+)?now|yesterday|" +
  "(?:this|last|next)\\s+\\w+";
const ASKED_LATER =
  "\\s*[,.;:!?\\u2013\\u2014-]+\\s*(?:so\\s+)?(?:we\\s+|i\\s+|please\\s+|can\\s+)*";
const IS_NOT = "(?:is|are|was|were|am)(?:n['\u2019]t|\\s+not)|['\u2019](?:re|s|m)\\s+not";

/** Of each the negation is the first group. */
const DOUBTS: readonly RegExp[] = [
  // Nobody in Toledo wants the job; no one in Toledo tomorrow; no one in Toledo, need 3 packers.
  new RegExp(
    `${CLAUSE_START}(${NOBODY})\\b(?!\\s+(?:from|outside)\\b)` +
      `(?!${NEAR}\\b(?:${CONDITION}|${DEMAND})\\b)` +
      `(?:${NEAR}\\b(?:${VERB}|${TIME})\\b${IN_CLAUSE}*)`,
    "gdi",
  ),
  new RegExp(
    `${SENTENCE_START}(?:with\\s+|having\\s+)?(${NOBODY})\\b(?!\\s+(?:from|outside)\\b)` +
      `(?!${NEAR}\\b(?:${CONDITION}|${DEMAND})\\b)${IN_CLAUSE}{0,160}?` +
      `(?=${ASKED_LATER}(?:need|needs|send|want|get|find|looking)\\b)`,
    "gdi",
  ),
  new RegExp(
    `${CLAUSE_START}(${NOBODY})\\b\\s+from\\s(?!${NEAR}\\b(?:${CONDITION}|${DEMAND})\\b)` +
      `${NEAR}\\b(?:${VERB})\\b${IN_CLAUSE}*`,
    "gdi",
  ),
  // Nobody who isn't in Toledo.
  new RegExp(
    `\\b(${NOBODY})\\s+(?:who|that|which)\\s*(?:\\w+${NOT}|['\u2019](?:s|re)\\s+not)\\b` +
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

/** What only states a lack is read as what is asked for; the rest is for the caller to tell. */
export function readStatements(text: string): StatementRead {
  const lacks = LACKS.flatMap((pattern) => [...text.matchAll(pattern)].map(negationOf));
  const rest = blank(text, lacks);
  const doubtful = DOUBTS.flatMap((pattern) =>
    [...rest.matchAll(pattern)].map((match) => ({
      start: match.index,
      end: match.index + match[0].length,
      negation: negationOf(match).end,
    })),
  );
  const yet = doubtful.filter((one) => isYet(rest, one));
  const later = yet.map(({ start, negation }) => ({ start, end: negation }));
  const told = doubtful.filter((one) => !yet.includes(one));
  return { rest: blank(rest, later), doubtful: withoutNested(told) };
}

function negationOf(match: RegExpMatchArray): Span {
  const [start, end] = match.indices![1]!;
  return { start, end };
}

/** "Our crew isn't in Toledo yet": they are asked for there. */
function isYet(text: string, { start, end }: Span): boolean {
  return /\byet\b/i.test(text.slice(start, end));
}

function withoutNested<T extends Span>(spans: readonly T[]): T[] {
  const sorted = spans.toSorted((a, b) => a.start - b.start || b.end - a.end);
  return sorted.filter((one, at) => !sorted.slice(0, at).some((other) => other.end >= one.end));
}
