// Tells of a name or an id in a request whether the person is ruled out, a contact, or asked for.
import { knownNamesIn } from "./known-names.ts";
import type { Unread } from "./unread-demands.ts";

/** What the words around a person say of them; `unclear`: nothing that could be relied on. */
export type Standing = "refused" | "asked_for" | "unclear";

const CONTACTS =
  "ask|call|contact|see|reports?|text|message|e-?mail|supervisor|manager|foreman|lead|poc|attn|" +
  "client|customer|thanks|regards|hi|hello|hey|dear|this is|i am|i['’]m|my name is|on behalf of";
const ASKED =
  "includ(?:e|es|ing)|send|use|book|assign|prefer|want|bring|give us|plus|ideally|preferably";
const PARTS = "lot|gate|dock|door|bay|building|room|line|site|route";
const ASKED_BEFORE = new RegExp(
  `\\b(?:${CONTACTS}|${ASKED}|${PARTS})` +
    "(?:\\s+(?:for|us|me|back|worker|to|is|are|person|name))*\\s*:?\\s*$",
  "i",
);
/** "Thanks in advance,\nJohn Smith" */
const SIGNED_BEFORE = new RegExp(
  "\\b(?:thanks|thank you|thx|regards|best|cheers|sincerely|yours)" +
    "(?:\\s+(?:again|so much|a lot|in advance|wishes|truly))*[,.!]?\\s*[-\u2013\u2014]*\\s*$",
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
const NOT =
  "not|no|nor|never|without|nobody|none|except\\w*|excl\\w*|besides|other\\s+than|instead|" +
  "(?<=\\b(?:any|all|every|no)\\w*\\s(?:\\w+\\s){0,2})but|rather|avoid\\w*|skip\\w*|stop\\w*|" +
  "minus|less|cannot|bann?(?:ed|s)?|barred|block\\w*|black-?list\\w*|dnrs?|refus\\w+|reject\\w*|remov\\w+";
const GONE =
  "away|home(?=\\s*[.;:!?)]|\\s*$)|off|gone|out(?!\\s+(?:to|at|of)\\b)|unwelcome|unwanted|anymore|" +
  "fired|terminated|dismissed|suspended";
const REFUSED_BEFORE = new RegExp(`\\b(?:${NOT})\\b|n['’]t\\b`, "i");
const REFUSED_BEHIND = new RegExp(`\\b(?:${NOT}|${GONE})\\b|n['’]t\\b`, "i");
/** "Do not, under any circumstances, send": an aside stands between the negation and its verb. */
const NOT_YET_SAID =
  /(?:\b(?:not|never)|n['’]t)(?:\s+(?:ever|again))*(?:\s*[,(]|\s+[-\u2013\u2014])/i;
const SENTENCE_BREAK = /[!?\n;]|\.\s/;
const CLAUSE_BREAK = /[,()[\]]|\s[-\u2013\u2014]+\s/;
const NEXT_LISTED = /^(?:\s*(?:[,;/&+]|,?\s*\b(?:and|or)\b)\s*|\s*\n\s*[-*•]\s*)$/i;
const NEAR = 200;

/** Of whoever stands in a text from `start` to `end`. */
export function standingOf(text: string, start: number, end: number): Standing {
  const near = text.slice(Math.max(0, start - NEAR), start);
  const sentence = near.split(SENTENCE_BREAK).at(-1)!;
  const before = sentence.split(CLAUSE_BREAK).at(-1)!;
  const behind = text.slice(end, end + NEAR);
  const said_behind = behind.split(SENTENCE_BREAK)[0]!.split(",")[0]!;
  if (REFUSED_BEFORE.test(before) || NOT_YET_SAID.test(sentence)) return "refused";
  if (REFUSED_BEHIND.test(said_behind)) return "refused";
  if (ASKED_BEFORE.test(before) || SIGNED_BEFORE.test(near)) return "asked_for";
  return before.trim() === "" && WRITES_BEHIND.test(behind) ? "asked_for" : "unclear";
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
    const standing = standingOf(text, start, end);
    const is_next = last !== undefined && isListJoint(text.slice(last.end, start));
    const is_told = is_next && standing === "unclear" ? last!.is_told : standing !== "asked_for";
    if (is_told) unread.push({ slot: "exclude", said: `exclude: ${name}` });
    last = { end, is_told };
  }
  return unread;
}
