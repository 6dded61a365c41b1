// Words that tell two requests apart: groups of one slot mean the same, different groups do not.
import type { SlotVocabulary } from "#pack.ts";
import { onlyStateOf, PLACES, STATES } from "./places.ts";
import { FOREIGN_PROFESSIONS, pluralOf, ROLES } from "./roles.ts";
import { AVAILABLE_WORDS, CERTIFICATIONS, EXPERIENCE, SHIFTS, type Term } from "./terms.ts";

export const staffingSlots: readonly SlotVocabulary[] = [
  {
    slot: "role",
    groups: [...roleGroups(), ...FOREIGN_PROFESSIONS.map((one) => withPlurals([one]))],
  },
  { slot: "place", groups: placeGroups() },
  { slot: "shift", groups: groupsOf(SHIFTS) },
  { slot: "certification", groups: groupsOf(CERTIFICATIONS) },
  { slot: "availability", groups: groupsOf(AVAILABLE_WORDS) },
  { slot: "experience", groups: groupsOf(EXPERIENCE) },
];

function roleGroups(): string[][] {
  return ROLES.map(({ role, synonyms, phrases }) => [
    ...withPlurals([role, ...synonyms]),
    ...phrases,
  ]);
}

/**
 * City and state in one slot, so that "Toledo" and "Toledo, OH" are one place, while "Springfield"
 * alone is none of the three Springfields.
 */
function placeGroups(): string[][] {
  const cities = PLACES.map(({ city, state }) => {
    const names = city === "St. Louis" ? [city, "St Louis", "Saint Louis"] : [city];
    const full = names.flatMap((name) => [`${name} ${state}`, `${name} ${STATES[state]!}`]);
    return onlyStateOf(city) === undefined ? full : [...names, ...full];
  });
  const shared = PLACES.map(({ city }) => city).filter((city) => onlyStateOf(city) === undefined);
  const alone = [...new Set(shared)].map((city) => [city]);
  const states = Object.entries(STATES).map(([code, state]) => [state, code]);
  return [...cities, ...alone, ...states];
}

function withPlurals(words: readonly string[]): string[] {
  return words.flatMap((one) => [one, pluralOf(one)]);
}

/** The ways of writing only: a value such as "forklift" is a word of other slots too. */
function groupsOf(terms: readonly Term[]): string[][] {
  return terms.map(({ words }) => [...words]);
}
