// Texts as they are compared: one spelling for what people and programs write in many.

const PLAIN = /^[\x20-\x7e]*$/;
const APOSTROPHES = /[\u2018\u2019\u201b\u02bc\u00b4`]/g;
const DASHES = /[\u2010-\u2015\u2212]/g;

/** Compatible letters made one (NFKC), invisible signs gone, one kind of dash and apostrophe. */
export function legible(text: string): string {
  if (PLAIN.test(text)) return text;
  const visible = text.normalize("NFKC").replaceAll(/\p{Cf}/gu, "");
  return visible.replaceAll(APOSTROPHES, "'").replaceAll(DASHES, "-");
}

/** The same in small letters and with single spaces. */
export function lower(text: string): string {
  return legible(text).trim().toLowerCase().replaceAll(/\s+/g, " ");
}

/** True when two texts differ in nothing but spelling of letters, spaces and case. */
export function same(one: string, other: string): boolean {
  return one === other || lower(one) === lower(other);
}

/** Small letters without their accents: for names that must not slip through. */
export function unaccented(text: string): string {
  return lower(text).normalize("NFD").replaceAll(/\p{M}/gu, "");
}

/** Finds phrases as whole words, whatever space or hyphen stands inside them. */
export function wholeWords(phrases: readonly string[]): RegExp {
  const alternatives = phrases.map((words) =>
    words
      .split(/[\s-]+/)
      .map((word) => word.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&"))
      .join("(?:\\s+|-)"),
  );
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${alternatives.join("|")})(?![\\p{L}\\p{N}])`, "iu");
}
