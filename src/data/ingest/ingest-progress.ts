// How far each ingest is: told to any number of listeners, kept for a while after the end.
import type { IngestProgress } from "#contracts/ingest.ts";
import type { Clock } from "#kernel/clock.ts";
import { LakehouseError } from "#kernel/problem.ts";

export interface ProgressEntry {
  update(change: Partial<Omit<IngestProgress, "ingest_id">>): void;
}

export interface ProgressRegistry {
  /** `conflict` when one of that id runs. */
  open(ingest_id: string): ProgressEntry;
  /** The present state and each later one; ends with `done` or `failed`. */
  follow(ingest_id: string, signal: AbortSignal): AsyncGenerator<IngestProgress>;
  running(): number;
}

/** How long a follower waits for an ingest that has not begun yet. */
const APPEAR_MS = 2_000;
const STEP_MS = 50;

interface State {
  progress: IngestProgress;
  readonly started_ms: number;
  phase_started_ms: number;
  readonly wake: Set<() => void>;
}

export function createProgressRegistry(clock: Clock, kept_max: number): ProgressRegistry {
  const states = new Map<string, State>();

  function prune(): void {
    for (const [id, state] of states) {
      if (states.size <= kept_max) return;
      if (hasEnded(state.progress)) states.delete(id);
    }
  }

  return {
    open(ingest_id) {
      const present = states.get(ingest_id);
      if (present !== undefined && !hasEnded(present.progress)) {
        throw new LakehouseError("conflict", `an ingest with the id "${ingest_id}" is running`);
      }
      states.delete(ingest_id);
      const state: State = {
        progress: {
          ingest_id,
          phase: "receiving",
          bytes_done: 0,
          bytes_total: null,
          rows_done: 0,
          bytes_per_s: 0,
          rows_per_s: 0,
          elapsed_ms: 0,
          left_ms: null,
          detail: null,
        },
        started_ms: clock.now(),
        phase_started_ms: clock.now(),
        wake: new Set(),
      };
      states.set(ingest_id, state);
      prune();
      return {
        update(change) {
          const now_ms = clock.now();
          const next = { ...state.progress, ...change };
          if (next.phase !== state.progress.phase) state.phase_started_ms = now_ms;
          const elapsed_ms = Math.max(0, now_ms - state.started_ms);
          state.progress = {
            ...next,
            elapsed_ms,
            bytes_per_s: rate(next.bytes_done, elapsed_ms),
            rows_per_s: rate(next.rows_done, elapsed_ms),
            left_ms: leftOf(next, now_ms - state.phase_started_ms),
          };
          for (const wake of state.wake) wake();
        },
      };
    },

    async *follow(ingest_id, signal) {
      const state = await appear(states, ingest_id, signal);
      let told: IngestProgress | undefined;
      while (!signal.aborted) {
        if (state.progress !== told) {
          told = state.progress;
          yield told;
          if (hasEnded(told)) return;
          continue;
        }
        await changed(state, signal);
      }
    },

    running: () => [...states.values()].filter((state) => !hasEnded(state.progress)).length,
  };
}

function rate(done: number, elapsed_ms: number): number {
  return Math.round((done * 1000) / Math.max(1, elapsed_ms));
}

/** Too early a guess would be far off. */
const TOLD_FROM_PART = 0.02;

/** As the bytes of this phase went so far; null while nothing can be told. */
function leftOf(progress: IngestProgress, phase_ms: number): number | null {
  const { phase, bytes_done, bytes_total } = progress;
  if (hasEnded(progress)) return 0;
  if (phase === "committing" || bytes_total === null || bytes_total === 0) return null;
  const part = bytes_done / bytes_total;
  if (part < TOLD_FROM_PART) return null;
  return Math.max(0, Math.round((phase_ms * (1 - part)) / part));
}

function hasEnded(progress: IngestProgress): boolean {
  return progress.phase === "done" || progress.phase === "failed";
}

async function appear(states: Map<string, State>, id: string, signal: AbortSignal): Promise<State> {
  for (let waited_ms = 0; waited_ms <= APPEAR_MS && !signal.aborted; waited_ms += STEP_MS) {
    const state = states.get(id);
    if (state !== undefined) return state;
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
  throw new LakehouseError("not_found", `there is no ingest "${id}"`, {
    reason: "no_such_ingest",
  });
}

function changed(state: State, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      state.wake.delete(wake);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    state.wake.add(wake);
    signal.addEventListener("abort", wake, { once: true });
  });
}
