// Pathway memory beside memory packages from npm: the same texts, vectors, machine and run.
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embed } from "#contracts/embed.ts";
import { pathwayContract } from "#contracts/pathway.ts";
import { playbookContract } from "#contracts/playbook.ts";
import { createMiniLmEmbedder } from "#adapters/embedder/minilm-embedder.ts";
import { makeMinimalEdits } from "#improve/lift/minimal-edits.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import type { Client } from "#kernel/contract.ts";
import { silentLog } from "#kernel/log.ts";
import { seededRandom } from "#kernel/random.ts";
import { createEmbed } from "#models/embed/embed-service.ts";
import { embedSettings } from "#models/embed/embed-settings.ts";
import { createPathway } from "#recall/pathway/pathway-service.ts";
import { pathwaySettings } from "#recall/pathway/pathway-settings.ts";
import { createPlaybook } from "#recall/playbook/playbook-service.ts";
import { playbookSettings } from "#recall/playbook/playbook-settings.ts";
import { round, percentile } from "../support/bench-report.ts";
import { MEMORY_PEERS_SET_UP, openPeers, type MemoryStore } from "./memory-stores.ts";

const SCOPE = { tenant: "bench", agent: "bench", task_class: "bench" };
const QUESTIONS = 400;
const EDITS_OF_A_TYPE = 30;
/** Share of the paraphrases that a threshold lets through: then edits are asked the same way. */
const PARAPHRASES_KEPT = 0.8;
const ROOM = 5;

interface Case {
  readonly source: number;
  readonly text: string;
  readonly vector: Float32Array;
}

interface Cases {
  readonly sources: readonly { text: string; vector: Float32Array }[];
  readonly paraphrases: readonly Case[];
  readonly edits: readonly Case[];
}

/** Figures by name; a note where the data or the peers are not there. */
export async function compareMemory(
  data_dir: string,
  rows: number,
): Promise<Record<string, number | string>> {
  if (!existsSync(join(data_dir, "train/para.in"))) {
    return { peers: `not run: no CLINC150 in ${data_dir}` };
  }
  const dir = await mkdtemp(join(tmpdir(), "lakehouse-bench-"));
  const embedding = await createEmbed(
    { embedders: [createMiniLmEmbedder({ threads: 1, workers: 1 })], log: silentLog },
    // Without its cache: the searches of pathway memory embed their query themselves.
    embedSettings.parse({ cache_bytes_max: 0 }),
  );
  const client = connectLocal(embed, embedding.handlers);
  const figures: Record<string, number | string> = {};
  try {
    const cases = await readCases(data_dir, rows, client);
    const { open, missing } = await openPeers(dir);
    const ours = await openOurs(join(dir, "pathway"), client);
    for (const store of [ours, ...open]) {
      for (const [name, value] of Object.entries(await measure(store, cases))) {
        figures[`${store.name}: ${name}`] = value;
      }
      await store.close();
    }
    Object.assign(figures, await withGate(join(dir, "playbook"), cases, client));
    if (missing.length > 0) figures["not run"] = `${missing.join(", ")} (${MEMORY_PEERS_SET_UP})`;
  } finally {
    await embedding.stop();
    await rm(dir, { recursive: true, force: true });
  }
  return figures;
}

type EmbedClient = Client<typeof embed>;

async function vectorsOf(texts: readonly string[], client: EmbedClient): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (let at = 0; at < texts.length; at += 500) {
    const answer = await client.embed({ texts: texts.slice(at, at + 500) });
    vectors.push(...answer.vectors.map((vector) => Float32Array.from(vector)));
  }
  return vectors;
}

/** Requests of CLINC150 as memory, their machine paraphrases and edits of them as questions. */
async function readCases(data_dir: string, rows: number, client: EmbedClient): Promise<Cases> {
  const lines = async (name: string) =>
    (await readFile(join(data_dir, name), "utf8")).trimEnd().split("\n");
  const [texts, paraphrases] = [await lines("train/seq.in"), await lines("train/para.in")];
  const step = Math.max(1, Math.floor(texts.length / rows));
  const chosen = new Map<string, string>();
  for (let at = 0; at < texts.length; at += step) chosen.set(texts[at]!, paraphrases[at]!);
  const sources = [...chosen.keys()];
  const random = seededRandom(17);
  const differing = [...sources.keys()].filter((at) => chosen.get(sources[at]!) !== sources[at]);
  const asked = random.shuffle(differing).slice(0, QUESTIONS);
  const edits = makeMinimalEdits(sources, EDITS_OF_A_TYPE, random);
  const place = new Map(sources.map((text, at) => [text, at]));
  const plain = [
    ...asked.map((source) => ({ source, text: chosen.get(sources[source]!)! })),
    ...edits.map(({ source, edited }) => ({ source: place.get(source)!, text: edited })),
  ];
  const vectors = await vectorsOf([...sources, ...plain.map((one) => one.text)], client);
  const cases = plain.map((one, at) => ({ ...one, vector: vectors[sources.length + at]! }));
  return {
    sources: sources.map((text, at) => ({ text, vector: vectors[at]! })),
    paraphrases: cases.slice(0, asked.length),
    edits: cases.slice(asked.length),
  };
}

async function measure(store: MemoryStore, cases: Cases): Promise<Record<string, number | string>> {
  const adding: number[] = [];
  for (const [at, { text, vector }] of cases.sources.entries()) {
    const start = performance.now();
    await store.add({ id: String(at), text, vector });
    adding.push(performance.now() - start);
  }
  const searching: number[] = [];
  const ask = async ({ source, text, vector }: Case) => {
    const start = performance.now();
    const hits = await store.search(text, vector, ROOM);
    searching.push(performance.now() - start);
    const rank = hits.findIndex((hit) => hit.id === String(source));
    return { rank, score: rank === 0 ? hits[0]!.score : -Infinity };
  };
  const right = [];
  for (const one of cases.paraphrases) right.push(await ask(one));
  const wrong = [];
  for (const one of cases.edits) wrong.push(await ask(one));
  const sorted = right.map((one) => one.score).toSorted((a, b) => b - a);
  const threshold = sorted[Math.ceil(sorted.length * PARAPHRASES_KEPT) - 1]!;
  const reused = wrong.filter((one) => one.score >= threshold && one.rank === 0).length;
  const share = (count: number, of: number) => round((100 * count) / of);
  return {
    durable: store.durable ? "yes" : "no",
    "add, p50 ms": percentile(adding, 0.5),
    "add, p95 ms": percentile(adding, 0.95),
    "search, p50 ms": percentile(searching, 0.5),
    "search, p95 ms": percentile(searching, 0.95),
    "paraphrase finds its origin, R@1 %": share(
      right.filter((r) => r.rank === 0).length,
      right.length,
    ),
    "R@5 %": share(right.filter((r) => r.rank >= 0).length, right.length),
    "edits reused where 80 % of paraphrases are, %":
      threshold === -Infinity ? "never 80 %" : share(reused, wrong.length),
  };
}

/** Pathway memory as a caller has it: durable adds; the query's embedding is in its search. */
async function openOurs(dir: string, client: EmbedClient): Promise<MemoryStore> {
  const needs = { embed: client, dir, log: silentLog, clock: systemClock };
  const service = await createPathway(needs, pathwaySettings.parse({}));
  const pathways = connectLocal(pathwayContract, service.handlers);
  let settled = false;
  return {
    name: "pathway (its own query embedding included)",
    durable: true,
    async add({ id, text }) {
      await pathways.add({ ...SCOPE, content: text, tags: [id] });
    },
    async search(query_text, _vector, k) {
      if (!settled) await service.embedded();
      settled = true;
      const { hits } = await pathways.search({ ...SCOPE, query_text, k, remember_recall: false });
      return hits.map(({ pathway, components }) => ({
        id: pathway.tags[0]!,
        score: components.cosine ?? 0,
      }));
    },
    close: () => service.stop(),
  };
}

/** The same questions to playbooks, whose typed gate decides on reuse; no threshold is chosen. */
async function withGate(dir: string, cases: Cases, client: EmbedClient) {
  const needs = { embed: client, dir, log: silentLog, clock: systemClock };
  const service = await createPlaybook(
    { ...needs, slots: [], readRequest: () => undefined },
    playbookSettings.parse({}),
  );
  const playbooks = connectLocal(playbookContract, service.handlers);
  const entries = cases.sources.map(({ text }, at) => ({
    query_text: text,
    answer_id: String(at),
    answer_corpus: "bench",
    score: 1,
  }));
  await playbooks.bulk({ entries });
  const applied = async (list: readonly Case[]) => {
    let count = 0;
    for (const { source, text } of list) {
      const { matches } = await playbooks.match({ query_text: text });
      const own = (one: (typeof matches)[number]) => one.playbook.answer_id === String(source);
      if (matches.some((one) => one.applied && own(one))) count++;
    }
    return round((100 * count) / list.length);
  };
  const figures = {
    "playbook gate: paraphrases boosted, %": await applied(cases.paraphrases),
    "playbook gate: edits reused, %": await applied(cases.edits),
  };
  await service.stop();
  return figures;
}
