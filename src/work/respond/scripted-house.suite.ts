// For tests: respond over a shop of lamps, whatever it asks answered by the test.
import { throwIfOver, type Call } from "#kernel/call.ts";
import { systemClock } from "#kernel/clock.ts";
import { readJsonlFile } from "#kernel/jsonl-read.ts";
import { silentLog } from "#kernel/log.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { outcomeRow, respond, type OutcomeRow } from "#contracts/respond.ts";
import type { EventInput } from "#contracts/observe.ts";
import type { DomainPack } from "#ports/domain-pack.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import { createRespond } from "./respond-service.ts";
import { respondSettings } from "./respond-settings.ts";

const pack: DomainPack = {
  name: "shop",
  summary: "lamps",
  validators: {},
  tasks: {
    lamps: {
      summary: "order lamps",
      validator: "order",
      plan: (task) => ({
        query_text: task,
        corpora: ["lamps"],
        filters: {},
        context: {},
        signature: task,
        event: {},
      }),
      prompt: () => ({ system: "Answer in JSON.", prompt: "Order lamps." }),
      answers: (artifact) => (artifact as string[]).map((id) => ({ corpus: "lamps", id })),
    },
  },
  slots: [],
  corpora: [],
  generate: () => [],
  liftSet: () => undefined,
  scenario: () => undefined,
};

/** What was recorded under the task's words, and what was said of entries. */
export interface Told {
  readonly recorded: string[];
  readonly outcomes: string[];
}

export interface Script {
  readonly iterate: object;
  readonly chat?: object;
  /** A hit of the search; with a playbook's id it raised it. */
  readonly hits: readonly { readonly id: string; readonly raised_by?: string }[];
  /** Entries of the same kind of task: id and answer. */
  readonly entries?: readonly { readonly playbook_id: string; readonly answer_id: string }[];
  readonly settings?: object;
  /** Further services, and in place of those above. */
  readonly needs?: object;
}

interface PlaybookOutcome {
  readonly playbook_id: string;
  readonly success: boolean;
}

export async function scriptedHouse(t: HasAfter, script: Script) {
  const kb_dir = await tempDir(t);
  const told: Told = { recorded: [], outcomes: [] };
  const events: EventInput[] = [];
  const results = script.hits.map(({ id, raised_by }) => ({
    id,
    corpus: "lamps",
    metadata: {},
    text: id,
    playbook: raised_by === undefined ? null : { playbook_id: raised_by },
  }));
  const playbooks = (script.entries ?? []).map((entry) => ({
    playbook: { ...entry, answer_corpus: "lamps", query_text: `earlier ${entry.answer_id}` },
    utility: 0.5,
    decisions: { transfer: { decided: true } },
  }));
  const relevance = { verdict: "relevant", top_score: 1, floor: 0, reason: "" };
  const needs = {
    matrix: { search: async () => ({ results, relevance, playbooks, took_ms: 0, trace_id: "" }) },
    playbook: {
      async bulk({ entries }: { entries: readonly { readonly answer_id: string }[] }, call: Call) {
        throwIfOver(call);
        const ids = entries.map((one) => one.answer_id);
        told.recorded.push(...ids);
        return { playbook_ids: ids, contradicted: [] };
      },
      async outcome({ playbook_id, success }: PlaybookOutcome, call: Call) {
        throwIfOver(call);
        told.outcomes.push(`${playbook_id} ${success ? "good" : "bad"}`);
      },
    },
    iterate: script.iterate,
    chat: script.chat ?? {},
    packs: [pack],
    kb_dir,
    tell: (event: EventInput) => void events.push(event),
    log: silentLog,
    clock: systemClock,
    ...script.needs,
  };
  const service = await createRespond(
    needs as unknown as Parameters<typeof createRespond>[0],
    respondSettings.parse(script.settings ?? {}),
  );
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= service.stop());
  t.after(stop);
  const outcomes = async (): Promise<OutcomeRow[]> => {
    const rows: OutcomeRow[] = [];
    for await (const { row } of readJsonlFile<OutcomeRow>(`${kb_dir}/outcomes.jsonl`)) {
      rows.push(outcomeRow.parse(row));
    }
    return rows;
  };
  const client = connectLocal(respond, service.handlers);
  return { client, told, events, outcomes, stop, health: () => service.health() };
}

/** How iterate answers work that was accepted at once. */
export function accepted(artifact: readonly string[]) {
  return {
    artifact,
    validation: { kind: "order", ok: true, checks: [], grounded: true },
    iterations: 1,
    history: [],
    session_id: "s",
    model: "up/m",
    provider: "up",
    provider_kind: "model",
    trace_id: "",
  };
}
