// What a request says when politeness is taken off that can be nothing else.

/** Words that a question or a request begins with, and a name seldom. */
const QUESTION =
  "what|who|whose|when|where|why|how|which|is|are|was|were|do|does|did|can|could|am|have|has|should";
const REQUEST =
  "name|list|give|show|tell|explain|describe|calculate|compute|convert|compare|find|solve|sort|" +
  "recommend|suggest|help|make|create|plan|add|fill";
const ASKS = new RegExp(`^(?:${QUESTION})\\b`, "iu");
const WANTS = new RegExp(`^(?:${REQUEST})\\b`, "iu");

/**
 * Each at most once, and only before what asks in itself: "Hello, world in C" greets nobody, and
 * "Please Please Me" is a title, as whatever has a capital behind its "please".
 */
const BEFORE = [
  new RegExp(
    `^(?:hi|hey|hello)(?: there)?[,!] (?=(?:${QUESTION}|please|would|tell me|quick question)\\b)`,
    "iu",
  ),
  new RegExp(`^(?:[Cc]an|[Cc]ould|[Ww]ould|[Ww]ill) you please (?=(?:${REQUEST})\\b)`, "u"),
  new RegExp(`^[Pp]lease,? (?=(?:${QUESTION}|${REQUEST})\\b)`, "u"),
  new RegExp(`^(?:tell me,?|quick question:|i was wondering,) (?=(?:${QUESTION})\\b)`, "iu"),
];

/** Behind the only sentence, which has ended by itself: behind a comma it may be what is said. */
const BEHIND = /^([^.!?]+[.!?]) (?:thanks|thank you|thanks a lot)[.!]?$/iu;

/** Where room is given a form, or is much, it may say something: code, tables, verse, quotes. */
const FORMED = /[\n\t`"“”„«»‹›‚]|\s{2}|(?<![\p{L}\p{N}])['‘’]|['‘’](?![\p{L}\p{N}])/u;
/** Behind it stands what something is to be done with; between digits it parts hours. */
const INTRODUCES = /:(?!\d)|(?<!\d):/u;
/** Where it is asked about words, each of them and each sign may be what is asked about. */
const ABOUT_WORDS = new RegExp(
  `\\b(?:${[
    "translat\\w*|say|says|said|spell\\w*|repl(?:y|ies|ied)|respon[ds]\\w*|letters?|words?",
    "characters?|syllables?|quot\\w*|lines?|lyrics|phras\\w*|sentences?|texts?|messages?",
    "e-?mails?|re(?:write|word|phrase)\\w*|paraphras\\w*|proofread\\w*|correct\\w*|shorten\\w*",
    "pronounc\\w*|rhym\\w*|mean(?:s|t|ing)?|defin\\w*|punctuat\\w*|apostrophes?|gramma\\w*",
    "titles?|songs?|s[aiu]ng|repeat\\w*|echo\\w*|print\\w*|typed?|wr[io]tes?|written|called|polite",
    "vowels?|consonants?|tokens?|prompts?|questions?|requests?|capitals?(?! of)|upper ?case|marks?",
    "regex\\w*|patterns?|globs?|files?|greet\\w*|thank(?:ed|s)? (?:you|me)|hello|please",
    "answer\\w*|rude|contractions?|abbreviat\\w*|acronyms?|synonyms?|capitali\\w*|continu\\w*|complet\\w*",
    "english|french|german|spanish|italian|portuguese|dutch|latin|greek|russian|chinese",
    "japanese|korean|arabic|hindi|turkish|polish|swedish|danish|norwegian|finnish|hebrew",
  ].join("|")})\\b`,
  "iu",
);

/**
 * The text without politeness at its ends, without the capital of a first word that only asks, and
 * without the "?" of a question or the full stop of a request; all else letter by letter.
 * undefined: a letter, a sign or room may be what is asked about.
 */
export function sameRequestKey(text: string): string | undefined {
  let said = text.trim();
  for (const phrase of BEFORE) said = said.replace(phrase, "");
  const is_plain = !ASKS.test(said) && !WANTS.test(said);
  if (!is_plain) said = said.replace(BEHIND, "$1");
  if (FORMED.test(said) || INTRODUCES.test(said) || ABOUT_WORDS.test(said)) return undefined;
  return is_plain ? said : lowerFirst(withoutEnd(said));
}

/** "Have fun?" asks by its sign alone, and behind one letter a sign may be part of a formula. */
const ASKS_BY_WORDS =
  /^(?:wh(?:at|o|ose|en|ere|y|ich)|how|is|are|was|were|does|did|could|should)\b/iu;

function withoutEnd(said: string): string {
  if (ASKS_BY_WORDS.test(said)) return said.replace(/(?<=[\p{L}\p{N})]{2})\?$/u, "");
  return WANTS.test(said) ? said.replace(/(?<=\p{L}{3})\.$/u, "") : said;
}

/** A word that shouts all of its letters is a name. */
function lowerFirst(said: string): string {
  return /^\p{Lu}\p{Ll}/u.test(said) ? said.slice(0, 1).toLowerCase() + said.slice(1) : said;
}
