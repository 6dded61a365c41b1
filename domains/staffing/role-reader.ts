// Reads the role of a request, as a noun or by what people can do.
import { phraseMatcher } from "./phrase-matcher.ts";
import { FOREIGN_PROFESSIONS, pluralOf, ROLES } from "./roles.ts";

const FOREIGN = "";
const role_words = new Map<string, string>();
const role_phrases = new Map<string, string>();
for (const { role, synonyms, phrases } of ROLES) {
  for (const words of [role, ...synonyms]) {
    role_words.set(words, role);
    role_words.set(pluralOf(words), role);
  }
  for (const words of phrases) role_phrases.set(words, role);
}
for (const words of FOREIGN_PROFESSIONS) {
  role_words.set(words, FOREIGN);
  role_words.set(pluralOf(words), FOREIGN);
}

export const findRoles = phraseMatcher(role_words, { people: true });
export const findRolePhrases = phraseMatcher(role_phrases, { people: true });

/** One role, as a noun or by what they can do; undefined when foreign, none or several. */
export function readRole(text: string): string | undefined {
  const nouns = findRoles(text).filter((found) => !found.negated);
  const found = nouns.length > 0 ? nouns : findRolePhrases(text).filter((one) => !one.negated);
  const roles = new Set(found.map((one) => one.value));
  const [role] = roles;
  return roles.size === 1 && role !== FOREIGN ? role : undefined;
}
