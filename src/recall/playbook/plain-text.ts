// What a request says letter by letter when its politeness is taken off.

/** At the beginning. It is known that something is to be done: whoever wants it asks for it. */
const BEFORE = [
  /^(?:hi|hey|hello)(?: there)?[,!.] /iu,
  /^(?:can|could|would|will) you please /iu,
  /^please,? /iu,
  /^tell me,? (?=(?:what|who|whose|when|where|why|how|which)\b)/iu,
  /^(?:quick question|i was wondering)[,:] /iu,
  /^(?:hi|hey|hello)(?: there)? (?=\p{L}+ )/iu,
  /^(?:can|could|would|will) you (?:kindly )?(?=\p{L}+ )/iu,
  /^kindly /iu,
  /^i(?:'d| would) like (?:you )?to /iu,
  /^i (?:want|need) (?:you )?to /iu,
  /^let me know (?=(?:what|who|whose|when|where|why|how|which|if|whether)\b)/iu,
];
const BEHIND = [
  /(?:,|[.!?]) ?(?:please|thanks|thank you|thanks a lot)[.!]?$/iu,
  / (?:please|thanks|thank you|thanks a lot|if possible|if you can)[.!]?$/iu,
];

/** Written in full; what else has an apostrophe stays as it is. */
const CONTRACTIONS: readonly (readonly [RegExp, string])[] = [
  [/\b(what|who|where|when|how|that|there|it)'s\b(?! \w+ed\b)/giu, "$1 is"],
  [/\bwhats\b/giu, "what is"],
  [/\b(is|are|was|were|do|does|did|has|have|had|should|would|could|must)n't\b/giu, "$1 not"],
  [/\bcan't\b/giu, "cannot"],
  [/\bwon't\b/giu, "will not"],
  [/\bi'm\b/giu, "i am"],
  [/\b(you|we|they)'re\b/giu, "$1 are"],
];

/**
 * Whether two requests are the same letter by letter but for politeness, spaces, contractions, the
 * end of the sentence, and capitals where they cannot change what is meant. Signs, units, titles,
 * single letters and the forms of words all count: an answer that is given as it is must not be
 * that to another request.
 */
export function isPlainlySame(left: string, right: string): boolean {
  const [a, b] = [tokensOf(left), tokensOf(right)];
  if (a.length !== b.length || a.length === 0) return false;
  return a.every((token, at) => token === b[at] || isSameWord(token, b[at]!, at, a[at - 1] ?? ""));
}

function tokensOf(text: string): string[] {
  // Canonical forms only: "10⁵" is not "105".
  const said = bare(text.normalize("NFC"));
  return said === "" ? [] : said.split(" ");
}

function bare(text: string): string {
  let said = text.replaceAll("’", "'").replaceAll(/\s+/gu, " ").trim();
  for (;;) {
    const former = said;
    for (const phrase of [...BEFORE, ...BEHIND]) said = said.replace(phrase, "");
    if (said === former) break;
  }
  // A full stop or a question mark behind a word ends the sentence and says no more.
  said = said.replace(/(?<=[\p{L}\p{N})"'])[.?]+$/u, "");
  for (const [short, long] of CONTRACTIONS) said = said.replaceAll(short, long);
  return said;
}

/** A word that shouts all of its letters is a name. */
function lowerFirst(said: string): string {
  return /^\p{Lu}(?:\p{Lu}|\d)/u.test(said) ? said : said.slice(0, 1).toLowerCase() + said.slice(1);
}

/** Capitals make another word of a short one ("IT", "US"), and another unit behind a number. */
const CAPITALS_COUNT_BELOW = 4;

function isSameWord(word: string, other: string, at: number, before: string): boolean {
  if (word.toLowerCase() !== other.toLowerCase() || /\d/u.test(before + word)) return false;
  if (at === 0 && lowerFirst(word) === lowerFirst(other)) return true;
  return (word.match(/\p{L}/gu) ?? []).length >= CAPITALS_COUNT_BELOW;
}
