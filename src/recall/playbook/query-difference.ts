// A typed difference between a query and a recorded one; every gate answers a list of these.

export interface QueryDifference {
  /** number, negation, opposite, order, owner, place, name, time, or the slot of a domain. */
  readonly kind: string;
  /** What the query says; "" when it says nothing of the kind. */
  readonly query: string;
  /** What the recorded query says. */
  readonly recorded: string;
}

/** The same difference seen from the other query. */
export function mirrored(difference: QueryDifference): QueryDifference {
  return { ...difference, query: difference.recorded, recorded: difference.query };
}

/** Values of a that b does not have. */
export function onlyIn(a: ReadonlySet<string>, b: ReadonlySet<string>): string[] {
  return [...a].filter((value) => !b.has(value));
}
