// Tells of a name or an id in a request whether the person is ruled out, a contact, or asked for.
import { knownNamesIn } from "./known-names.ts";
import { STREET_BEHIND } from "./elsewhere-reader.ts";
import { isThing } from "./place-names.ts";
import type { Unread } from "./unread-demands.ts";

/** What the words around a person say of them; `unclear`: nothing that could be relied on. */
export type Standing = "refused" | "asked_for" | "unclear";

const CONTACTS =
  "ask|call|contacts?|see|reports?|reporting\\s+to|text|message|e-?mail|supervisor|manager|foreman|lead|poc|attn|" +
  "client|customer|thanks|regards|hi|hello|hey|dear|good (?:morning|afternoon|evening)|this is|" +
  "i am|i['’]m|my name is|on behalf of|from|cc|per|owner|rep|boss|under|" +
  "(?:requested|ordered|approved|submitted|placed|sent) by";
const ASKED =
  "includ(?:e|es|ing)|send|use|book|assign|prefer|want|bring|give us|plus|ideally|preferably|" +
  "working with";
const PARTS = "lot|gate|dock|door|bay|building|room|line|site|route";
const FILLERS = "(?:\\s+(?:for|us|me|back|worker|to|is|are|will|be|person|name))*";
const TITLE = "(?:(?:mr|mrs|ms|miss|dr)\\.?\\s+)?";
const ASKED_BEFORE = new RegExp(
  `(?:\\b(?:${CONTACTS}|${ASKED}|${PARTS})${FILLERS}|^\\s*to)\\s*:?\\s*${TITLE}$`,
  "i",
);
/** "Contact - John Smith", "Attn. John Smith" */
const CONTACT_BEFORE = new RegExp(
  `\\b(?:contacts?|attn|poc)\\s*[.:\u2013\u2014-]\\s*${TITLE}$`,
  "i",
);
/** "Thanks in advance,\nJohn Smith" */
const SIGNED_BEFORE = new RegExp(
  "\\b(?:thanks|thank (?:you|u)|thx|ty|regards|best|br|cheers|sincerely|respectfully|yours)\\b" +
    `[^,.;:!?\\n]{0,40}[,.!]{0,3}\\s*[-\u2013\u2014]*\\s*${TITLE}$`,
  "i",
);
/** "John Smith here," and "John Smith of Acme needs 3": whoever writes. */
const WRITES_BEHIND = new RegExp(
  "^(?:\\s+here\\s*(?:[,.;:!\\n-]|\\b(?:and|from|at|with)\\b)|" +
    "(?:\\s+(?:out\\s+)?(?:of|from|at|with)\\s[^,.;:!?\\n]{1,40}?)?" +
    "\\s+(?:needs?|wants?|requests?|is looking for|would like)\\s+" +
    "(?:\\d|an?\\b|some\\b|two\\b|three\\b))",
  "i",
);
/** "Kevin Davis is the contact" */
const CONTACT_BEHIND = new RegExp(
  "^\\s*,?\\s*(?:(?:is|will be)|['’]s)\\s+(?:(?:the|our|your|my|their)\\s+)?" +
    "(?:(?:site|shift|line|floor|main|plant|dock|on-?site)\\s+)?" +
    "(?:contact|supervisor|manager|foreman|lead|poc|boss|point of contact|rep)" +
    "(?=\\s*(?:[.;!?\\n)]|$|(?:on\\s?site|there|here|for)\\b))",
  "i",
);
/** Words that refuse whoever stands behind them. */
const REFUSING =
  "except\\w*|excl\\w*|avoid\\w*|skip\\w*|bann?(?:ed|s)?|barred|block\\w*|black-?list\\w*|dnrs?|" +
  "refus\\w+|reject\\w*|remov\\w+";
const NOT =
  `not|no|nor|never|without|nobody|none|besides|other\\s+than|instead|${REFUSING}|stop\\w*|` +
  "(?<=\\b(?:any|all|every|no)\\w*\\s(?:\\w+\\s){0,2})but|rather|minus|less|cannot";
/** "Sent out to Dayton" is sent; "walked out of the job" is gone. */
const WALKED_OUT = "(?<=\\b(?:walk|clock|call|pull|drop|storm|back|bail|turn)\\w*\\s+)out";
const GONE =
  `away|home(?=\\s*[.;:!?)]|\\s*$)|off|${WALKED_OUT}|out(?!\\s+(?:to|at|of|here|there)\\b)|` +
  "gone|unwelcome|unwanted|anymore|fired|terminated|dismissed|suspended";
const GOOD =
  "great|well|fine|good|ok|okay|alright|all\\s+right|nice(?:ly)?|perfect(?:ly)?|excellent(?:ly)?|" +
  "awesome|amazing|fantastic|wonderful(?:ly)?|super";
const VERY = "(?:(?:really|very|so|pretty|quite|just|super)\\s+){0,2}";
const AFTER_VERB = `\\w*\\s+(?:(?:us|me|back|here|really|very|so|${GOOD})\\s+){0,2}`;
/** "Helped out", "worked out great": not gone, and no more is sure; "worked out poorly" is none. */
const PRAISE = new RegExp(
  `\\b(?:(?:help|come|coming|came)${AFTER_VERB}out|` +
    `(?:work|turn|start|show|shar|try|tri)${AFTER_VERB}(?:out|off)` +
    `(?=\\s+(?:to\\s+be\\s+)?(?:an?\\s+)?${VERY}(?:${GOOD})\\b)|` +
    `(?:work|try|tri)${AFTER_VERB}out(?=\\s*(?:[.,;:!?)\\n]|$)|` +
    "\\s+(?:before|again|last\\s+(?!minute)|(?:for|with)\\s+us)\\b))",
  "gi",
);
const REFUSED_BEFORE = new RegExp(`\\b(?:${NOT})\\b|n['’]t\\b`, "i");
const REFUSED_BEHIND = new RegExp(`\\b(?:${NOT}|${GONE})\\b|n['’]t\\b`, "i");
/** "Do not, under any circumstances, send": an aside stands between the negation and its verb. */
const NOT_YET_SAID =
  /(?:\b(?:not|never)|n['’]t)(?:\s+(?:ever|again))*(?:\s*[,(]|\s+[-\u2013\u2014])/i;
const SENDING =
  "send|sending|use|using|want|need|book|take|bring|assign|schedule|hire|place|accept|ever|" +
  "please|even|just|us|me";
/** "Don't exclude anyone but" rules out whoever stands behind it. */
const TURNING =
  `${REFUSING}|turn\\w*|mind|ban|bar|issues?|problems?|complaints?|concerns?|object\\w*|dislike|` +
  "hate|away|home|stop|drop|dismiss|fire";
/** "Don't send anyone but", "nobody except"; not "not nights\nanyone but". */
const ONLY_ONE =
  "(?:(?:(?:(?:do|does|did|would|wo|ca|could|should)n['’]t|" +
  "(?:do|does|did|would|will|can|could|should)\\s+not|never)\\s+" +
  `(?:(?!(?:${TURNING})\\b)[\\w'’]+\\s+){0,4}?|not (?:(?!(?:${TURNING})\\b)[\\w'’]+ ){0,4}?)any|no\\s?)` +
  "(?:one|body)\\s+(?:else\\s+)?(?:but|except(?:\\s+for)?|other\\s+than|besides)";
const ONLY_ONE_BEFORE = new RegExp(`\\b${ONLY_ONE}\\s+$`, "i");

/** Whether a text ends in words that ask for whoever comes next, and for nobody else. */
export function isOnlyOneNext(before: string): boolean {
  return ONLY_ONE_BEFORE.test(before.slice(-NEAR));
}

/** Words that refuse nobody, or somebody else. */
const NO_REFUSAL = new RegExp(
  "\\b(?:not?\\s+(?:later|less|more|fewer)(?:\\s+than)?|no\\s+matter|without\\s+fail|if\\s+not|" +
    `${ONLY_ONE}|(?:but|and)?\\s*(?:no\\s?(?:one|body)|nobody)\\s+else|not\\s+only|why\\s+not|` +
    "(?:do(?:n['’]t|\\s+not)|never)\\s+(?:hesitate|forget|worry|mind|be\\s+(?:afraid|shy))|" +
    "why\\s+(?:do|wo|would|ca)n['’]t\\s+(?:you|we)|(?:can(?:['’]t|not|\\s+not)|never)\\s+go\\s+wrong|" +
    "not\\s+(?:a|an)\\s+(?:problem|issue)|" +
    "no\\s+(?:problems?|issues?|objections?|complaints?|worries|doubts?|hurry|rush|reason\\s+not))\\b|" +
    "\\boff-",
  "gi",
);
const SENTENCE_BREAK = /[!?\n;]|\.\s/;
const CLAUSE_BREAK = /[,()[\]]|\s[-\u2013\u2014]+\s/;
const NEXT_LISTED = /^(?:\s*(?:[,;/&+]|,?\s*\b(?:and|or)\b)\s*|\s*\n\s*[-*•]\s*)$/i;
const NEAR = 200;

/** "Do not send him back", not "do not send him texts". */
const HIM =
  "(?<!\\bto\\s+)(?:him|her)(?=\\s*(?:[.,;:!?)\\n\u2013\u2014]|$)|\\s+(?:back|again|here|there|" +
  "anymore|any\\s+more|at|to|on|in|for|and|or|but|if|until|because|ever|please|this|next)\\b)";
/** Of a contact much may be said with a "not": this refuses him. */
const REFUSED_LATER = new RegExp(
  `(?:\\b(?:not|never|no\\s+longer|stop)|n['’]t)\\s+(?:(?:${SENDING})\\s+){1,4}${HIM}|` +
    "\\bkeep\\s+(?:him|her)\\s+(?:away|off|out|home)\\b|" +
    "\\b(?:he|she)(?:['’]s|\\s+is|\\s+was)\\s+(?:\\w+\\s+)?(?:(?:not|no\\s+longer)\\s+(?:welcome|" +
    "wanted|allowed(?!\\s+to))|(?:banned|barred)(?!\\s+from\\s+\\w+ing\\b)|dnr|black-?listed|" +
    "excluded|fired|terminated|suspended|unwelcome)\\b|" +
    "\\b(?:he|she)\\s+(?:has\\s+)?(?:quit|resigned|walked\\s+(?:out|off)|left)" +
    "(?=\\s*(?:[.,;:!?)\\n]|$)|\\s+(?:us|on\\s+us|the\\s+job|last|yesterday|today|again)\\b)",
  "i",
);

/** Whether the words behind a person say that he is gone or not wanted. */
function isRefusedBehind(words: string): boolean {
  return REFUSED_BEHIND.test(words.replaceAll(PRAISE, " "));
}

/** Whether words up to the next person refuse a contact. */
function isRefusedLater(behind: string): boolean {
  const names = knownNamesIn(behind).map((one) => one.start);
  const ids = [...behind.matchAll(WORKER)].map((one) => one.index);
  const end = Math.min(behind.length, ...names, ...ids);
  // "Don't send her Joe Miller" does not end with her.
  const next = end < behind.length ? "_" : "";
  return REFUSED_LATER.test(behind.slice(0, end) + next);
}

/** Of whoever stands in a text from `start` to `end`; `is_id`: a worker's, no contact's. */
export function standingOf(text: string, start: number, end: number, is_id = false): Standing {
  const near = text.slice(Math.max(0, start - NEAR), start);
  const sentence = near.split(SENTENCE_BREAK).at(-1)!;
  const before = sentence.split(CLAUSE_BREAK).at(-1)!;
  const behind = text.slice(end, end + NEAR);
  const own = ownOf(behind.split(SENTENCE_BREAK)[0]!.split(",")[0]!);
  // "Send him out" sends him.
  const said_behind = /\bsend\s+$/i.test(before) ? own.replace(/^\s+out\b/, "") : own;
  if (REFUSED_BEFORE.test(before.replaceAll(NO_REFUSAL, "")) || NOT_YET_SAID.test(sentence))
    return "refused";
  if (isRefusedBehind(said_behind)) return isSent(before, said_behind) ? "unclear" : "refused";
  const is_lead = !is_id && CONTACT_BEHIND.test(behind);
  const is_contact = is_lead || CONTACT_BEFORE.test(near) || SIGNED_BEFORE.test(near);
  if (ASKED_BEFORE.test(before) || is_contact) {
    if (isRefusedLater(behind)) return "unclear";
    const is_praised = said_behind.replaceAll(PRAISE, "") !== said_behind;
    return is_praised && !SENT_BEFORE.test(before) ? "unclear" : "asked_for";
  }
  return before.trim() === "" && WRITES_BEHIND.test(behind) ? "asked_for" : "unclear";
}

const TO_US = "(?:\\s+(?:us|me|back|worker|to|for))*\\s+$";
const SENT_BEFORE = new RegExp(`\\b(?:${ASKED}|need|ask\\s+for)${TO_US}`, "i");
const WANTED_BEFORE = new RegExp(`\\b(?:want|need)${TO_US}`, "i");
const PLAIN_NOT = /\b(?:not|no|never|without)\b|n['’]t\b/gi;
const IF = /\b(?:if|unless)\b/i;

/** "Want W-000123 not on nights" asks for somebody, "want W-000123 out" does not. */
function isSent(before: string, behind: string): boolean {
  if (IF.test(before)) return true;
  if (WANTED_BEFORE.test(before)) return !isRefusedBehind(behind.replaceAll(PLAIN_NOT, ""));
  return SENT_BEFORE.test(before);
}

/** An id, or one that was read. */
const WORKER = /\bW[\s-]?\d{3,}|·+/g;
const REFUSES_NEXT = /\b(?:but\s+)?(?:not|except|without|instead\s+of|rather\s+than)\s+$/i;

const LIST_MAX = 1_000;
const LABEL_MAX = 50;

/** "Exclude:\nW-000123\nW-000456": whether the label above a list refuses who stands in it. */
export function isListRefused(text: string, start: number): boolean {
  const near = text.slice(Math.max(0, start - LIST_MAX), start).replaceAll(/:\s*\n/g, ":\n");
  const list = near.split(/\n[ \t]*\n/).at(-1)!;
  const lines = list.split("\n").slice(0, -1);
  const label = lines.findLast((line) => line.endsWith(":")) ?? "";
  const said = label.split(SENTENCE_BREAK).at(-1)!.split(CLAUSE_BREAK).at(-1)!;
  if (said.length > LABEL_MAX || /\d|\b(?:on|in|at|for|with)\b/i.test(said)) return false;
  return isRefusing(said);
}

export function isRefusing(words: string): boolean {
  return REFUSED_BEFORE.test(words.replaceAll(NO_REFUSAL, ""));
}

/** What is said behind a person and who is listed with him, without what is said of the next. */
function ownOf(behind: string): string {
  const said = behind.replaceAll(NO_REFUSAL, "").split(IF)[0]!;
  const ids = [...said.matchAll(WORKER)].map(({ 0: id, index: start }) => ({
    start,
    end: start + id.length,
  }));
  const others = [...knownNamesIn(said), ...ids].toSorted((a, b) => a.start - b.start);
  let from = 0;
  for (const { start, end } of others) {
    const between = said.slice(from, start);
    if (!isListJoint(between)) return between.replace(REFUSES_NEXT, "");
    from = end;
  }
  return said.slice(from);
}

const LINE_BEFORE = /^[\s*,\u2013\u2014-]*(?:(?:mr|mrs|ms|miss|dr)\.?\s+)?$/i;
const LINE_BEHIND = /^\s*(?:[,|(\u2013\u2014-](?:[^.:!?]|\.(?=\p{Ll}{2}|\d{3})){0,60})?[\s.,!]*$/u;
const SIGNED_MAX = 200;

/** A name alone on one of the last lines, unless a label or a refusal stands above it. */
export function isSignature(text: string, start: number, end: number): boolean {
  if (text.length - end > SIGNED_MAX) return false;
  const near = text.slice(Math.max(0, start - NEAR), start).split("\n");
  const behind = text.slice(end).split("\n");
  if (near.length < 2 || behind.length > 4) return false;
  if (!LINE_BEFORE.test(near.at(-1)!) || !LINE_BEHIND.test(behind[0]!)) return false;
  const above = near.slice(0, -1).findLast((line) => /[\p{L}\p{N}:]/u.test(line)) ?? "";
  return !isRefusalOpen(above) && !isRefusedBehind(behind[0]!);
}

const REFUSING_VERB =
  "send|use|want(?:ed)?|welcome|allowed|book|assign|include|bring|hire|rehire|return|come|like|" +
  "take|place|schedule|these|those";
/** Words that lack who they refuse. */
const OPEN_END = new RegExp(
  `(?:(?:\\b(?:${NOT})|n['’]t)(?:\\s+(?:${REFUSING_VERB})(?:\\s+[\\w'’]+){0,3})?|` +
    `\\b(?:${REFUSING}|stop)(?:\\s+[\\w'’]+){0,3})\\s*$`,
  "i",
);

/** Whether a line goes on with whoever stands on the next one. */
function isRefusalOpen(line: string): boolean {
  if (/:\s*$/.test(line)) return true;
  if (/\b(?:following|below)\b/i.test(line) && isRefusedBehind(line)) return true;
  const clause = line.split(/[,;]|[.!?](?=\s|$)/).at(-1)!;
  return OPEN_END.test(clause.replaceAll(NO_REFUSAL, ""));
}

/** "Joe Smith, can you send 2 packers": whoever the request is written to. */
function isAddressed(text: string, start: number, end: number): boolean {
  if (text.slice(Math.max(0, start - NEAR), start).trim() !== "" || start > NEAR) return false;
  const sentence = text.slice(end, end + NEAR).split(SENTENCE_BREAK)[0]!;
  return sentence.startsWith(",") && !isRefusedBehind(sentence);
}

/** "Thomas Moore Hospital", "1200 Robert Lee Dr" */
function isOfThing(text: string, end: number): boolean {
  const behind = text.slice(end, end + NEAR);
  const next = /^ (\p{Lu}\p{L}+)/u.exec(behind)?.[1];
  return STREET_BEHIND.test(behind) || (next !== undefined && isThing(next));
}

/** "W-000123 Joe Smith": said with the id, that was read. */
const READ_BEFORE = /·(?: \(?|\()$/;

const REPLACED_BEFORE = /\b(?:replac(?:e|es|ing)|replacements? for)\s+$/i;

function isNobody(text: string, start: number, end: number): boolean {
  const near = text.slice(Math.max(0, start - NEAR), start);
  if (READ_BEFORE.test(near) || REPLACED_BEFORE.test(near)) return true;
  return isOfThing(text, end) || isSignature(text, start, end) || isAddressed(text, start, end);
}

/** Whether nothing but what joins a list stands between two. */
export function isListJoint(between: string): boolean {
  return NEXT_LISTED.test(between);
}

/** Whole names that many people have and nothing read: all but contacts and who is asked for. */
export function namesLeft(text: string): Unread[] {
  const unread: Unread[] = [];
  let last: { readonly end: number; readonly is_told: boolean } | undefined;
  for (const { name, start, end } of knownNamesIn(text)) {
    const is_nobody = isNobody(text, start, end);
    const standing = is_nobody ? "asked_for" : standingOf(text, start, end);
    const is_next = last !== undefined && isListJoint(text.slice(last.end, start));
    const is_told = is_next && standing === "unclear" ? last!.is_told : standing !== "asked_for";
    if (is_told) unread.push({ slot: "exclude", said: `exclude: ${name}` });
    last = { end, is_told };
  }
  return unread;
}
