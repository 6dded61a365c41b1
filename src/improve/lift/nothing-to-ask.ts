// A set of which nothing is left to ask has no figures: an error says what is missing.
import { LakehouseError } from "#kernel/problem.ts";
import type { LabelledText } from "./intent-folder.ts";

/** `rejected` (nothing_to_ask). */
export function nothingToAsk(why: string, hint: string): LakehouseError {
  return new LakehouseError("rejected", `nothing is left to ask: ${why}`, {
    reason: "nothing_to_ask",
    hint,
  });
}

/** Throws when the exemplars are all that train holds; `instead` names what else may be asked. */
export function needQueries(
  queries: readonly LabelledText[],
  train: readonly LabelledText[],
  exemplars: readonly LabelledText[],
  instead: readonly string[],
): void {
  if (queries.length > 0) return;
  const labels = new Set(train.map((line) => line.label)).size;
  const other = instead.map((part) => `, or ask its part with --split ${part}`).join("");
  throw nothingToAsk(
    `of ${train.length} lines of train with ${labels} labels ${exemplars.length} are exemplars, ` +
      "and no line of other words remains",
    `add lines to train, two or more of each label${other}`,
  );
}
