// Random work on pathway memory for tests: adds, versions, outcomes, retirements, tags, origins.
import type { Random } from "#kernel/random.ts";
import type { openPathway, SCOPE } from "./open-pathway.suite.ts";

type Client = Awaited<ReturnType<typeof openPathway>>["client"];

const WORDS = "red blue chair table invoice late paid Müller 14 kg crane shift night".split(" ");

/** Does so many things in turn; answers texts that something was written of. */
export async function applyActions(
  client: Client,
  scopes: readonly (typeof SCOPE)[],
  random: Random,
  count: number,
): Promise<string[]> {
  const texts: string[] = [];
  const known = new Map(scopes.map((scope) => [scope, [] as string[]]));
  const pick = <T>(from: readonly T[]) => from[random.int(from.length)]!;
  for (let turn = 0; turn < count; turn++) {
    const scope = pick(scopes);
    const ids = known.get(scope)!;
    const text = Array.from({ length: 5 }, () => pick(WORDS)).join(" ");
    const content = `${text} ${random.int(1000)}`;
    const kind = ids.length < 3 ? 0 : random.int(8);
    const pathway_id = ids.length === 0 ? "" : pick(ids);
    if (kind < 3) {
      const derived_from = kind === 1 && ids.length > 0 ? [pathway_id] : [];
      const tags = kind === 2 ? ["urgent"] : [];
      const added = await client.add({ ...scope, content, tags, derived_from });
      ids.push(added.pathway.pathway_id);
      texts.push(text);
    } else if (kind < 5) {
      await client.outcome({ ...scope, pathway_id, success: random.int(2) === 0 });
    } else if (kind === 5) {
      await client.update({ ...scope, pathway_id, tags: ["moved"] });
    } else if (kind === 6) {
      const newer = await client.revise({ ...scope, pathway_id, content });
      ids.splice(ids.indexOf(pathway_id), 1, newer.pathway_id);
    } else {
      await client.retire({ ...scope, pathway_id, reason: "gone" });
      ids.splice(ids.indexOf(pathway_id), 1);
    }
  }
  return texts;
}
