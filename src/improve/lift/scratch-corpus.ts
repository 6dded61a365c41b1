// A corpus that stands for the length of one run.
import { throwIfOver, type Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import type { matrix } from "#contracts/matrix.ts";
import type { CorpusText } from "./lift-case.ts";

const ITEMS_MAX = 100_000;

/** The name of the corpus of a run; not a name that users give. */
export function scratchName(set: string, run_id: string): string {
  const plain = set
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, "_")
    .slice(0, 60);
  return `lift_${plain}_${run_id.replaceAll("-", "").slice(-12)}`;
}

/** Builds it; answers progress. */
export async function* buildScratch(
  client: Client<typeof matrix>,
  corpus: string,
  items: readonly CorpusText[],
  call: Call,
): AsyncGenerator<{ done: number; total: number }> {
  const source = {
    kind: "texts" as const,
    items: items.slice(0, ITEMS_MAX).map((item) => ({ ...item, metadata: { ...item.metadata } })),
  };
  for await (const step of client.build({ corpus, summary: "a lift run", source }, call)) {
    throwIfOver(call);
    yield { done: step.items_done, total: step.items_total };
  }
}
