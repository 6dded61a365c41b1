// The answers to search and hybrid: query to vector, conditions to a selection, then the search.
import type { Call } from "#kernel/call.ts";
import type { Client, ParsedInputOf } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { embed } from "#contracts/embed.ts";
import type { query } from "#contracts/query.ts";
import type { vector } from "#contracts/vector.ts";
import { createBackgrounds } from "./background.ts";
import { checkFilterFields } from "./filter-fields.ts";
import { selectIds } from "./hybrid-search.ts";
import type { IndexEntry } from "./index-entry.ts";
import type { LiveIndex } from "./live-index.ts";
import type { RecallProbes } from "./recall-probe.ts";
import { searchIndex } from "./search-index.ts";
import { select } from "./selection.ts";
import { embedQuery } from "./text-vectors.ts";
import { toVector } from "./upsert-items.ts";
import type { VectorSettings } from "./vector-settings.ts";

type Input<N extends keyof typeof vector.operations> = ParsedInputOf<(typeof vector.operations)[N]>;

export interface AnswerNeeds {
  readonly embed: Client<typeof embed>;
  readonly query: Client<typeof query>;
  readonly probes: Pick<RecallProbes, "note">;
}

/** The answers to `search` and `hybrid`. */
export function createAnswers(needs: AnswerNeeds, settings: VectorSettings) {
  async function vectorOf(
    entry: IndexEntry,
    input: { vector?: number[] | undefined; query_text?: string | undefined; mode: string },
    call: Call,
  ): Promise<Float32Array | undefined> {
    if (input.mode === "lexical") return undefined;
    if (input.vector !== undefined) return toVector(entry, input.vector, "vector");
    if (input.query_text !== undefined) {
      return embedQuery(needs.embed, entry, input.query_text, call);
    }
    throw noQuery("a query_text or a vector is needed");
  }

  const backgroundOf = createBackgrounds(needs.embed);

  return {
    async search(live: LiveIndex, input: Input<"search">, call: Call) {
      const started = performance.now();
      const { index, mode, query_text: text, k, expansion, with_text, filters, ids } = input;
      const { lexical, metric } = live.entry;
      checkWords(index, mode, lexical, text);
      const [query_vector, background] = await Promise.all([
        vectorOf(live.entry, input, call),
        input.with_background ? backgroundOf(live.entry, call) : null,
      ]);
      if (query_vector !== undefined) needs.probes.note(live.entry, query_vector);
      return live.use(async (state) => {
        if (input.unknown_fields === "refuse") checkFilterFields(state.table, filters);
        const selection = select(state.table, filters, ids);
        const request = {
          mode,
          k,
          vector: query_vector,
          text,
          expansion,
          selection,
          metric,
          with_text,
        };
        const { hits, method } = await searchIndex(state, request, settings);
        const took_ms = performance.now() - started;
        return { index, hits, method, matched: selection?.count ?? null, background, took_ms };
      });
    },
    async hybrid(live: LiveIndex, input: Input<"hybrid">, call: Call) {
      const started = performance.now();
      const { index, mode, query_text: text, k } = input;
      const { lexical, metric } = live.entry;
      checkWords(index, mode, lexical, text);
      const common = { mode, k, text, metric };
      const [query_vector, { sql_matches, ids }] = await Promise.all([
        vectorOf(live.entry, input, call),
        selectIds(needs.query, live.entry, input, settings.hybrid_rows_max, call),
      ]);
      return live.use(async (state) => {
        const selection = select(state.table, undefined, ids);
        const request = {
          ...common,
          vector: query_vector,
          selection,
          expansion: undefined,
          with_text: true,
        };
        const { hits: results, method } = await searchIndex(state, request, settings);
        const took_ms = performance.now() - started;
        return { sql_matches, vector_reranked: selection!.count, results, method, took_ms };
      });
    },
  };
}

function checkWords(
  index: string,
  mode: Input<"search">["mode"],
  lexical: boolean,
  text: string | undefined,
): void {
  if (mode === "vector") return;
  if (!lexical) {
    throw new LakehouseError("conflict", `${index} does not index words`, {
      reason: "not_lexical",
    });
  }
  if (text === undefined) throw noQuery(`a ${mode} search needs a query_text`);
}

function noQuery(message: string): LakehouseError {
  return new LakehouseError("invalid", message, { reason: "no_query" });
}
