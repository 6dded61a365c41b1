// Finds phone and social security numbers in a text, however they are spaced.

/** Dashes of every kind, dots, slashes, brackets and spaces that people write between digits. */
const GAP = "[\\s./()\\u2010-\\u2015\\u2212-]{0,3}";
const NATIONAL = new RegExp(`(?<!\\d)(?:1${GAP})?\\d{3}${GAP}\\d{3}${GAP}\\d{4}(?!\\d)`, "g");
const FOREIGN = new RegExp(`\\+(?:${GAP}\\d){8,15}(?!\\d)`, "g");
const SSN_GAP = "[\\s./\\u2010-\\u2015\\u2212-]{1,3}";
const GROUPED_SSN = new RegExp(`(?<!\\d)\\d{3}${SSN_GAP}\\d{2}${SSN_GAP}\\d{4}(?!\\d)`);
const NINE = `(?<!\\d)\\d(?:${GAP}\\d){8}(?!\\d)`;
const SSN_WORD = "\\b(?:s\\.?s\\.?n\\b|social\\b)";
const NEAR = "\\D{0,40}";
const NAMED_SSN = new RegExp(`${SSN_WORD}${NEAR}${NINE}|${NINE}${NEAR}${SSN_WORD}`, "i");

/** Phone numbers as `nationalNumber` gives them. */
export function phonesIn(text: string): string[] {
  const plain = text.normalize("NFKC");
  const found = [...(plain.match(FOREIGN) ?? []), ...(plain.match(NATIONAL) ?? [])];
  return found.map(nationalNumber);
}

const EXTENSION = /\s*(?:x|ext\.?|extension|#)\s*\d{1,6}\s*$/i;

/** The digits of a phone number without the country code 1 and an extension. */
export function nationalNumber(phone: string): string {
  const digits = phone.replace(EXTENSION, "").replaceAll(/\D/g, "");
  return digits.length === 11 && digits.startsWith("1") ? digits.slice(1) : digits;
}

/** Grouped as 3-2-4, or nine digits near the words that name it. */
export function holdsSsn(text: string): boolean {
  const plain = text.normalize("NFKC");
  return GROUPED_SSN.test(plain) || NAMED_SSN.test(plain);
}
