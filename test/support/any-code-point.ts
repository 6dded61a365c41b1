// Any character. fast-check's own table of them takes a second to make in each process.
import fc from "fast-check";

const between = (min: number, max: number) =>
  fc.integer({ min, max }).map((code) => String.fromCodePoint(code));

/** For `unit` of `fc.string`; no half surrogates. Those of ASCII are a third of all. */
export const anyCodePoint = fc.oneof(
  between(0, 0x7f),
  between(0x80, 0xd7ff),
  between(0xe000, 0x10ffff),
);
