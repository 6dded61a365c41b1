// Answers what kind of task a query is, and which recorded queries come closest.
import type { TaskRouteAnswer } from "#contracts/playbook.ts";
import { nearQueries, rankQueries, type NearTo } from "./nearest-queries.ts";
import { readWords } from "./query-words.ts";
import type { ScopeIndex } from "./scope-index.ts";
import { NEIGHBOURS_MAX } from "./task-router.ts";

/** Recorded queries compared word by word, by meaning and by shared words each. */
const CANDIDATES = 50;
const ALTERNATIVES_MAX = 5;

export interface RouteOptions {
  readonly k: number;
  readonly in_scope_min: number;
}

export async function routeQuery(
  asked: NearTo,
  index: ScopeIndex,
  { k, in_scope_min }: RouteOptions,
): Promise<TaskRouteAnswer> {
  await index.router.settle(nextTurn);
  const stems = readWords(asked.text).map((word) => word.stem);
  const n = { queries: k === 0 ? 0 : CANDIDATES, classed: NEIGHBOURS_MAX };
  const { nearest, neighbours } = index.around(asked.vector, n);
  const options = { in_scope_min, alternatives_max: ALTERNATIVES_MAX };
  const { signs: _, ...route } = index.router.route(
    { stems, vector: asked.vector },
    neighbours,
    options,
  );
  const found = k === 0 ? [] : nearQueries(index, asked, nearest, CANDIDATES);
  const ranked = rankQueries(asked.text, found);
  return {
    ...route,
    alternatives: [...route.alternatives],
    learnt_from: index.router.size(),
    classes: index.router.classes().length,
    nearest: ranked.slice(0, k).map(({ recorded, likeness }) => ({
      query_text: recorded.text,
      playbook_ids: [...recorded.playbook_ids],
      task_classes: [...recorded.classes.keys()],
      likeness,
      semantic: Math.min(1, index.cosine(recorded, asked.vector)),
    })),
  };
}

/** The answer of a scope that holds nothing. */
export const NOTHING_LEARNT: TaskRouteAnswer = {
  task_class: null,
  probability: 0,
  in_scope: 0,
  alternatives: [],
  learnt_from: 0,
  classes: 0,
  reason: "nothing is remembered in this scope",
  nearest: [],
};

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
