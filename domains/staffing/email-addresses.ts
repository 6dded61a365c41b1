// Finds e-mail addresses in a text, in any script and however they are hidden from programs.
import { legible, lower } from "./plain-text.ts";

/** All signs that may stand in an address before the @ (RFC 5322), letters of any script. */
const SIGN = "[\\p{L}\\p{N}!#$%&'*+/=?^_`{|}~-]";
const NAME = `${SIGN}(?:${SIGN}|[\\p{M}.]){0,127}`;
const LABEL = "[\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N}-]{0,62}";
/** With blanks round the @ it is an address only by its last label: "8 hours @ 18.50" is none. */
const LAST = "(?:\\p{L}[\\p{L}\\p{M}]{1,62}|xn--[a-z0-9-]{1,59})(?![\\p{L}\\p{M}\\p{N}])";
const SPACED = `\\s{0,3}@\\s{0,3}(?:${LABEL}\\.)+${LAST}`;
const JOINED = `@${LABEL}(?:\\.${LABEL})+`;
const FULL = `(?:"[^"\\n]{1,64}"|${NAME})(?:${JOINED}|${SPACED})`;
const ADDRESS = new RegExp(FULL, "giu");
const ONLY_ADDRESS = new RegExp(`^(?:"[^"\\n]{1,64}"|${NAME})${JOINED}$`, "iu");
/** What texts put right before an address: quotes, stars, "e-mail=". */
const BEFORE = /^(?:[^\p{L}\p{N}]*|[\p{L}-]+=[^\p{L}\p{N}]*)$/u;
const HIDDEN_AT = /\s{0,3}[[({<]\s{0,3}at\s{0,3}[\])}>]\s{0,3}/gi;
const HIDDEN_DOT = /\s{0,3}[[({<]\s{0,3}dot\s{0,3}[\])}>]\s{0,3}/gi;

/** Addresses in small letters and without spaces. */
export function addressesIn(text: string): string[] {
  const plain = legible(text).replaceAll(HIDDEN_AT, "@").replaceAll(HIDDEN_DOT, ".");
  return (plain.match(ADDRESS) ?? []).map((address) => lower(address).replaceAll(/\s/g, ""));
}

/** The first address in a text that is not this one, which is in small letters. */
export function othersAddressIn(text: string, own: string): string | undefined {
  return addressesIn(text).find(
    (address) =>
      !(own !== "" && address.endsWith(own) && BEFORE.test(address.slice(0, -own.length))),
  );
}

/** Whether a text is one address and nothing beside it. */
export function isAddress(text: string): boolean {
  return ONLY_ADDRESS.test(legible(text).trim());
}

/** Whether a header names this address; it must be written as addresses are, nothing beside it. */
export function sameAddress(written: string, address: string): boolean {
  const form = (text: string) => text.normalize("NFC").toLowerCase();
  return form(written.replaceAll(/^ +| +$/g, "")) === form(address.trim());
}
