// All gates together: every typed difference between two queries.
import type { SlotVocabulary } from "#ports/domain-pack.ts";
import { calendarDifferences, readCalendar } from "./calendar-gate.ts";
import { nameDifferences } from "./name-gate.ts";
import { negationDifferences } from "./negation-gate.ts";
import { numberDifferences } from "./number-gate.ts";
import { oppositeDifferences } from "./opposite-gate.ts";
import { ownerDifferences } from "./owner-gate.ts";
import type { QueryDifference } from "./query-difference.ts";
import { stemOf, type QueryWord } from "./query-words.ts";
import { createSlotReader, slotDifferences } from "./slot-gate.ts";

/** Differences between a query and a recorded one; none means that no gate objects. */
export type TypedGate = (
  query: readonly QueryWord[],
  recorded: readonly QueryWord[],
) => QueryDifference[];

/** The gate of a house whose domains declare these slots. Pure: same queries, same answer. */
export function createTypedGate(slots: readonly SlotVocabulary[]): TypedGate {
  const reader = createSlotReader(slots);
  return (query, recorded) => {
    const left = reader.read(query);
    const right = reader.read(recorded);
    const known = new Set([...left.stems, ...right.stems]);
    for (const day of [...readCalendar(query), ...readCalendar(recorded)]) known.add(stemOf(day));
    return [
      ...numberDifferences(query, recorded),
      ...negationDifferences(query, recorded),
      ...oppositeDifferences(query, recorded).filter((it) => !isKnown(it, known)),
      ...ownerDifferences(query, recorded),
      ...calendarDifferences(query, recorded),
      ...nameDifferences(query, recorded, known),
      ...slotDifferences(left, right),
    ];
  };
}

/** Words of a slot are compared there, synonyms and all. */
function isKnown(difference: QueryDifference, known: ReadonlySet<string>): boolean {
  return known.has(stemOf(difference.query)) && known.has(stemOf(difference.recorded));
}
