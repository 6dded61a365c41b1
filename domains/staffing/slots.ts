// Words that tell two requests apart: groups of one slot mean the same, different groups do not.
import type { SlotVocabulary } from "#pack.ts";
import { PLACES, STATES } from "./places.ts";
import { FOREIGN_PROFESSIONS, pluralOf, ROLES } from "./roles.ts";
import { AVAILABLE_WORDS, CERTIFICATIONS, EXPERIENCE, SHIFTS, type Term } from "./terms.ts";

function withPlurals(words: readonly string[]): string[] {
  return words.flatMap((one) => [one, pluralOf(one)]);
}

const role_groups = ROLES.map(({ role, synonyms, phrases }) => [
  ...withPlurals([role, ...synonyms]),
  ...phrases,
]);

/** "IN" alone is a word of English; with its city before it, it is the state. */
const state_groups = Object.entries(STATES).map(([code, state]) => {
  const own = PLACES.filter((place) => place.state === code);
  const with_city = own.flatMap(({ city }) => [`${city}, ${code}`, `${city} ${code}`]);
  return code === "IN" ? [state, ...with_city] : [state, code, ...with_city];
});

const cities = [...new Set(PLACES.map((place) => place.city))];

function groupsOf(terms: readonly Term[]): string[][] {
  return terms.map(({ value, words }) => [...new Set([value, ...words])]);
}

export const staffingSlots: readonly SlotVocabulary[] = [
  {
    slot: "role",
    groups: [...role_groups, ...FOREIGN_PROFESSIONS.map((one) => withPlurals([one]))],
  },
  {
    slot: "city",
    groups: cities.map((city) =>
      city === "St. Louis" ? [city, "St Louis", "Saint Louis"] : [city],
    ),
  },
  { slot: "state", groups: state_groups },
  { slot: "shift", groups: SHIFTS.map(({ words }) => [...words]) },
  { slot: "certification", groups: groupsOf(CERTIFICATIONS) },
  { slot: "availability", groups: groupsOf(AVAILABLE_WORDS) },
  { slot: "experience", groups: groupsOf(EXPERIENCE) },
];
