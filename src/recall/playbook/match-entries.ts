// Decides which recorded entries may speak for a query, and in which order they are told.
import type { Playbook, PlaybookMatch } from "#contracts/playbook.ts";
import { compareQueries, type AskedQuery } from "./compare-queries.ts";
import { draftOf, isAble, judgeDraft, type Draft, type JudgeOptions } from "./judge-entry.ts";
import { COMPARED_WORDS_MAX } from "./query-words.ts";
import type { RecordedQuery, ScopeIndex } from "./scope-index.ts";
import type { TypedGate } from "./typed-gate.ts";

export interface MatchOptions extends JudgeOptions {
  readonly shown_min: number;
  readonly candidates_max: number;
  readonly k: number;
  readonly corpora: ReadonlySet<string> | undefined;
  /** The recorded queries of greatest cosine. */
  readonly nearest: readonly RecordedQuery[];
  /** Ids of entries to leave out. */
  readonly without: ReadonlySet<string>;
}

/** Entries that may be of the same kind of task are listed from this probability on. */
const TRANSFER_SHOWN_MIN = 0.25;

/** Entries that are compared word against word for one query. */
const PAIRED_MAX = 3;

/**
 * The k closest entries: by kind of task, those applied before all but the surest of these, then by
 * confidence; an applied one is always among them. Only the entries of one recorded query are
 * applied: the most confident; what another, less alike query was answered with is shown but does
 * not speak.
 */
export function matchEntries(
  asked: AskedQuery,
  index: ScopeIndex,
  entryOf: (playbook_id: string) => Playbook | undefined,
  gate: TypedGate,
  options: MatchOptions,
): PlaybookMatch[] {
  const drafts = findCandidates(asked, index, options)
    .map((recorded) => compareQueries(asked, recorded, index, gate, options.confidence_min))
    .flatMap((comparison) =>
      entriesOf(comparison.recorded, entryOf, options).map((playbook) =>
        draftOf(asked, comparison, playbook, index.weight, options),
      ),
    )
    .filter(({ comparison, transfer }) => {
      return comparison.likeness >= options.shown_min || transfer >= TRANSFER_SHOWN_MIN;
    })
    .toSorted(byConfidence);
  const able = drafts.filter((draft) => isAble(draft, options.confidence_min));
  const speaking = able.toSorted(byStanding)[0]?.recorded;
  const ordered = drafts.toSorted((a, b) => byKind(a, b, speaking));
  return withSpeaking(ordered, speaking, options.k).map((draft, at) =>
    judgeDraft(asked, draft, speaking, at < PAIRED_MAX, options),
  );
}

function findCandidates(
  asked: AskedQuery,
  index: ScopeIndex,
  { nearest, candidates_max: n }: MatchOptions,
): RecordedQuery[] {
  const exact = index.exact(asked.text);
  const found = new Set(exact === undefined ? [] : [exact]);
  for (const query of nearest) found.add(query);
  if (asked.words.length <= COMPARED_WORDS_MAX) {
    for (const query of index.sharing(asked.stems, n)) found.add(query);
  }
  if (asked.reading !== undefined) {
    for (const query of index.reading(asked.reading).slice(0, n)) found.add(query);
  }
  return [...found];
}

function entriesOf(
  recorded: RecordedQuery,
  entryOf: (playbook_id: string) => Playbook | undefined,
  { corpora, without }: MatchOptions,
): Playbook[] {
  return [...recorded.playbook_ids].flatMap((playbook_id) => {
    const entry = without.has(playbook_id) ? undefined : entryOf(playbook_id);
    if (entry === undefined || entry.status === "retired") return [];
    return corpora === undefined || corpora.has(entry.answer_corpus) ? [entry] : [];
  });
}

/** Equally sure entries by what they were worth, then the better judged, then the latest. */
function byConfidence(a: Draft, b: Draft): number {
  return (
    b.confidence - a.confidence ||
    b.utility - a.utility ||
    b.playbook.score - a.playbook.score ||
    (b.playbook.updated_at < a.playbook.updated_at ? -1 : 1)
  );
}

/** The first k; should those that speak stand further behind, they take the last places. */
function withSpeaking(
  ordered: readonly Draft[],
  speaking: RecordedQuery | undefined,
  k: number,
): Draft[] {
  const first = ordered.slice(0, k);
  if (speaking === undefined || first.some((it) => it.recorded === speaking)) return first;
  const spoken = ordered.filter((it) => it.recorded === speaking).slice(0, k);
  return [...first.slice(0, k - spoken.length), ...spoken];
}

/** Of those that may speak the surest, also of being the same kind of task. */
function byStanding(a: Draft, b: Draft): number {
  return b.confidence * b.transfer - a.confidence * a.transfer || byConfidence(a, b);
}

/**
 * What speaks goes before all that is less sure than this to be the same kind of task; what is
 * surer and was found to differ in a value comes first, as its workflow is the better one.
 */
const SPEAKING_KIND = 0.95;

/** The most probable kind of task first, then those that speak, then the surest. */
function byKind(a: Draft, b: Draft, speaking: RecordedQuery | undefined): number {
  const speaks = (draft: Draft) => speaking !== undefined && draft.recorded === speaking;
  const kind = (draft: Draft) =>
    speaks(draft) ? Math.max(draft.transfer, SPEAKING_KIND) : draft.transfer;
  return kind(b) - kind(a) || Number(speaks(b)) - Number(speaks(a)) || byConfidence(a, b);
}
