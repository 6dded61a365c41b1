// What is to be said of answers that are recorded and stand nowhere: no search would show them.
import type { Call } from "#kernel/call.ts";
import { nearestName } from "#kernel/check-input.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import type { AnswerPlace, AnswerPlaces } from "#ports/answer-places.ts";

interface Answer {
  readonly answer_id: string;
  readonly answer_corpus: string;
}

/** Ids that one warning names. */
const NAMED_MAX = 10;

/** Throws `not_found` (no_such_corpus) where the name of a corpus seems to be misspelt. */
export function refuseMisspelt(places: AnswerPlaces | undefined, { answer_corpus }: Answer): void {
  if (places === undefined || places.find(answer_corpus) !== undefined) return;
  const nearest = nearestName(answer_corpus, places.names());
  if (nearest === undefined) return;
  throw new LakehouseError("not_found", `there is no corpus "${answer_corpus}"`, {
    reason: "no_such_corpus",
    hint: `did you mean "${nearest}"? If not, build "${answer_corpus}" first`,
  });
}

/**
 * One warning for each corpus that is not there or lacks answers of these: documents may come
 * later. None where the corpora are not known here.
 */
export async function answerWarnings(
  places: AnswerPlaces | undefined,
  answers: readonly Answer[],
  call: Call,
): Promise<string[]> {
  if (places === undefined) return [];
  const by_corpus = new Map<string, Set<string>>();
  for (const { answer_corpus, answer_id } of answers) {
    const ids = by_corpus.get(answer_corpus) ?? new Set();
    by_corpus.set(answer_corpus, ids.add(answer_id));
  }
  const warnings: string[] = [];
  for (const [corpus, ids] of by_corpus) {
    const place = places.find(corpus);
    const warning =
      place === undefined
        ? unknownCorpus(corpus, places)
        : await unknownIds(corpus, place, [...ids], call);
    if (warning !== undefined) warnings.push(warning);
  }
  return warnings;
}

function unknownCorpus(corpus: string, places: AnswerPlaces): string {
  const nearest = nearestName(corpus, places.names());
  const meant = nearest === undefined ? "" : ` (did you mean "${nearest}"?)`;
  return `there is no corpus "${corpus}"${meant}: no search shows this answer until it is built`;
}

async function unknownIds(
  corpus: string,
  { id_prefix, standing }: AnswerPlace,
  ids: readonly string[],
  call: Call,
): Promise<string | undefined> {
  try {
    const found = await standing(ids, call);
    const missing = ids.filter((id) => !found.has(id));
    if (missing.length === 0) return undefined;
    const named = missing.slice(0, NAMED_MAX);
    const prefixed = await standing(
      named.map((id) => `${id_prefix}${id}`),
      call,
    );
    const list = named.map((id) => {
      const meant = `${id_prefix}${id}`;
      return prefixed.has(meant) ? `"${id}" (there is "${meant}")` : `"${id}"`;
    });
    const more = missing.length > named.length ? ` and ${missing.length - named.length} more` : "";
    return `corpus "${corpus}" does not hold ${list.join(", ")}${more}`;
  } catch (thrown) {
    // What is recorded does not depend on it, so it is told and goes on.
    const { message } = toLakehouseError(thrown);
    return `whether corpus "${corpus}" holds the answers could not be looked up: ${message}`;
  }
}
