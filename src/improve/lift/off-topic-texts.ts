// What another set asks: texts that are no business of the corpus under test.
import { LakehouseError } from "#kernel/problem.ts";
import { seededRandom } from "#kernel/random.ts";
import { findSet, type FoundSet, type SetSources } from "./find-set.ts";

/** Some of them by seed. Throws `not_found` for no such set, `rejected` for minimal-edits. */
export async function offTopicTexts(
  sources: SetSources,
  set: string,
  { queries_max, seed }: { readonly queries_max: number; readonly seed: number },
): Promise<readonly string[]> {
  const texts = [...new Set(textsOf(await findSet(sources, set), set))];
  return seededRandom(seed).shuffle(texts).slice(0, queries_max);
}

function textsOf(found: FoundSet, set: string): readonly string[] {
  switch (found.form) {
    case "intents": {
      const { asked, train } = found.folder;
      return (asked.get("valid") ?? asked.get("test") ?? train).map(({ text }) => text);
    }
    case "retrieval":
      return [...found.folder.queries.values()];
    case "pairs":
      return [...found.folder.files.values()].flat().map(({ first }) => first);
    case "tasks":
      return found.tasks.map(({ text }) => text);
    case "domain":
      return found.set.queries.map(({ text }) => text);
    case "edits":
      throw new LakehouseError("rejected", `"${set}" has texts of every topic`, {
        reason: "set_not_understood",
        hint: "name a set that is about something else",
      });
  }
}
