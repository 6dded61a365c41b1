// What the command line prints: tables, lines and progress for people, JSON for programs.
import { stripVTControlCharacters, styleText } from "node:util";

export interface Terminal {
  /** Results go here. */
  out(text: string): void;
  /** Progress and notes go here, so that results can be piped. */
  note(text: string): void;
  /** Whether notes go to a terminal that can redraw a line. */
  readonly interactive: boolean;
}

export interface Output {
  readonly json: boolean;
  /** A result: the human text on a terminal, the value with --json. */
  result(value: unknown, human: () => string): void;
  /** One item of a stream: a line of text, or a line of JSON. */
  item(value: unknown, human: () => string): void;
  note(text: string): void;
  progress(): Progress;
}

export interface Progress {
  update(text: string): void;
  /** Leaves the last line standing, or clears it. */
  end(text?: string): void;
}

export function createOutput(
  terminal: Terminal,
  options: { json: boolean; quiet: boolean },
): Output {
  const print = (text: string) => terminal.out(text.endsWith("\n") ? text : `${text}\n`);
  return {
    json: options.json,
    result: (value, human) => print(options.json ? JSON.stringify(value, undefined, 2) : human()),
    item: (value, human) => print(options.json ? JSON.stringify(value) : human()),
    note: (text) => (options.quiet || options.json ? undefined : terminal.note(`${text}\n`)),
    progress: () => createProgress(terminal, options.quiet || options.json),
  };
}

/** Milliseconds between two redraws, and between two plain lines where nothing can be redrawn. */
const REDRAW_MS = 100;
const PLAIN_LINE_MS = 5_000;

function createProgress(terminal: Terminal, silent: boolean): Progress {
  let last_ms = 0;
  const clear = terminal.interactive ? "\r\u001b[2K" : "";
  return {
    update(text) {
      const now_ms = Date.now();
      const every_ms = terminal.interactive ? REDRAW_MS : PLAIN_LINE_MS;
      if (silent || now_ms - last_ms < every_ms) return;
      last_ms = now_ms;
      terminal.note(terminal.interactive ? `${clear}${text}` : `${text}\n`);
    },
    end(text) {
      if (silent) return;
      terminal.note(text === undefined ? clear : `${clear}${text}\n`);
    },
  };
}

/**
 * Rows under a head, columns as wide as they need; numbers to the right. In a terminal that is too
 * narrow the widest columns are cut, or each row becomes a block; into a pipe everything goes, what
 * is very long beyond its column.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly unknown[])[],
  // A terminal may not know its size.
  columns = (process.stdout.isTTY && process.stdout.columns) || undefined,
): string {
  const cells = rows.map((row) => row.map(cellText));
  const in_pipe = columns === undefined;
  const widths = head.map((title, index) =>
    cells.reduce((width, row) => {
      const own = widthOf(row[index] ?? "");
      return Math.max(width, in_pipe ? Math.min(own, PADDED_MAX) : own);
    }, title.length),
  );
  if (!in_pipe) {
    const fits = narrow(widths, columns - GAP.length * (widths.length - 1));
    if (!fits && rows.length > 0) return blocks(head, cells);
  }
  const numeric = head.map(
    (_, index) => rows.length > 0 && rows.every((row) => isNumber(row[index])),
  );
  const line = (row: readonly string[]) =>
    row
      .map((text, at) => fitted(text, widths[at]!, { right: numeric[at] === true, in_pipe }))
      .join(GAP)
      .trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join(GAP);
  return [bold(line(head)), dim(rule), ...cells.map(line)].join("\n");
}

const GAP = "  ";
/** Into a pipe: each row is filled up to its columns, and the longest value says how far. */
const PADDED_MAX = 60;
/** A column that is cut to less says nothing. */
const CUT_TO_MIN = 20;

/** Takes from the widest, in place, until all fit together: whether they do. */
function narrow(widths: number[], together_max: number): boolean {
  let over = widths.reduce((sum, width) => sum + width, 0) - together_max;
  for (; over > 0; over--) {
    const widest = Math.max(...widths);
    if (widest <= CUT_TO_MIN) return false;
    widths[widths.indexOf(widest)] = widest - 1;
  }
  return true;
}

/** Each row as lines of a title and its value, without those that are empty. */
function blocks(head: readonly string[], cells: readonly (readonly string[])[]): string {
  const width = Math.max(...head.map((title) => title.length));
  const lineOf = (title: string, text: string) => `${dim(title.padEnd(width))}${GAP}${text}`;
  return cells
    .map((row) => head.flatMap((title, at) => (row[at] ? [lineOf(title, row[at])] : [])).join("\n"))
    .join("\n\n");
}

/** Colours take no room. */
const widthOf = (text: string) => stripVTControlCharacters(text).length;

function fitted(
  text: string,
  width: number,
  { right, in_pipe }: { readonly right: boolean; readonly in_pipe: boolean },
): string {
  const missing = width - widthOf(text);
  if (missing < 0 && in_pipe) return text;
  if (missing < 0) return `${stripVTControlCharacters(text).slice(0, width - 1)}…`;
  return right ? " ".repeat(missing) + text : text + " ".repeat(missing);
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.replaceAll(/\s+/g, " ");
}

function isNumber(value: unknown): boolean {
  if (typeof value === "number" || value === null) return true;
  return typeof value === "string" && /^-?[\d.,]+ ?(%|ms|s|B|[KMG]iB)?$/.test(value);
}

export const bold = (text: string) => styleText("bold", text);
export const dim = (text: string) => styleText("dim", text);
export const green = (text: string) => styleText("green", text);
export const red = (text: string) => styleText("red", text);
export const yellow = (text: string) => styleText("yellow", text);

/** 1536 → "1.5 KiB". */
export function humanBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** 1234567 → "1,234,567". */
export function humanCount(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** 1, "row" → "1 row"; 1200, "row" → "1,200 rows". */
export function humanAmount(value: number, noun: string): string {
  return `${humanCount(value)} ${value === 1 ? noun : `${noun}s`}`;
}

/** 95,400 ms → "1 min 35 s". */
export function humanTime(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
