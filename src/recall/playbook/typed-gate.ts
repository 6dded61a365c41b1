// All gates together: every typed difference between two queries.
import type { SlotVocabulary } from "#ports/domain-pack.ts";
import { calendarDifferences, readCalendar } from "./calendar-gate.ts";
import { letterDifferences } from "./letter-gate.ts";
import { literalDifferences } from "./literal-gate.ts";
import { nameDifferences } from "./name-gate.ts";
import { negationDifferences } from "./negation-gate.ts";
import { numberDifferences } from "./number-gate.ts";
import { oppositeDifferences } from "./opposite-gate.ts";
import { ownerDifferences } from "./owner-gate.ts";
import { quantityDifferences } from "./quantity-gate.ts";
import type { QueryDifference } from "./query-difference.ts";
import { stemOf, type QueryWord } from "./query-words.ts";
import { roleDifferences } from "./role-gate.ts";
import { valueDifferences } from "./value-gate.ts";
import { createSlotReader, slotDifferences } from "./slot-gate.ts";

/**
 * Differences between a query and a recorded one; none means that no gate objects. `read` says
 * what domains make of them. `alike`: the same request in both, so that numbers which are part of a
 * declared word ("third shift") and bounds in other words ("no more than") are no differences.
 * `none`: a request in neither, so that a declared word which only one of them has may be no more
 * than a word.
 */
export type TypedGate = (
  query: readonly QueryWord[],
  recorded: readonly QueryWord[],
  read?: "none" | "one" | "alike",
) => QueryDifference[];

/** The gate of a house whose domains declare these slots. Pure: same queries, same answer. */
export function createTypedGate(slots: readonly SlotVocabulary[]): TypedGate {
  const reader = createSlotReader(slots);
  return (query, recorded, read = "one") => {
    const read_alike = read === "alike";
    const left = reader.read(query);
    const right = reader.read(recorded);
    const known = new Set([...left.stems, ...right.stems]);
    for (const day of [...readCalendar(query), ...readCalendar(recorded)]) known.add(stemOf(day));
    const numbers = numberDifferences(query, recorded);
    const negations = negationDifferences(query, recorded);
    return [
      ...(read_alike ? numbers.filter((it) => !isDeclared(it, known)) : numbers),
      ...(read_alike ? negations.filter((it) => !isBound(it)) : negations),
      ...oppositeDifferences(query, recorded).filter((it) => !isKnown(it, known)),
      ...ownerDifferences(query, recorded),
      ...calendarDifferences(query, recorded),
      ...(read_alike ? [] : quantityDifferences(query, recorded)),
      ...roleDifferences(query, recorded),
      ...literalDifferences(query, recorded),
      ...letterDifferences(query, recorded),
      ...(read_alike ? [] : valueDifferences(query, recorded)),
      ...nameDifferences(query, recorded, known),
      ...slotDifferences(left, right, read !== "none"),
    ];
  };
}

/** Words of a slot are compared there, synonyms and all. */
function isKnown(difference: QueryDifference, known: ReadonlySet<string>): boolean {
  return known.has(stemOf(difference.query)) && known.has(stemOf(difference.recorded));
}

/** A number that stands in a declared word on the sides where it stands at all. */
function isDeclared({ query, recorded }: QueryDifference, known: ReadonlySet<string>): boolean {
  return [query, recorded].every((side) =>
    side.split(/[\s-]+/).every((word) => word === "" || known.has(stemOf(word.toLowerCase()))),
  );
}

const BOUND = /^(no|not) (more|less|fewer|later|earlier) than\b/;

/** "no more than 17" against "17": an upper bound in other words. */
function isBound({ query, recorded }: QueryDifference): boolean {
  return BOUND.test(query) || BOUND.test(recorded);
}
