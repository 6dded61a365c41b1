// playbook: queries whose best answer is known, and when they may speak for another query.
import type { Call } from "#kernel/call.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Client, Handlers, ParsedInputOf } from "#kernel/contract.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { embed } from "#contracts/embed.ts";
import type { Playbook, playbookContract } from "#contracts/playbook.ts";
import type { AnswerPlaces } from "#ports/answer-places.ts";
import type { RequestReader, SlotVocabulary } from "#ports/domain-pack.ts";
import { answerWarnings, refuseMisspelt } from "./check-answers.ts";
import { createQueryEmbedder } from "./embed-queries.ts";
import { listEntries } from "./list-entries.ts";
import { askQuery, compareQueries } from "./compare-queries.ts";
import { matchEntries } from "./match-entries.ts";
import { createPlaybookChanges, entryOrThrow, type PlaybookChanges } from "./playbook-changes.ts";
import { entryAfterOutcome, entryWithStatus, type AppliedTo } from "./playbook-entry.ts";
import type { PlaybookSettings } from "./playbook-settings.ts";
import { openPlaybookStore, type PlaybookStore } from "./playbook-store.ts";
import { NOTHING_LEARNT, routeQuery } from "./route-query.ts";
import { nearAndKind } from "./routed-class.ts";
import type { ScopeIndex } from "./scope-index.ts";
import { createTypedGate } from "./typed-gate.ts";

export interface PlaybookNeeds {
  readonly embed: Client<typeof embed>;
  /** Folder that this service owns. */
  readonly dir: string;
  readonly log: Log;
  readonly clock: Clock;
  /** Words that tell two queries apart, from the domains. */
  readonly slots: readonly SlotVocabulary[];
  /** What the domains read in a query: the same reading asks for the same. */
  readonly readRequest: RequestReader;
  /** Where answers stand, asked when they are recorded; nothing: it is not known here. */
  readonly places?: (() => AnswerPlaces | undefined) | undefined;
}

type Contract = typeof playbookContract;
type MatchInput = ParsedInputOf<Contract["operations"]["match"]>;
type RouteInput = ParsedInputOf<Contract["operations"]["route"]>;
type OutcomeInput = ParsedInputOf<Contract["operations"]["outcome"]>;

/** Opens the log, replays it and answers. Replayed entries are embedded at their first match. */
export async function createPlaybook(
  needs: PlaybookNeeds,
  settings: PlaybookSettings,
): Promise<Service<Contract>> {
  const { clock, log } = needs;
  const store = await openPlaybookStore(needs.dir, log, needs.readRequest);
  const embedder = createQueryEmbedder(needs.embed, needs.dir, settings.embed_batch_items);
  const { entries_max } = settings;
  const changes = createPlaybookChanges({ store, embedder, clock, entries_max });
  const gate = createTypedGate(needs.slots);

  /** Embeds what was replayed from the log and not looked for since. */
  async function fillVectors(index: ScopeIndex, call: Call): Promise<void> {
    const pending = index.pending();
    const texts = pending.map((query) => query.text);
    const vectors = texts.length === 0 ? [] : await embedder.many(texts, call);
    for (const [at, query] of pending.entries()) index.embedded(query, vectors[at]!);
  }

  async function match(input: MatchInput, call: Call) {
    const index = store.scope(input.scope);
    if (index === undefined) return { matches: [] };
    const vector = await embedder.one(input.query_text, call);
    await fillVectors(index, call);
    const corpora = input.corpora === undefined ? undefined : new Set(input.corpora);
    const without = new Set(input.without);
    const { facts, task_class } = input;
    const background = await embedder.background(call);
    const details = { facts, task_class, background };
    const told = askQuery(input.query_text, vector, needs.readRequest, details);
    const n = settings.candidates_max;
    const { nearest, routed } = await nearAndKind(told, index, n, without.size > 0);
    const asked = routed === undefined ? told : { ...told, routed };
    const options = { ...settings, now_ms: clock.now(), k: input.k, corpora, without, nearest };
    return { matches: matchEntries(asked, index, store.get, gate, options) };
  }

  async function route(input: RouteInput, call: Call) {
    const index = store.scope(input.scope);
    if (index === undefined) return NOTHING_LEARNT;
    const vector = await embedder.one(input.query_text, call);
    await fillVectors(index, call);
    const background = await embedder.background(call);
    return routeQuery({ text: input.query_text, vector, background }, index, input);
  }

  /** An outcome; with the query known the entry learns from how like that one was to its own. */
  async function outcome(input: OutcomeInput, call: Call): Promise<Playbook> {
    const { playbook_id, success, query_text } = input;
    const entry = entryOrThrow(store, playbook_id);
    const index = store.scope(entry.scope);
    const recorded = index?.exact(entry.query_text);
    let applied: AppliedTo | undefined;
    if (query_text !== undefined && index !== undefined && recorded !== undefined) {
      const background = await embedder.background(call);
      const vector = await embedder.one(query_text, call);
      const asked = askQuery(query_text, vector, needs.readRequest, { background });
      await fillVectors(index, call);
      const { likeness } = compareQueries(asked, recorded, index, () => [], 1);
      applied = { query_text, likeness };
    }
    const details = query_text === undefined ? { success } : { success, applied_to: query_text };
    return changes.change(
      playbook_id,
      "outcome",
      (it, at) => entryAfterOutcome(it, success, at, applied),
      details,
    );
  }

  return {
    handlers: {
      match,
      route,
      outcome,
      ...recording(changes, needs.places ?? (() => undefined)),
      ...judging(changes),
      ...reading(store),
    },
    health: async () => ({
      status: "ok",
      figures: { ...store.live(), ever: store.size(), corrupt_lines: store.corrupt_lines },
    }),
    async stop() {
      await changes.idle();
      await store.close();
      await embedder.close();
    },
  };
}

function recording(
  changes: PlaybookChanges,
  places: () => AnswerPlaces | undefined,
): Pick<Handlers<Contract>, "record" | "bulk"> {
  return {
    async record(input, call) {
      refuseMisspelt(places(), input);
      const [answer] = await changes.recordAll([input], call);
      const { playbook, merged, contradicted } = answer!;
      if (contradicted) throw contradictedEntry(playbook);
      return { playbook, merged, warnings: await answerWarnings(places(), [input], call) };
    },
    async bulk({ entries, scope }, call) {
      const inputs = entries.map((entry) => ({ ...entry, scope }));
      const answers = await changes.recordAll(inputs, call);
      const merged = answers.filter((answer) => answer.merged).length;
      const playbook_ids = answers.map(({ playbook }) => playbook.playbook_id);
      const out = answers.filter((answer) => answer.contradicted);
      const contradicted = [...new Set(out.map(({ playbook }) => playbook.playbook_id))];
      const recorded = answers.length - merged - out.length;
      const warnings = await answerWarnings(places(), entries, call);
      return { recorded, merged, contradicted, playbook_ids, warnings };
    },
  };
}

function contradictedEntry({ playbook_id, status_reason }: Playbook): LakehouseError {
  const why = status_reason === null ? "" : `: ${status_reason}`;
  const message = `nothing was recorded: this answer was contradicted${why}`;
  return new LakehouseError("conflict", message, {
    reason: "playbook_contradicted",
    hint: `retire "${playbook_id}" and record again if it is right after all`,
    extra: { playbook_id },
  });
}

type Judging = "retire" | "contradict" | "forget_scope";

function judging(changes: PlaybookChanges): Pick<Handlers<Contract>, Judging> {
  return {
    retire: ({ playbook_id, reason }) =>
      changes.change(playbook_id, "retire", (it) => entryWithStatus(it, "retired", reason), {
        reason,
      }),
    contradict: ({ playbook_id, reason }) =>
      changes.change(
        playbook_id,
        "contradict",
        (it) => (it.status === "retired" ? it : entryWithStatus(it, "contradicted", reason)),
        { reason },
      ),
    forget_scope: ({ scope }) => changes.forgetScope(scope),
  };
}

function reading(store: PlaybookStore): Pick<Handlers<Contract>, "list" | "get"> {
  return {
    list: async (input) => listEntries(store.all(), input),
    async get({ playbook_id }) {
      const playbook = entryOrThrow(store, playbook_id);
      return { playbook, history: await store.history(playbook_id) };
    },
  };
}
