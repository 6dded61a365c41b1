// Makes a lift set of the query set that a domain brings; its corpora stand already.
import { seededRandom } from "#kernel/random.ts";
import type { LiftQuery, LiftSet } from "#ports/domain-pack.ts";
import type { LiftCase, PreparedSet } from "./lift-case.ts";

export function prepareDomainSet(set: LiftSet, queries_max: number, seed: number): PreparedSet {
  const { queries } = set;
  const chosen =
    queries.length <= queries_max
      ? queries
      : seededRandom(seed).shuffle(queries).slice(0, queries_max);
  return {
    set: set.name,
    judge: set.judge,
    corpora: set.corpora,
    items: [],
    cases: chosen.map(toCase),
    off_topic: set.off_topic.map((text) => ({ text, group: "off-topic" })),
    notes: [],
  };
}

/** Of a look-alike is known what it must not get: what its origin was answered with. */
function toCase(query: LiftQuery): LiftCase {
  return {
    query_id: query.query_id,
    category: query.category,
    text: query.text,
    satisfies: (answer) => query.satisfies(answer),
    paraphrases: query.paraphrases,
    lookalikes: query.lookalikes.map((text) => ({
      text,
      isWrong: (_answer, query_id) => query_id === query.query_id,
    })),
  };
}
