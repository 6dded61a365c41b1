// matrix: corpora are built here and searched together, playbooks applied, off-topic refused.
import { throwIfOver, type Call } from "#kernel/call.ts";
import { nearestName } from "#kernel/check-input.ts";
import { isoTime, type Clock } from "#kernel/clock.ts";
import type { Client, ParsedInputOf } from "#kernel/contract.ts";
import { canonicalJson, sha256Hex } from "#kernel/ids.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { AnswerPlaces } from "#ports/answer-places.ts";
import type { catalog } from "#contracts/catalog.ts";
import type { embed } from "#contracts/embed.ts";
import type { matrix } from "#contracts/matrix.ts";
import type { playbookContract } from "#contracts/playbook.ts";
import type { query } from "#contracts/query.ts";
import type { vector } from "#contracts/vector.ts";
import { buildCorpus, isIntact, manifestPath, type BuildPlan } from "./build-corpus.ts";
import { datasetTable, logTable, rowItems, textItems } from "./corpus-items.ts";
import {
  indexOf,
  infoOf,
  openCorpusRegistry,
  type CorpusRecord,
  type CorpusRegistry,
} from "./corpus-registry.ts";
import { createAnswerPlaces } from "./answer-places.ts";
import { answerDowngrade } from "./answer-downgrade.ts";
import { folderItems } from "./folder-items.ts";
import { removeManifest } from "./item-manifest.ts";
import { searchMatrix } from "./matrix-search.ts";
import type { MatrixSettings } from "./matrix-settings.ts";

export interface MatrixNeeds {
  readonly vector: Client<typeof vector>;
  readonly playbook: Client<typeof playbookContract>;
  /** Asked where a search wants its hits reranked. */
  readonly embed: Client<typeof embed>;
  readonly query: Client<typeof query>;
  readonly catalog: Client<typeof catalog>;
  /** Folder that this service owns. */
  readonly dir: string;
  readonly log: Log;
  readonly clock: Clock;
}

type Operations = (typeof matrix)["operations"];
type BuildInput = ParsedInputOf<Operations["build"]>;
type FolderInput = ParsedInputOf<Operations["build_folder"]>;

export interface MatrixService extends Service<typeof matrix> {
  /** For whoever records answers in this process. */
  readonly places: AnswerPlaces;
}

/** Longest corpus name for which the index name still fits. */
const CORPUS_NAME_MAX = 121;

export async function createMatrix(
  needs: MatrixNeeds,
  settings: MatrixSettings,
): Promise<MatrixService> {
  const registry = await openCorpusRegistry(needs.dir, needs.log);
  const building = new Set<string>();
  const { dir, clock, vector: index_client } = needs;
  const build_parts = { ...settings, dir, clock, vector: index_client, registry };
  const { playbook, embed: rank } = needs;
  const search_parts = { vector: index_client, playbook, embed: rank, settings };

  async function* build(
    { corpus }: { readonly corpus: string },
    planned: (call: Call) => Promise<BuildPlan>,
    call: Call,
  ) {
    if (building.has(corpus)) {
      throw new LakehouseError("conflict", `corpus "${corpus}" is being built`, {
        hint: "wait until that build has ended",
      });
    }
    building.add(corpus);
    try {
      const plan = await planned(call);
      const known = registry.get(corpus);
      const same = known !== undefined && isUnchanged(known, plan);
      if (same && (await isIntact(build_parts, known, call))) {
        const { items } = known;
        const figures = { items_done: items, items_total: items, items_per_s: 0 };
        yield { phase: "done" as const, ...figures, corpus: infoOf(known) };
        return;
      }
      yield* buildCorpus(build_parts, plan, call);
    } finally {
      building.delete(corpus);
    }
  }

  return {
    places: createAnswerPlaces(registry, index_client),
    handlers: {
      build: (input, call) => build(input, () => planBuild(needs, settings, input, call), call),
      build_folder: (input, call) => build(input, () => planFolder(input), call),
      corpora: async () => ({ corpora: registry.list().map(infoOf) }),
      async drop({ corpus }, call) {
        const known = registry.get(corpus) !== undefined;
        const { dropped } = await index_client.drop({ index: indexOf(corpus) }, call);
        await removeManifest(manifestPath(dir, corpus));
        if (known) await registry.dropped(corpus, isoTime(clock));
        return { dropped: known || dropped };
      },
      async search(input, call) {
        throwIfOver(call);
        return searchMatrix(search_parts, chooseCorpora(registry, input.corpora), input, call);
      },
      async downgrade(input, call) {
        const corpora = chooseCorpora(registry, input.corpora);
        return answerDowngrade(
          { ...search_parts, query: needs.query, clock },
          corpora,
          input,
          call,
        );
      },
    },
    health: async () => ({
      status: "ok",
      figures: {
        corpora: registry.list().length,
        items: registry.list().reduce((sum, it) => sum + it.items, 0),
        building: building.size,
      },
    }),
    stop: () => registry.close(),
  };
}

function chooseCorpora(
  registry: CorpusRegistry,
  names: readonly string[] | undefined,
): CorpusRecord[] {
  const all = registry.list();
  if (names === undefined) return all;
  return [...new Set(names)].map((name) => {
    const record = registry.get(name);
    if (record !== undefined) return record;
    const known = all.map((it) => it.corpus);
    const nearest = nearestName(name, known);
    const list = known.length === 0 ? "none yet" : known.join(", ");
    throw new LakehouseError("not_found", `there is no corpus "${name}"`, {
      reason: "no_such_corpus",
      hint: nearest === undefined ? `corpora: ${list}` : `did you mean "${nearest}"?`,
    });
  });
}

function checkName(corpus: string): void {
  if (corpus.length > CORPUS_NAME_MAX) {
    const message = `a corpus name has ${CORPUS_NAME_MAX} characters at most`;
    throw new LakehouseError("invalid", message, { issues: [{ path: "corpus", message }] });
  }
}

async function planFolder(input: FolderInput): Promise<BuildPlan> {
  const { corpus, summary, id_prefix, path, extensions, passage_characters } = input;
  checkName(corpus);
  const items = await folderItems(path, { extensions, passage_characters, id_prefix });
  const recipe = { kind: "folder", extensions, passage_characters, id_prefix };
  return { corpus, summary, id_prefix, ...loosely(recipe), items };
}

async function planBuild(
  needs: MatrixNeeds,
  settings: MatrixSettings,
  input: BuildInput,
  call: Call,
): Promise<BuildPlan> {
  const { corpus, summary, id_prefix, source } = input;
  checkName(corpus);
  const named = { corpus, summary, id_prefix };
  if (source.kind === "texts") {
    const items = textItems(source, id_prefix, settings.page_rows);
    return { ...named, ...loosely({ kind: "texts", id_prefix }), items };
  }
  if (source.kind === "log") {
    const table = await logTable(needs.query, source.log, call);
    const items = rowItems(needs.query, table, source, id_prefix, settings.page_rows);
    return { ...named, ...loosely({ ...source, id_prefix }), items };
  }
  const dataset = await needs.catalog.get({ name: source.dataset }, call);
  const table = datasetTable(dataset);
  const source_hash = hashOf({ ...source, id_prefix });
  const items = rowItems(needs.query, table, source, id_prefix, settings.page_rows);
  const { snapshot_id } = table;
  const index_source = { dataset: source.dataset, id_column: source.id_column };
  return { ...named, index_source, fresh_when_other: true, source_hash, snapshot_id, items };
}

/** Of a source without snapshots: its items are always compared one by one. */
function loosely(recipe: object) {
  return {
    index_source: null,
    fresh_when_other: false,
    source_hash: hashOf(recipe),
    snapshot_id: null,
  };
}

function hashOf(value: unknown): string {
  return sha256Hex(canonicalJson(value));
}

/** The same rows by the same recipe are there already; texts are always compared one by one. */
function isUnchanged(known: CorpusRecord, plan: BuildPlan): boolean {
  return (
    plan.snapshot_id !== null &&
    known.built_snapshot_id === plan.snapshot_id &&
    known.source_hash === plan.source_hash &&
    known.summary === plan.summary
  );
}
