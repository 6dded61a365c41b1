// Minimal edits and their paired paraphrases through the playbook service.
import type { Call } from "#kernel/call.ts";
import { seededRandom } from "#kernel/random.ts";
import type { PlaybookMatch } from "#contracts/playbook.ts";
import type { Sentence } from "./edit-sentences.ts";
import type { Evaluated, EvaluateRequest, MemoryParts } from "./evaluate-set.ts";
import { mapAtOnce } from "./map-at-once.ts";
import { EDIT_TYPES, makeMinimalEdits } from "./minimal-edits.ts";
import { putRate } from "./rates.ts";
import { rephrase } from "./rephrase.ts";
import { withProgress, type Step } from "./with-progress.ts";
import { plainText } from "./word-neighbours.ts";

/** Edits of each type at most; a set of all types is ten times as many. */
const PER_TYPE = 60;
/** A cosine from which on caches by similarity alone commonly answer. */
const NAIVE_COSINE = 0.9;

interface Asked {
  readonly source: string;
  readonly text: string;
  /** The type of the edit, "by rule" or "of the set". */
  readonly kind: string;
}

export async function* evaluateEdits(
  parts: MemoryParts,
  sentences: readonly Sentence[],
  request: EvaluateRequest,
  scope: string,
  call: Call,
): AsyncGenerator<Step, Evaluated> {
  const random = seededRandom(request.seed);
  const per_type = Math.min(PER_TYPE, Math.ceil(request.queries_max / EDIT_TYPES.length));
  const texts = [...new Set(sentences.map((it) => it.text))];
  const edits = makeMinimalEdits(texts, per_type, random);
  const own = new Map(sentences.map((it) => [it.text, it.paraphrase]));
  const asked: Asked[] = edits.flatMap(({ source, edited, type }) => {
    const of_set = own.get(source);
    const differs = of_set !== undefined && plainText(of_set) !== plainText(source);
    return [
      { source, text: edited, kind: type },
      { source, text: rephrase(source, random), kind: "by rule" },
      ...(differs ? [{ source, text: of_set, kind: "of the set" }] : []),
    ];
  });
  const entries = edits.map(({ source }) => ({
    query_text: source,
    answer_id: source.slice(0, 512),
    answer_corpus: "edits",
    score: 1,
  }));
  yield* withProgress("record", entries.length, () =>
    parts.playbook.bulk({ entries, scope }, call),
  );
  const matches = yield* withProgress("ask", asked.length, (onDone) =>
    mapAtOnce(
      asked,
      parts.settings.searches_at_once,
      async ({ text }) => (await parts.playbook.match({ query_text: text, scope }, call)).matches,
      onDone,
      call,
    ),
  );
  const rows = asked.map((it, at) => ({ ...it, matches: matches[at]! }));
  const by_mode = figuresByMode(rows);
  return { form: "edits", queries: edits.length, figures: by_mode["all"]!, by_mode };
}

type Row = Asked & { readonly matches: readonly PlaybookMatch[] };

function figuresByMode(rows: readonly Row[]): Record<string, Record<string, number>> {
  const types = new Set<string>(EDIT_TYPES);
  const edits = rows.filter((it) => types.has(it.kind));
  const by_rule = rows.filter((it) => it.kind === "by rule");
  const of_set = rows.filter((it) => it.kind === "of the set");
  const all: Record<string, number> = {};
  putRate(all, "edits: falsely reused", edits, isReused);
  putRate(all, "edits: falsely boosted", edits, isBoosted);
  putRate(all, "edits: cosine alone would reuse", edits, isNear);
  for (const [name, of] of [
    ["by rule", by_rule],
    ["of the set", of_set],
  ] as const) {
    putRate(all, `paraphrases ${name}: boosted`, of, isBoosted);
    putRate(all, `paraphrases ${name}: reused`, of, isReused);
  }
  const paraphrases = [...by_rule, ...of_set];
  putRate(all, "paraphrases: boosted", paraphrases, isBoosted);
  const shifted = paraphrases.map((it, at) => ({
    ...it,
    source: paraphrases[(at + 7) % paraphrases.length]!.source,
  }));
  putRate(all, "paraphrases, origins permuted: boosted", shifted, isBoosted);
  const by_mode: Record<string, Record<string, number>> = { all };
  for (const type of EDIT_TYPES) {
    const of = edits.filter((it) => it.kind === type);
    const figures: Record<string, number> = {};
    putRate(figures, "falsely reused", of, isReused);
    putRate(figures, "falsely boosted", of, isBoosted);
    by_mode[type] = figures;
  }
  return by_mode;
}

function ofOrigin({ source, matches }: Row): PlaybookMatch | undefined {
  return matches.find((match) => match.playbook.query_text === source);
}

const isBoosted = (row: Row) => ofOrigin(row)?.applied ?? false;
const isReused = (row: Row) => row.matches.some((match) => match.decisions.reuse.decided);
const isNear = (row: Row) => (ofOrigin(row)?.semantic ?? 0) >= NAIVE_COSINE;
