// Patterns of rules: JavaScript's syntax, run by an engine whose time is linear in the text (RE2).

/** Whether a text holds what a pattern asks for; undefined: the text is too long for it. */
export type Matcher = (text: string) => boolean | undefined;

/** By pattern, as rules have it. */
export type Matchers = ReadonlyMap<string, Matcher>;

/** Longer text is not matched against a pattern. */
const TEXT_LENGTH_MAX = 100_000;
/** Steps of a compiled pattern; a repeat takes as many as it may take turns. */
const PROGRAM_STEPS_MAX = 5_000;
/** Steps times characters: what costs less is over in 0.2 s, however the pattern is made. */
const WORK_MAX = 5_000_000;

/** The engine is loaded only where there are patterns. Throws an Error with the reason. */
export async function compilePattern(pattern: string): Promise<Matcher> {
  const linear = toLinear(pattern);
  const { RE2JS } = await import("re2js");
  const engine = RE2JS.compile(linear);
  const steps = engine.programSize();
  if (steps > PROGRAM_STEPS_MAX) {
    throw new Error(`it becomes ${steps} steps, and at most ${PROGRAM_STEPS_MAX} are run`);
  }
  const length_max = Math.min(TEXT_LENGTH_MAX, Math.floor(WORK_MAX / steps));
  return (text) => (text.length > length_max ? undefined : engine.test(text));
}

const ESCAPE =
  String.raw`\\u\{[\da-f]+\}|\\ud[89ab][\da-f]{2}\\ud[c-f][\da-f]{2}|\\u[\da-f]{4}` +
  String.raw`|\\p\{[^}]*\}|\\c[a-z]|\\[^]`;
const OUTSIDE = new RegExp(`${ESCAPE}|\\(\\?(?:<?[=!]|<[^>]+>|[^:]*:)|\\[\\^?\\]|[^]`, "iyu");
const IN_CLASS = new RegExp(`${ESCAPE}|[^]`, "iyu");

/** White space as JavaScript has it, and all but that: to stand in a class. */
const SPACE =
  String.raw`\t-\r \x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}` +
  String.raw`\x{202F}\x{205F}\x{3000}\x{FEFF}`;
const NO_SPACE =
  String.raw`\x00-\x08\x0E-\x1F!-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF}\x{200B}-\x{2027}` +
  String.raw`\x{202A}-\x{202E}\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{FEFE}` +
  String.raw`\x{FF00}-\x{10FFFF}`;
const ANYTHING = String.raw`[\x00-\x{10FFFF}]`;
const NOTHING = String.raw`[^\x00-\x{10FFFF}]`;

/**
 * What the engine calls otherwise is rewritten, so that a pattern means what it means to `RegExp`
 * with the flag u; what it cannot run in linear time is refused.
 */
function toLinear(pattern: string): string {
  void new RegExp(pattern, "u");
  let linear = "";
  let in_class = false;
  for (let at = 0; at < pattern.length;) {
    const token = in_class ? IN_CLASS : OUTSIDE;
    token.lastIndex = at;
    const [part] = token.exec(pattern)!;
    at += part.length;
    linear += part.startsWith("\\")
      ? escapeOf(part, in_class)
      : in_class
        ? inClass(part)
        : outside(part);
    if (part === "[" || part === "[^") in_class = true;
    else if (part === "]") in_class = false;
  }
  return linear;
}

function escapeOf(part: string, in_class: boolean): string {
  const kind = part[1]!;
  if (kind === "k" || /[1-9]/.test(kind)) throw new Error(`${part} refers back to a group`);
  const both = (inside: string) => (in_class ? inside : `[${inside}]`);
  switch (kind) {
    case "u":
      return codePoint(part);
    case "c":
      return hex(part.codePointAt(2)! & 31);
    case "s":
      return both(SPACE);
    case "S":
      return both(NO_SPACE);
    case "b":
      return in_class ? String.raw`\x08` : part;
    case "0":
      return String.raw`\x00`;
    case "p":
    case "P":
      return part.replace(/(?:Script|sc|General_Category|gc)=/, "");
    default:
      return part;
  }
}

function codePoint(part: string): string {
  const units = part.match(/[\da-f]{4,}|(?<=\{)[\da-f]+/gi)!.map((one) => Number.parseInt(one, 16));
  if (units.length === 1) return hex(units[0]!);
  return hex(String.fromCharCode(...units).codePointAt(0)!);
}

function hex(code_point: number): string {
  return `\\x{${code_point.toString(16)}}`;
}

function inClass(part: string): string {
  return part === "[" ? "\\[" : part;
}

function outside(part: string): string {
  if (part === ".") return String.raw`[^\n\r\x{2028}\x{2029}]`;
  if (part === "[]") return NOTHING;
  if (part === "[^]") return ANYTHING;
  if (!part.startsWith("(?") || part === "(?:") return part;
  if (/^\(\?<?[=!]$/.test(part)) throw new Error(`${part} looks around`);
  // What a group is called is nothing to a rule.
  if (part.startsWith("(?<")) return "(?:";
  throw new Error(`${part} sets flags within the pattern`);
}
