// What changes the playbook: one change after the other, on disk before it counts.
import type { Call } from "#kernel/call.ts";
import { isoTime, type Clock } from "#kernel/clock.ts";
import { newId } from "#kernel/ids.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { Playbook } from "#contracts/playbook.ts";
import type { QueryEmbedder } from "./embed-queries.ts";
import {
  entryWithStatus,
  mergedEntry,
  mergeKey,
  newEntry,
  type PlaybookOp,
  type PlaybookRow,
  type RecordInput,
} from "./playbook-entry.ts";
import type { PlaybookStore } from "./playbook-store.ts";

interface Parts {
  readonly store: PlaybookStore;
  readonly embedder: QueryEmbedder;
  readonly clock: Clock;
  readonly entries_max: number;
}

export interface Recorded {
  readonly playbook: Playbook;
  readonly merged: boolean;
  /** The entry is contradicted: nothing was written. */
  readonly contradicted: boolean;
}

export interface PlaybookChanges {
  recordAll(inputs: readonly RecordInput[], call: Call): Promise<Recorded[]>;
  change(
    playbook_id: string,
    op: PlaybookOp,
    next: (entry: Playbook, at: string) => Playbook,
    details: Partial<PlaybookRow>,
  ): Promise<Playbook>;
  forgetScope(scope: string): Promise<{ retired: number }>;
  /** Resolves when every change asked for so far is done. */
  idle(): Promise<void>;
}

export function createPlaybookChanges(parts: Parts): PlaybookChanges {
  const { store, clock } = parts;
  let last: Promise<unknown> = Promise.resolve();

  /** What one change decides on, no other changes meanwhile. */
  function inTurn<T>(change: () => Promise<T>): Promise<T> {
    const mine = last.then(change);
    last = mine.catch(() => undefined);
    return mine;
  }

  return {
    async recordAll(inputs, call) {
      const texts = inputs.map((input) => input.query_text);
      const vectors = await parts.embedder.many(texts, call);
      return inTurn(() => writeRecords(parts, inputs, vectors, call.trace_id));
    },
    change: (playbook_id, op, next, details) =>
      inTurn(async () => {
        const at = isoTime(clock);
        const after = next(entryOrThrow(store, playbook_id), at);
        await store.append([{ op, at, ...details, ...after }]);
        store.apply(after);
        return after;
      }),
    forgetScope: (scope) => inTurn(() => retireScope(parts, scope)),
    idle: async () => void (await last),
  };
}

async function writeRecords(
  { store, clock, entries_max }: Parts,
  inputs: readonly RecordInput[],
  vectors: readonly Float32Array[],
  trace_id: string,
): Promise<Recorded[]> {
  if (store.live().entries + inputs.length > entries_max) throw tooMany(entries_max);
  const at = isoTime(clock);
  const staged = new Map<string, Playbook>();
  const answers = inputs.map((input) => {
    const key = mergeKey(input);
    const known = staged.get(key) ?? store.find(key);
    if (known?.status === "contradicted") {
      return { playbook: known, merged: false, contradicted: true };
    }
    const playbook =
      known === undefined
        ? newEntry(input, newId(clock.now()), at, trace_id)
        : mergedEntry(known, input, at);
    staged.set(key, playbook);
    return { playbook, merged: known !== undefined, contradicted: false };
  });
  const written = answers.filter((it) => !it.contradicted);
  await store.append(written.map(({ playbook }) => ({ op: "record", at, ...playbook })));
  for (const [index, { playbook, contradicted }] of answers.entries()) {
    if (!contradicted) store.apply(playbook, vectors[index]);
  }
  return answers;
}

async function retireScope({ store, clock }: Parts, scope: string): Promise<{ retired: number }> {
  const at = isoTime(clock);
  const reason = "the scope was forgotten";
  const after = [...store.all()]
    .filter((entry) => entry.scope === scope && entry.status !== "retired")
    .map((entry) => entryWithStatus(entry, "retired", reason));
  await store.append(after.map((entry) => ({ op: "retire", at, reason, ...entry })));
  for (const entry of after) store.apply(entry);
  return { retired: after.length };
}

/** The entry, or `not_found` (no_such_playbook). */
export function entryOrThrow(store: PlaybookStore, playbook_id: string): Playbook {
  const entry = store.get(playbook_id);
  if (entry !== undefined) return entry;
  throw new LakehouseError("not_found", `there is no playbook "${playbook_id}"`, {
    reason: "no_such_playbook",
    hint: "list the playbooks for their ids",
  });
}

function tooMany(entries_max: number): LakehouseError {
  return new LakehouseError("too_large", `the playbook holds ${entries_max} entries at most`, {
    hint: "retire entries, or raise playbook.entries_max",
  });
}
