// For tests: writes a value the way models get JSON wrong, without changing what it says.

export interface Spelling {
  readonly quote?: "'" | '"' | "“" | "`";
  readonly bare_keys?: boolean;
  readonly trailing_commas?: boolean;
  readonly doubled_commas?: boolean;
  readonly no_commas?: boolean;
  /** Written between members. */
  readonly comment?: string;
  readonly python?: boolean;
  readonly raw_line_breaks?: boolean;
  /** Between tokens; a line break and indent unless given. */
  readonly space?: string;
}

export function spell(value: unknown, how: Spelling, depth = 0): string {
  if (typeof value === "string") return quoted(value, how);
  if (typeof value !== "object" || value === null) return literal(value, how);
  const gap = how.space ?? `\n${"  ".repeat(depth + 1)}`;
  const close = how.space ?? `\n${"  ".repeat(depth)}`;
  const parts = Array.isArray(value)
    ? value.map((one) => spell(one, how, depth + 1))
    : Object.entries(value).map(
        ([key, one]) => `${keyOf(key, how)}: ${spell(one, how, depth + 1)}`,
      );
  const [open, end] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  if (parts.length === 0) return `${open}${end}`;
  const is_list = Array.isArray(value);
  const between = how.no_commas ? "" : how.doubled_commas === true && !is_list ? ",," : ",";
  const comment = how.comment === undefined ? "" : ` ${how.comment}`;
  const last = how.trailing_commas === true ? "," : "";
  return `${open}${gap}${parts.join(`${between}${comment}${gap}`)}${last}${close}${end}`;
}

function keyOf(key: string, how: Spelling): string {
  return how.bare_keys === true ? key : quoted(key, how);
}

function literal(value: unknown, how: Spelling): string {
  if (how.python !== true) return JSON.stringify(value);
  if (value === null) return "None";
  if (value === true) return "True";
  return value === false ? "False" : JSON.stringify(value);
}

function quoted(text: string, how: Spelling): string {
  const quote = how.quote ?? '"';
  let inside = JSON.stringify(text).slice(1, -1);
  if (how.raw_line_breaks === true) inside = inside.replaceAll(/(?<!\\)\\n/g, "\n");
  if (quote === '"') return `"${inside}"`;
  if (quote === "“") return `“${inside}”`;
  return `${quote}${inside.replaceAll('\\"', '"').replaceAll(quote, `\\${quote}`)}${quote}`;
}
