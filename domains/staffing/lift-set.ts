// The staffing lift set: hand-written requests, judged from the metadata of a hit, by code.
import type { LiftQuery, LiftSet } from "#pack.ts";
import { firstFault } from "./fill-want.ts";
import type { Want } from "./want.ts";
import { LIMITS_AND_MIXES, OFF_TOPIC } from "./lift-limits.ts";
import { QUALITY } from "./lift-quality.ts";
import type { LiftCategory, LiftRequest } from "./lift-request.ts";
import { WHEN } from "./lift-when.ts";
import { WHO_AND_WHERE } from "./lift-who-where.ts";

const CATEGORIES: LiftCategory = { ...WHO_AND_WHERE, ...WHEN, ...QUALITY, ...LIMITS_AND_MIXES };

export interface StaffingLiftQuery extends LiftQuery {
  readonly want: Want;
}

export const staffingLiftQueries: readonly StaffingLiftQuery[] = Object.entries(CATEGORIES).flatMap(
  ([category, requests]) => requests.map((request, index) => toQuery(category, request, index)),
);

export const staffingLiftSet: LiftSet = {
  name: "staffing",
  judge: "deterministic: a worker satisfies a request when every stated demand holds in their row",
  corpora: ["workers"],
  queries: staffingLiftQueries,
  off_topic: OFF_TOPIC,
};

function toQuery(category: string, request: LiftRequest, index: number): StaffingLiftQuery {
  const { want, text, paraphrases, lookalikes } = request;
  const query_id = `${category.replaceAll(" ", "-")}-${index + 1}`;
  // One worker answers a hit, whatever the count; all else that is asked must hold.
  const satisfies = (hit: { metadata: Readonly<Record<string, unknown>> }): boolean =>
    firstFault(want, hit.metadata) === undefined;
  return { query_id, category, want, text, satisfies, paraphrases, lookalikes };
}
