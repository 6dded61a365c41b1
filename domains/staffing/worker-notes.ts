// What stands in a worker's notes, and whether notes speak for an experience or against it.
import { legible, wholeWords } from "./plain-text.ts";
import { EXPERIENCE } from "./terms.ts";

const FOR: Readonly<Record<string, readonly string[]>> = {
  "cold storage": ["Two winters in cold storage.", "Used to freezer work."],
  "food grade": ["Came from a food grade plant.", "Food-grade line experience."],
  "high reach": ["Good on the high reach.", "Drove a reach truck for years."],
  Spanish: ["Bilingual.", "Speaks Spanish and English."],
  "clean room": ["Knows clean room rules.", "Gowned for a cleanroom before."],
  automotive: ["Came from an automotive supplier.", "Five years at an auto plant."],
  "team lead": ["Led a crew of six.", "Was team lead on the last job."],
  training: ["Trained new hires at the last site."],
  stainless: ["Mostly stainless work."],
  hospital: ["Worked in a hospital before."],
};

const AGAINST: Readonly<Record<string, readonly string[]>> = {
  "cold storage": ["Will not work in cold storage.", "No freezer work, please."],
  "food grade": ["No food grade experience."],
  "high reach": ["Not trained on the high reach."],
  Spanish: ["No Spanish."],
  "clean room": ["Never worked in a clean room."],
  automotive: ["No automotive background."],
  "team lead": ["Does not want to be team lead."],
  training: ["Would not train new hires again."],
  stainless: ["No stainless yet."],
  hospital: ["Cannot work in hospitals."],
};

const PLAIN = [
  "Prefers the same site every week.",
  "Takes the bus; needs a stop nearby.",
  "Asked for more hours.",
  "Client asked for them again.",
  "Left the last job on good terms.",
  "Wants a permanent position in the end.",
  "Quiet, careful worker.",
  "Was late twice in spring.",
  "Good with paperwork.",
  "Has own safety boots.",
  "Prefers to be texted.",
  "Can start tomorrow.",
];

/** Notes as the generator deals them; an empty one is a missing value. */
export function noteDeck(): string[] {
  const deck: string[] = [];
  for (const { value } of EXPERIENCE) {
    for (const plain of PLAIN.slice(0, 6)) {
      for (const sentence of FOR[value]!) deck.push(sentence, `${sentence} ${plain}`);
      for (const sentence of AGAINST[value]!) deck.push(`${sentence} ${plain}`);
    }
  }
  for (const plain of PLAIN) for (let copies = 0; copies < 8; copies++) deck.push(plain);
  for (let missing = 0; missing < 60; missing++) deck.push("");
  return deck;
}

const REFUSAL = /\b(?:no|not|never|without|cannot|refuses|lacks|unable)\b|n't\b/i;

const SPOKEN_OF = new Map(EXPERIENCE.map(({ value, words }) => [value, wholeWords(words)]));

/** True when a sentence of the notes claims the experience and none denies it. */
export function hasExperience(notes: string, value: string): boolean {
  const named = SPOKEN_OF.get(value) ?? wholeWords([legible(value)]);
  const about = legible(notes)
    .split(/(?<=[.!?])\s+/)
    .filter((sentence) => named.test(sentence));
  return about.length > 0 && !about.some((sentence) => REFUSAL.test(sentence));
}
