// Reads who a request rules out: worker ids, and names behind words such as "anyone but".
import { blank } from "./phrase-matcher.ts";
import { findCities, findStates } from "./place-reader.ts";
import type { Unread } from "./unread-demands.ts";
import { shiftOf } from "./want-values.ts";
import { workerIdOf } from "./worker-ids.ts";

export interface ExclusionRead {
  readonly exclude: readonly string[];
  /** Where they stand, in the text and in `rest`. */
  readonly spans: readonly { readonly start: number; readonly end: number }[];
  readonly rest: string;
  readonly unread: readonly Unread[];
}

const WORKER_ID = /\b(?:w-)?W-\d{3,}\b/gi;
const NAME = "\\p{Lu}[\\p{L}\\p{M}'’-]+ \\p{Lu}[\\p{L}\\p{M}'’-]+";
const RULED_OUT =
  "except(?:ing)?(?: for)?|excluding|exclude|other than|besides|apart from|aside from|but not|" +
  "(?:any|every)(?:one|body) but|all but|do(?:n['’]t| not) (?:send|want|use|include)|leave out|" +
  "with the exception of|not|without";
const EXCLUDED_NAME = new RegExp(`(?<![\\p{L}\\p{N}])(?:${RULED_OUT})\\s+(${NAME})`, "giu");
const CAPITALISED = new RegExp(`^${NAME}$`, "u");
const NEXT_NAME = new RegExp(
  `^(?:\\s*,\\s*(?:or|and|nor)?\\s*|\\s+(?:and|or|nor)\\s+)(${NAME})`,
  "u",
);

/** The rest holds nothing of whom it rules out, nor does their negation reach beyond them. */
export function readExclusions(text: string): ExclusionRead {
  const unread: Unread[] = [];
  const exclude: string[] = [];
  const spans: { start: number; end: number }[] = [];
  for (const match of text.matchAll(WORKER_ID)) {
    const id = workerIdOf(match[0]);
    spans.push({ start: match.index, end: match.index + match[0].length });
    if (id === undefined) unread.push({ slot: "exclude", said: `exclude: ${match[0]}` });
    else exclude.push(id);
  }
  for (const match of text.matchAll(EXCLUDED_NAME)) {
    const name = match[1]!;
    if (!isPerson(name)) continue;
    exclude.push(name);
    const end = match.index + match[0].length;
    spans.push({ start: end - name.length, end });
    let behind = end;
    for (;;) {
      const next = NEXT_NAME.exec(text.slice(behind));
      if (next === null || !isPerson(next[1]!)) break;
      unread.push({ slot: "exclude", said: `exclude: ${next[1]!}` });
      behind += next[0].length;
    }
  }
  const taken = spans.map((span) => ({ ...span, negated: true }));
  return { exclude: [...new Set(exclude)], spans, rest: blank(text, taken), unread };
}

/** "Not Kansas City" rules out a place, "No Night Shift" a shift. */
function isPerson(name: string): boolean {
  if (!CAPITALISED.test(name) || shiftOf(name) !== undefined) return false;
  const places = [...findCities(name), ...findStates(name)];
  return !places.some(({ start, end }) => start === 0 && end === name.length);
}
