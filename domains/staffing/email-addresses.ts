// Finds e-mail addresses in a text, in any script and however they are hidden from programs.
import { legible, lower } from "./plain-text.ts";

const NAME = "[\\p{L}\\p{N}_][\\p{L}\\p{M}\\p{N}._%+'-]{0,127}";
const LABEL = "[\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N}-]{0,62}";
const ADDRESS = new RegExp(
  `(?:"[^"\\n]{1,64}"|${NAME})\\s{0,3}@\\s{0,3}${LABEL}(?:\\.${LABEL})+`,
  "gu",
);
const HIDDEN_AT = /\s{0,3}[[({<]\s{0,3}at\s{0,3}[\])}>]\s{0,3}/gi;
const HIDDEN_DOT = /\s{0,3}[[({<]\s{0,3}dot\s{0,3}[\])}>]\s{0,3}/gi;

/** Addresses in small letters and without spaces. */
export function addressesIn(text: string): string[] {
  const plain = legible(text).replaceAll(HIDDEN_AT, "@").replaceAll(HIDDEN_DOT, ".");
  return (plain.match(ADDRESS) ?? []).map((address) => lower(address).replaceAll(/\s/g, ""));
}

/** Whether a header names this address; it must be written as addresses are, nothing beside it. */
export function sameAddress(written: string, address: string): boolean {
  const form = (text: string) => text.normalize("NFC").toLowerCase();
  return form(written.replaceAll(/^ +| +$/g, "")) === form(address.trim());
}
