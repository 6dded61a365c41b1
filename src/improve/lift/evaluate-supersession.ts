// Facts that changed: does the newer one stand above the one it took the place of?
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import { seededRandom, type Random } from "#kernel/random.ts";
import type { PathwayHit, pathwayContract } from "#contracts/pathway.ts";
import type { Sentence } from "./edit-sentences.ts";
import { mapAtOnce } from "./map-at-once.ts";
import { EDIT_TYPES, makeMinimalEdits, type MinimalEdit } from "./minimal-edits.ts";
import { putRate } from "./rates.ts";
import { rephrase } from "./rephrase.ts";
import { withProgress, type Step } from "./with-progress.ts";
import { plainText } from "./word-neighbours.ts";

export interface SupersessionRequest {
  /** Facts of each type of edit at most. */
  readonly per_type: number;
  readonly seed: number;
  readonly searches_at_once: number;
  readonly modes: readonly Mode[];
}

export interface SupersessionFigures {
  readonly facts: number;
  readonly figures: Record<string, number>;
  /** Newest above superseded by the type of what changed. */
  readonly by_type: Record<string, number>;
}

type Mode = "mixed" | "lexical";
type Pathways = Client<typeof pathwayContract>;
type Ids = readonly { readonly older: string; readonly newer: string }[];

/**
 * How a newer fact came in: as a version of the older one, as a text that knows nothing of it, or
 * as such a text in other words. Added before the older one, it is the older one itself.
 */
const ARMS = ["revised", "added later", "restated later", "added before"] as const;
const CONTROL = "added before";
type Arm = (typeof ARMS)[number];

interface Row extends MinimalEdit {
  readonly arm: Arm;
  readonly mode: Mode;
  readonly older: Place;
  readonly newer: Place;
  /** Superseded traces among the hits of a plain search. */
  readonly superseded: number;
}

/** Place among the hits from 0, `Infinity` where it is none of them; score of words alone. */
interface Place {
  readonly at: number;
  readonly lexical: number;
}

const HITS = 10;
const ASKING = ["what do we know about", "what is known of", "remind me:", "what was said about"];

/**
 * Facts are sentences with one thing changed. All stand in one scope for each arm, and are asked
 * for in other words that say nothing of what changed. The scopes are left as they are: what is
 * evaluated is a memory made for it.
 */
export async function* evaluateSupersession(
  client: Pathways,
  sentences: readonly Sentence[],
  request: SupersessionRequest,
  tenant: string,
  call: Call,
): AsyncGenerator<Step, SupersessionFigures> {
  const random = seededRandom(request.seed);
  const texts = [...new Set(sentences.map((it) => it.text))];
  const edits = makeMinimalEdits(texts, request.per_type, random);
  const queries = edits.map((edit) => questionFor(edit, random));
  const restated = edits.map(({ edited, ...one }) => ({
    ...one,
    edited: rephrase(edited, random),
  }));
  const rows: Row[] = [];
  for (const arm of ARMS) {
    const scope = { tenant, agent: "lift", task_class: arm };
    const ids = yield* withProgress(`write, ${arm}`, edits.length, () =>
      writeFacts(client, arm === "restated later" ? restated : edits, arm, scope, call),
    );
    if (request.modes.includes("mixed")) yield* embedded(client, scope, call);
    for (const mode of request.modes) {
      const asked = yield* withProgress(`ask, ${arm}, ${mode}`, edits.length, (onDone) =>
        mapAtOnce(
          edits,
          request.searches_at_once,
          (_, at) => askFor(client, { ...scope, query_text: queries[at]!, mode }, ids[at]!, call),
          onDone,
          call,
        ),
      );
      rows.push(...asked.map((found, at) => ({ ...edits[at]!, arm, mode, ...found })));
    }
  }
  return { facts: edits.length, ...figuresOf(rows, request.modes) };
}

/** A question made of what both versions say, some of it in other words. */
function questionFor({ source, edited }: MinimalEdit, random: Random): string {
  const kept = new Set(plainText(edited).split(" "));
  const same = source.split(" ").filter((word) => kept.has(plainText(word)));
  return `${random.pick(ASKING)} ${rephrase(same.join(" "), random)}?`;
}

type Scope = { readonly tenant: string; readonly agent: string; readonly task_class: string };

/** All of one age first: what comes later is newer. */
async function writeFacts(
  client: Pathways,
  edits: readonly MinimalEdit[],
  arm: Arm,
  scope: Scope,
  call: Call,
): Promise<Ids> {
  const before: string[] = [];
  for (const { source, edited } of edits) {
    const content = arm === CONTROL ? edited : source;
    before.push((await client.add({ ...scope, content }, call)).pathway.pathway_id);
  }
  const ids: { older: string; newer: string }[] = [];
  for (const [at, { source, edited }] of edits.entries()) {
    const older = before[at]!;
    if (arm === "revised") {
      const revised = await client.revise({ ...scope, pathway_id: older, content: edited }, call);
      ids.push({ older, newer: revised.pathway_id });
      continue;
    }
    const content = arm === CONTROL ? source : edited;
    const added = (await client.add({ ...scope, content }, call)).pathway.pathway_id;
    ids.push(arm === CONTROL ? { older: added, newer: older } : { older, newer: added });
  }
  return ids;
}

const WAIT_MS = 200;

/** Waits until all of a scope has its vectors; the deadline is that of the call. */
async function* embedded(client: Pathways, scope: Scope, call: Call): AsyncGenerator<Step> {
  for (;;) {
    const { embedding, traces } = await client.stats(scope, call);
    yield { phase: "embed", done: embedding.embedded, total: traces };
    if (embedding.backlog === 0) return;
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
}

async function askFor(
  client: Pathways,
  asked: Scope & { readonly query_text: string; readonly mode: Mode },
  ids: Ids[number],
  call: Call,
): Promise<Pick<Row, "older" | "newer" | "superseded">> {
  const search = { ...asked, k: HITS, remember_recall: false };
  const plain = await client.search(search, call);
  const all = await client.search({ ...search, include_superseded: true }, call);
  const hits = asked.task_class === "revised" ? all.hits : plain.hits;
  return {
    older: placeOf(hits, ids.older),
    newer: placeOf(hits, ids.newer),
    superseded: plain.hits.filter(({ pathway }) => pathway.status !== "active").length,
  };
}

function placeOf(hits: readonly PathwayHit[], id: string): Place {
  const at = hits.findIndex(({ pathway }) => pathway.pathway_id === id);
  return at < 0 ? { at: Infinity, lexical: 0 } : { at, lexical: hits[at]!.components.lexical ?? 0 };
}

function figuresOf(
  rows: readonly Row[],
  modes: readonly Mode[],
): Pick<SupersessionFigures, "figures" | "by_type"> {
  const figures: Record<string, number> = {};
  const found = rows.filter((row) => row.arm !== CONTROL && isFound(row));
  putRate(figures, "newest above superseded", found, isAbove);
  for (const arm of ARMS.filter((one) => one !== CONTROL)) {
    for (const mode of modes) {
      const of = rows.filter((row) => row.arm === arm && row.mode === mode);
      putRate(figures, `${arm}, ${mode}: newest above superseded`, of.filter(isFound), isAbove);
      putRate(figures, `${arm}, ${mode}: newest among ${HITS}`, of, ({ newer }) =>
        Number.isFinite(newer.at),
      );
    }
  }
  // What words alone would say, equal scores being no order.
  const both = rows.filter(
    ({ arm, mode, older, newer }) =>
      arm === "added later" && mode === modes.at(-1) && Number.isFinite(older.at + newer.at),
  );
  putRate(figures, "plain words: newest scores higher", both, (row) => lead(row) > 0);
  putRate(figures, "plain words: both score the same", both, (row) => lead(row) === 0);
  // The rule follows time: the same text that wins when it is newer must lose when it is older.
  const turned = rows.filter((row) => row.arm === CONTROL && isFound(row));
  putRate(figures, "control, written the other way round: changed text above", turned, isAbove);
  figures["superseded handed out"] = rows.reduce((sum, row) => sum + row.superseded, 0);
  const by_type: Record<string, number> = {};
  for (const type of EDIT_TYPES) {
    putRate(
      by_type,
      type,
      found.filter((row) => row.type === type),
      isAbove,
    );
  }
  return { figures, by_type };
}

const isFound = ({ older, newer }: Row) => Math.min(older.at, newer.at) < HITS;
const isAbove = ({ older, newer }: Row) => newer.at < older.at;
const lead = ({ older, newer }: Row) => newer.lexical - older.lexical;
