// The kind of task of a query that nobody named: as the scope's own classes have it.
import type { AskedQuery } from "./compare-queries.ts";
import type { RecordedQuery, ScopeIndex } from "./scope-index.ts";
import { NEIGHBOURS_MAX } from "./task-router.ts";

/** From this probability on that a query is of any known kind, its kind counts. */
export const ROUTED_SCOPE_MIN = 0.5;

/** With fewer classed entries a scope cannot tell what is outside of it. */
export const ROUTED_ENTRIES_MIN = 20;

/** A kind of task that was worked out, not told. */
export interface RoutedClass {
  readonly task_class: string;
  /** Probability that it is of any known kind. */
  readonly in_scope: number;
  /** That it is of this one, out of scope counted. */
  readonly trust: number;
}

export interface NearAndKind {
  /** The n recorded queries of greatest cosine. */
  readonly nearest: readonly RecordedQuery[];
  /** undefined: told by the caller, or not to be known. */
  readonly routed: RoutedClass | undefined;
}

/**
 * The nearest queries and, in the same scan, the kind of task. Not routed: a query whose kind was
 * told, a scope with few classed entries or one class only, and `withheld`, when entries are left
 * out that the router has learnt from.
 */
export async function nearAndKind(
  asked: Pick<AskedQuery, "vector" | "words" | "task_class">,
  index: ScopeIndex,
  n: number,
  withheld: boolean,
): Promise<NearAndKind> {
  const { router } = index;
  const classed = router.size() >= ROUTED_ENTRIES_MIN && router.classes().length > 1;
  if (!classed || withheld || asked.task_class !== null) {
    return { nearest: index.nearest(asked.vector, n), routed: undefined };
  }
  await router.settle(nextTurn);
  const { nearest, neighbours } = index.around(asked.vector, {
    queries: n,
    classed: NEIGHBOURS_MAX,
  });
  const stems = asked.words.map((word) => word.stem);
  const { task_class, in_scope, probability } = router.route(
    { stems, vector: asked.vector },
    neighbours,
    { in_scope_min: ROUTED_SCOPE_MIN, alternatives_max: 1 },
  );
  if (task_class === null) return { nearest, routed: undefined };
  return { nearest, routed: { task_class, in_scope, trust: in_scope * probability } };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
