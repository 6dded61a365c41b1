// For tests: respond with real validators, iterate and solver on generated data; retrieval and
// playbooks in memory.
import { createSolverProvider } from "#adapters/chat-model/solver-provider.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import type { Client, Handlers } from "#kernel/contract.ts";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { chat } from "#contracts/chat.ts";
import { iterate } from "#contracts/iterate.ts";
import { matrix, type MatrixHit } from "#contracts/matrix.ts";
import type { EventInput } from "#contracts/observe.ts";
import type { pathwayContract } from "#contracts/pathway.ts";
import type { permission } from "#contracts/permission.ts";
import { playbookContract } from "#contracts/playbook.ts";
import { outcomeRow, respond, type OutcomeRow } from "#contracts/respond.ts";
import type { truth } from "#contracts/truth.ts";
import { validate } from "#contracts/validate.ts";
import type { DomainPack } from "#ports/domain-pack.ts";
import { bookshopPack } from "../bookshop/pack.ts";
import { staffingPack } from "./pack.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { createChat } from "#models/chat/chat-service.ts";
import { chatSettings } from "#models/chat/chat-settings.ts";
import { createIterate } from "#work/iterate/iterate-service.ts";
import { iterateSettings } from "#work/iterate/iterate-settings.ts";
import { packQuery } from "#work/validate/pack-query.suite.ts";
import { createValidate } from "#work/validate/validate-service.ts";
import { validateSettings } from "#work/validate/validate-settings.ts";
import { createRespond } from "#work/respond/respond-service.ts";
import { respondSettings, type RespondSettings } from "#work/respond/respond-settings.ts";

export interface HasAfter {
  after(fn: () => unknown): void;
}

export interface Remembered {
  playbook_id: string;
  query_text: string;
  answer_id: string;
  scope: string;
  outcomes: boolean[];
}

const words = (text: string) => new Set(text.toLowerCase().match(/[a-z0-9]+/g) ?? []);

interface Worker {
  readonly row: Record<string, unknown>;
  readonly words: ReadonlySet<string>;
}

/** Of all houses of the process: it is only read, and takes longer to make than most tests run. */
let roster: ReturnType<typeof makeRoster> | undefined;

async function makeRoster(dir: string) {
  const { client } = await packQuery(staffingPack, 4_000, dir);
  const found = await client.rows({ sql: "SELECT * FROM workers ORDER BY worker_id" });
  const names = found.columns.map((column) => column.name);
  const workers = found.rows.map((values): Worker => {
    const row = Object.fromEntries(names.map((name, at) => [name, values[at]]));
    const text = [row["role"], row["shift"], row["certifications"], row["notes"]].join(" ");
    return { row, words: words(text) };
  });
  return { client, workers };
}

/** Word overlap over the workers of the city asked for; playbooks of the same words first. */
function memoryMatrix(
  workers: readonly Worker[],
  memory: Remembered[],
  retold: NonNullable<HouseOptions["retold"]>,
) {
  const hit = (row: Record<string, unknown>, score: number, from?: Remembered): MatrixHit => ({
    id: `w-${String(row["worker_id"])}`,
    corpus: "workers",
    rank: 0,
    score,
    distance: 1 - score,
    base_distance: 1 - score,
    text: `${String(row["role"])} ${String(row["notes"])}`,
    metadata: row as MatrixHit["metadata"],
    components: {
      cosine: null,
      background: null,
      bm25: score,
      mixed: score,
      feedback: 0,
      rerank: null,
    },
    explain: "",
    provenance: { dataset: "workers", source_id: "", snapshot_id: null, indexed_at: "" },
    playbook:
      from === undefined
        ? null
        : { playbook_id: from.playbook_id, confidence: 1, score: 1, effect: "boosted" },
  });
  const handlers = {
    async search(input: Parameters<Handlers<typeof matrix>["search"]>[0]) {
      const asked = words(input.query_text);
      const applied = memory.filter(
        (one) =>
          input.use_playbook &&
          one.scope === input.playbook_scope &&
          one.query_text === input.query_text,
      );
      const fitting = workers.filter(({ row }) =>
        Object.entries(input.filters ?? {}).every(([field, value]) => row[field] === value),
      );
      const results = fitting
        .map(({ row, words: known }) => {
          const score = [...known].filter((word) => asked.has(word)).length / 10;
          const from = applied.find((one) => one.answer_id === `w-${String(row["worker_id"])}`);
          return hit(row, from === undefined ? score : 1, from);
        })
        .filter((one) => one.score > 0)
        .toSorted((a, b) => b.score - a.score)
        .slice(0, input.k)
        .map((one) => ({ ...one, metadata: retold(one.metadata) as MatrixHit["metadata"] }));
      const verdict = results.length > 0 ? "relevant" : "nothing_relevant";
      const relevance = {
        verdict,
        top_score: 0,
        floor: 0,
        reason: results.length > 0 ? "" : "nothing there fits",
      };
      return { results, relevance, playbooks: [], took_ms: 0, trace_id: "" };
    },
  };
  return connectLocal(matrix, withRefusals(matrix, handlers));
}

function memoryPlaybook(memory: Remembered[], broken: boolean) {
  const handlers = {
    async bulk({ entries, scope }: Parameters<Handlers<typeof playbookContract>["bulk"]>[0]) {
      if (broken) throw new LakehouseError("unavailable", "the disk is full");
      const ids = entries.map((entry) => {
        const playbook_id = `pb-${memory.length + 1}`;
        memory.push({ playbook_id, ...entry, scope, outcomes: [] });
        return playbook_id;
      });
      const nothing = { merged: 0, contradicted: [], warnings: [] };
      return { recorded: ids.length, ...nothing, playbook_ids: ids };
    },
    async outcome({ playbook_id, success }: { playbook_id: string; success: boolean }) {
      memory.find((one) => one.playbook_id === playbook_id)!.outcomes.push(success);
      return {};
    },
  };
  return connectLocal(playbookContract, withRefusals(playbookContract, handlers));
}

export function withRefusals<C extends { operations: object }>(
  contract: C,
  handlers: object,
): never {
  const names = Object.keys(contract.operations);
  const refuse = () => {
    throw new LakehouseError("unimplemented", "not served here");
  };
  return { ...Object.fromEntries(names.map((name) => [name, refuse])), ...handlers } as never;
}

export interface HouseOptions {
  readonly broken_playbook?: boolean;
  readonly chat?: Client<typeof chat>;
  readonly pack?: DomainPack;
  /** Asked before anything is remembered, and about what is accepted; absent: nobody is. */
  readonly permission?: Client<typeof permission>;
  readonly truth?: Client<typeof truth>;
  /** Absent: nothing is recalled of earlier attempts. */
  readonly pathway?: Client<typeof pathwayContract>;
  readonly settings?: Partial<RespondSettings>;
  /** What retrieval says of a worker, in place of what the roster holds. */
  readonly retold?: (row: Record<string, unknown>) => Record<string, unknown>;
}

/** A whole respond over generated workers; the roster is real, retrieval may be tampered with. */
export async function respondHouse(t: HasAfter, options: HouseOptions = {}) {
  const dir = await tempDir(t);
  const { client: query, workers } = await (roster ??= makeRoster(dir));
  const base = { log: silentLog, clock: systemClock };
  const packs = [bookshopPack, options.pack ?? staffingPack];
  const judge = await createValidate({ ...base, query, packs }, validateSettings.parse({}));
  const solver = await createChat(
    { ...base, providers: [createSolverProvider()], tiers: {} },
    chatSettings.parse({ default_model: "builtin/solver" }),
  );
  const drafting = await createIterate(
    {
      ...base,
      dir,
      chat: options.chat ?? connectLocal(chat, solver.handlers),
      validate: connectLocal(validate, judge.handlers),
      truth: options.truth,
      tell: () => undefined,
    },
    iterateSettings.parse({}),
  );
  const memory: Remembered[] = [];
  const events: EventInput[] = [];
  const service = await createRespond(
    {
      ...base,
      packs,
      kb_dir: `${dir}/kb`,
      matrix: memoryMatrix(workers, memory, options.retold ?? ((row) => row)),
      playbook: memoryPlaybook(memory, options.broken_playbook ?? false),
      permission: options.permission,
      ...(options.pathway === undefined ? {} : { pathway: options.pathway }),
      iterate: connectLocal(iterate, drafting.handlers),
      chat: options.chat ?? connectLocal(chat, solver.handlers),
      tell: (event) => void events.push(event),
    },
    respondSettings.parse(options.settings ?? {}),
  );
  t.after(async () => {
    await service.stop();
    await drafting.stop();
  });
  const outcomes = async (): Promise<OutcomeRow[]> => {
    const all: OutcomeRow[] = [];
    for await (const { row } of readJsonlFile<OutcomeRow>(`${dir}/kb/outcomes.jsonl`)) {
      all.push(outcomeRow.parse(row));
    }
    return all;
  };
  return {
    service,
    memory,
    events,
    outcomes,
    kb_dir: `${dir}/kb`,
    judge: connectLocal(validate, judge.handlers),
    client: connectLocal(respond, service.handlers, { strict: true }),
  };
}
