// JSON with 64-bit whole numbers: snapshot ids are text in memory and numbers on the wire.

const ID_KEY = /snapshot-ids?$/;
/** Objects of free names and text values: what looks like an id in them is somebody's own text. */
const MAP_KEY = /^(properties|summary|config|defaults|overrides)$/;

/**
 * As `JSON.parse`, but whole numbers that a JavaScript number cannot hold exactly become text, and
 * so does every number under a key that ends in `snapshot-id` or `snapshot-ids` (null stays).
 * Throws `SyntaxError` as `JSON.parse` does.
 */
export function parseLongJson(text: string): unknown {
  // Inside text a quote is written \", so `snapshot-id"` always ends a string, and a colon after
  // it makes that string a key: no text can look like this.
  let exact = text;
  if (text.includes("snapshot-id")) {
    exact = text
      .replaceAll(/(snapshot-id"\s*:\s*)(-?\d+)(?=\s*[,}])/g, '$1"$2"')
      .replaceAll(
        /(snapshot-ids"\s*:\s*\[)([^\]"[{]*)(?=\])/g,
        (_, start: string, ids: string) => start + ids.replaceAll(/-?\d+/g, '"$&"'),
      );
  }
  if (/[:,[]\s*-?\d{16,}(?=\s*[,}\]])/.test(exact)) exact = quoteLongNumbers(exact);
  return JSON.parse(exact);
}

/** Here text and numbers must be told apart one by one, so it is done only where it is needed. */
function quoteLongNumbers(text: string): string {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/gs, (token) =>
    /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token,
  );
}

/**
 * As `JSON.stringify`, but text of digits under keys ending in `snapshot-id` and `snapshot-ids` is
 * written as a number, and so is every `bigint`. Objects named `properties`, `summary`, `config`,
 * `defaults` or `overrides`, and `updates` where it is an object, keep their text: all values in
 * them are text by specification. `space`: columns of indentation.
 */
export function printLongJson(value: unknown, space = 0): string {
  return print(value, { is_id: false, is_map: false, step: " ".repeat(space), before: "\n" });
}

interface Place {
  readonly is_id: boolean;
  readonly is_map: boolean;
  /** Indentation of one level; empty: everything on one line. */
  readonly step: string;
  /** New line and indentation of this level. */
  readonly before: string;
}

function print(value: unknown, place: Place): string {
  if (typeof value === "string") {
    return place.is_id && /^-?\d+$/.test(value) ? trimmed(value) : JSON.stringify(value);
  }
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (value instanceof Date) return JSON.stringify(value);
  const inner = place.step === "" ? place : { ...place, before: place.before + place.step };
  if (Array.isArray(value)) {
    return enclosed(
      "[",
      "]",
      value.map((item) => print(item, inner)),
      inner,
      place,
    );
  }
  if (place.is_map && place.step === "") return JSON.stringify(value);
  const colon = place.step === "" ? ":" : ": ";
  const parts: string[] = [];
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined || typeof item === "function") continue;
    const is_map = place.is_map || MAP_KEY.test(key) || (key === "updates" && !Array.isArray(item));
    const is_id = !is_map && ID_KEY.test(key);
    parts.push(JSON.stringify(key) + colon + print(item, { ...inner, is_id, is_map }));
  }
  return enclosed("{", "}", parts, inner, place);
}

function enclosed(
  open: string,
  close: string,
  parts: readonly string[],
  inner: Place,
  outer: Place,
): string {
  if (parts.length === 0) return open + close;
  if (outer.step === "") return open + parts.join(",") + close;
  return open + inner.before + parts.join(`,${inner.before}`) + outer.before + close;
}

/** JSON allows no leading zeros. */
function trimmed(digits: string): string {
  return digits.replace(/^(-?)0+(?=\d)/, "$1");
}
