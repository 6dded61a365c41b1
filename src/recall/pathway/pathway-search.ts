// Search within a scope: candidates, one result for each chain, the rank rules, and what to show.
import { boundedCall, type Call } from "#kernel/call.ts";
import type { Clock } from "#kernel/clock.ts";
import type { OutputOf, ParsedInputOf } from "#kernel/contract.ts";
import { toLakehouseError } from "#kernel/problem.ts";
import type { PathwayHit, pathwayContract } from "#contracts/pathway.ts";
import { isStale } from "./apply-row.ts";
import type { BackgroundEmbedding } from "./background-embedding.ts";
import { createWordReader, hash32 } from "./index-words.ts";
import type { PathwaySettings } from "./pathway-settings.ts";
import { readPathway, type LogState, type PathwayStore } from "./pathway-store.ts";
import { newerFirst, standingOf, type Ranked, type Standing } from "./rank-rule.ts";
import type { RecallGuard } from "./recall-guard.ts";
import { findCandidates, type Candidate } from "./search-candidates.ts";
import { contentText, contentValues, saysSomething } from "./trace-content.ts";
import type { ScopeState, TraceTable } from "./trace-table.ts";

type Search = (typeof pathwayContract)["operations"]["search"];
export type SearchInput = ParsedInputOf<Search>;

export interface SearchParts {
  readonly store: PathwayStore;
  readonly guard: RecallGuard;
  readonly embedding: BackgroundEmbedding | undefined;
  readonly clock: Clock;
  readonly settings: PathwaySettings;
}

/** A trace that may be shown, and the version whose words led to it. */
interface Found {
  readonly trace: number;
  readonly matched: number;
  readonly candidate: Candidate;
  readonly standing: Standing;
  readonly score: number;
}

/** Hits beyond `k` that are looked at for one that is newer than a hit it is like. */
const WINDOW_MORE = 10;

export function createSearch(parts: SearchParts) {
  const { store, guard, clock, settings } = parts;
  const words = createWordReader();
  const wordSet = (text: string) => new Set(words.read(text).filter((_, at) => at % 2 === 0));

  /** Hits of a scope in their order, with what they are shown with. */
  async function hitsIn(state: LogState, asked: AskedVector, input: SearchInput): Promise<Shown[]> {
    const { table } = state;
    const scope = table.scope(input)!;
    const eligible = createEligible(table, scope, input);
    const { query, background, method: mode } = asked;
    const { query_text, k } = input;
    const rows = parts.embedding?.rows();
    const wanted = (doc: number) => eligible(doc) !== undefined;
    const about = { query_text, query, background, rows, mode, wanted };
    const candidates = await findCandidates(state, scope, about, settings);
    const ranked = rank(table, candidates, eligible, input, settings, clock.now());
    const window = ranked.slice(0, k + WINDOW_MORE);
    const shown = await Promise.all(
      window.map(async (found) => {
        const pathway = await readPathway(state, found.trace);
        const text = contentText(pathway.content);
        const { utility, trust, stale } = found.standing;
        const standing = utility * trust * stale;
        const recorded_ms = table.columns.recorded_at.values[found.trace]!;
        return { found, pathway, words: wordSet(text), recorded_ms, standing };
      }),
    );
    // Rows were read meanwhile: who was retired or replaced in that time is not handed out.
    const now = store.state.table;
    const there = shown.filter(
      ({ found, pathway }) =>
        isShown(now, found.trace) &&
        (input.include_superseded || now.newestOf(found.trace) === found.trace) &&
        // Old logs hold contents that say nothing: they are near to any query.
        (found.candidate.lexical !== null || saysSomething(contentValues(pathway.content))),
    );
    const ordered = input.include_superseded
      ? there
      : newerFirst(there, wordSet(query_text), settings.alike_min);
    // Tags were compared by their hashes so far.
    return ordered.filter(({ pathway }) => hasTags(pathway.tags, input.tags)).slice(0, k);
  }

  return async function search(input: SearchInput, call: Call): Promise<OutputOf<Search>> {
    const started = performance.now();
    const scope = store.state.table.scope(input);
    const asked = await askedVector(parts, scope, input, call);
    const shown =
      scope === undefined ? [] : await store.using((state) => hitsIn(state, asked, input));
    if (input.remember_recall) {
      for (const { found, pathway } of shown) {
        const text = contentValues(pathway.content);
        store.state.table.columns.recalled_at.values[found.trace] = clock.now();
        guard.handedOut(scope!.number, call.trace_id, pathway.pathway_id, text);
      }
    }
    return {
      hits: shown.map((one) => hitOf(store.state.table, one)),
      method: asked.method,
      degraded: asked.degraded,
      took_ms: performance.now() - started,
    };
  };
}

interface Shown extends Ranked {
  readonly found: Found;
  readonly pathway: PathwayHit["pathway"];
}

interface AskedVector {
  readonly query: Float32Array | undefined;
  readonly background: number;
  readonly method: SearchInput["mode"];
  readonly degraded: string | null;
}

/** The query's vector where meaning is asked for; what fails is told, and words answer alone. */
async function askedVector(
  { embedding, settings }: SearchParts,
  scope: ScopeState | undefined,
  { mode, query_text }: SearchInput,
  call: Call,
): Promise<AskedVector> {
  const by_words = (degraded: string | null): AskedVector => ({
    query: undefined,
    background: 0,
    method: "lexical",
    degraded,
  });
  if (mode === "lexical" || scope === undefined) return by_words(null);
  if (embedding === undefined) return by_words("pathway.dense is off");
  if (scope.embedded === 0) return by_words("nothing of this scope is embedded yet");
  try {
    const bounded = boundedCall(call, { timeout_ms: settings.dense_timeout_ms });
    const [query, background] = await Promise.all([
      embedding.query(query_text, bounded),
      embedding.background(bounded),
    ]);
    return { query, background, method: mode, degraded: null };
  } catch (thrown) {
    if (mode === "dense" || call.signal.aborted) throw thrown;
    return by_words(`the query could not be embedded: ${toLakehouseError(thrown).message}`);
  }
}

/** What was retired is never shown, nor what stood before it in its chain. */
function isShown(table: TraceTable, trace: number, newest = table.newestOf(trace)): boolean {
  return !table.isRetired(trace) && (newest < 0 || !table.isRetired(newest));
}

type Eligible = (doc: number) => number | undefined;

/**
 * The trace that stands for a doc in the answer: the newest of its chain, or with superseded ones
 * the version itself. Undefined: nothing of it may be shown.
 */
function createEligible(table: TraceTable, scope: ScopeState, input: SearchInput): Eligible {
  const { columns, docs } = table;
  const tags = input.tags.map((tag) => hash32(tag, 7));
  const from = input.recorded_from === undefined ? -Infinity : Date.parse(input.recorded_from);
  const to = input.recorded_to === undefined ? Infinity : Date.parse(input.recorded_to);
  return (doc) => {
    const matched = docs.trace.values[doc]!;
    // Words are told apart by scope already; this holds whatever they say.
    if (columns.scope.values[matched] !== scope.number) return undefined;
    if (columns.doc.values[matched] !== doc) return undefined;
    const newest = table.newestOf(matched);
    if (!isShown(table, matched, newest)) return undefined;
    const trace = input.include_superseded ? matched : newest;
    if (trace < 0) return undefined;
    const recorded = columns.recorded_at.values[trace]!;
    if (recorded < from || recorded > to) return undefined;
    if (table.trustOf(trace) < input.trust_min) return undefined;
    if (!tags.every((tag) => table.hasTag(trace, tag))) return undefined;
    if (!input.include_stale && isStale(table, trace)) return undefined;
    return trace;
  };
}

/** One result for each trace, its best version speaking for it; superseded ones below newer. */
function rank(
  table: TraceTable,
  candidates: readonly Candidate[],
  eligible: Eligible,
  input: SearchInput,
  settings: PathwaySettings,
  now_ms: number,
): Found[] {
  const { columns } = table;
  const by_trace = new Map<number, Found>();
  for (const candidate of candidates) {
    const trace = eligible(candidate.doc);
    if (trace === undefined) continue;
    const standing = standingOf(
      {
        confirmed_ms: columns.confirmed_at.values[trace]!,
        successes: columns.successes.values[trace]!,
        failures: columns.failures.values[trace]!,
        trust: table.trustOf(trace),
        stale: isStale(table, trace),
      },
      settings,
      now_ms,
    );
    const { decay, utility, trust, stale } = standing;
    const score = candidate.relevance * decay * utility * trust * stale;
    const known = by_trace.get(trace);
    if (known !== undefined && known.score >= score) continue;
    const matched = table.docs.trace.values[candidate.doc]!;
    by_trace.set(trace, { trace, matched, candidate, standing, score });
  }
  const found = [...by_trace.values()];
  const ranked = input.include_superseded ? belowNewer(table, found, eligible) : found;
  return ranked.toSorted((a, b) => b.score - a.score || b.trace - a.trace);
}

/**
 * No version scores above a newer one of its chain: what an older one earned lifts the newer one,
 * and brings in the newest where that did not match by itself.
 */
function belowNewer(table: TraceTable, found: readonly Found[], eligible: Eligible): Found[] {
  const by_trace = new Map(found.map((one) => [one.trace, one]));
  const next = table.columns.replaced_by.values;
  for (const { trace } of found.toSorted((a, b) => a.trace - b.trace)) {
    const newest = table.newestOf(trace);
    if (newest < 0 || newest === trace) continue;
    const own = by_trace.get(trace)!;
    const lifted = own.score * (1 + 4 * Number.EPSILON);
    let above = next[trace]!;
    while (above !== newest && !by_trace.has(above)) above = next[above]!;
    const newer = by_trace.get(above);
    if (newer !== undefined)
      by_trace.set(above, { ...newer, score: Math.max(newer.score, lifted) });
    else if (eligible(table.columns.doc.values[newest]!) !== undefined) {
      by_trace.set(newest, { ...own, trace: newest, score: lifted });
    }
  }
  return [...by_trace.values()];
}

function hasTags(tags: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((tag) => tags.includes(tag));
}

function hitOf(table: TraceTable, { found, pathway }: Shown): PathwayHit {
  const { lexical, cosine, relevance } = found.candidate;
  return {
    pathway,
    score: found.score,
    components: { lexical, cosine, relevance, ...found.standing },
    matched_version: table.idOf(found.matched),
  };
}
