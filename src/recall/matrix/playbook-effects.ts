// Says of each entry considered what became of its answer in this search, and why nothing did.
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import type { ConsideredPlaybook } from "#contracts/matrix.ts";
import type { PlaybookMatch } from "#contracts/playbook.ts";
import type { vector } from "#contracts/vector.ts";
import { standingIds } from "./answer-places.ts";
import type { CorpusRecord } from "./corpus-registry.ts";
import { answerKey, bestApplied } from "./playbook-boost.ts";
import type { Found, Retrieval } from "./search-corpora.ts";

/** What a search found, before and after it was cut down to what was asked for. */
export interface Outcome {
  readonly hits: readonly Found[];
  readonly results: readonly Found[];
}

/**
 * The matches with their effect on the hits. An entry that the playbook would apply and whose
 * answer could not be put forward is not applied, and its reason says what kept it.
 */
export async function withEffects(
  client: Client<typeof vector>,
  corpora: readonly CorpusRecord[],
  matches: readonly PlaybookMatch[],
  { hits, results }: Outcome,
  retrieval: Retrieval,
  call: Call,
): Promise<ConsideredPlaybook[]> {
  const effects = new Map(
    hits.flatMap(({ playbook }) => (playbook ? [[playbook.playbook_id, playbook.effect]] : [])),
  );
  const shown = new Set(results.map(({ playbook }) => playbook?.playbook_id));
  const best = bestApplied(matches);
  return Promise.all(
    matches.map(async (match): Promise<ConsideredPlaybook> => {
      const { playbook_id, answer_corpus, answer_id } = match.playbook;
      const effect = effects.get(playbook_id);
      if (effect !== undefined) {
        const below = shown.has(playbook_id) ? "" : "; even so its answer is below those shown";
        return { ...match, reason: `${match.reason}${below}`, effect };
      }
      if (!match.applied) return { ...match, effect: "none" };
      const stronger = best.get(answerKey(answer_corpus, answer_id))!.playbook.playbook_id;
      if (effects.has(stronger)) {
        return withoutEffect(match, `playbook ${stronger} puts the same answer forward, surer`);
      }
      const corpus = corpora.find((it) => it.corpus === answer_corpus)!;
      return withoutEffect(match, await whyMissing(client, corpus, answer_id, retrieval, call));
    }),
  );
}

/** Its answer is neither put forward nor to be given as it is; its workflow stays as it was. */
function withoutEffect(match: PlaybookMatch, why: string): ConsideredPlaybook {
  const reason = `not applied: ${why}`;
  const { boost, reuse } = match.decisions;
  const decisions = {
    ...match.decisions,
    boost: { ...boost, decided: false, reason },
    reuse: { ...reuse, decided: false, reason: `no: ${why}` },
  };
  return { ...match, applied: false, reason, decisions, effect: "none" };
}

async function whyMissing(
  client: Client<typeof vector>,
  { corpus, id_prefix }: CorpusRecord,
  answer_id: string,
  { filters, mode }: Retrieval,
  call: Call,
): Promise<string> {
  const prefixed = `${id_prefix}${answer_id}`;
  const ids = [...new Set([answer_id, prefixed])];
  const there = await standingIds(client, corpus, ids, call);
  const answer = `the answer "${answer_id}"`;
  if (!there.has(answer_id)) {
    const meant = there.has(prefixed) ? `; there is "${prefixed}"` : "";
    return `${answer} does not stand in the corpus "${corpus}"${meant}`;
  }
  if (filters !== undefined) return `${answer} is filtered away`;
  return `${answer} has nothing in common with the query in mode ${mode}`;
}
