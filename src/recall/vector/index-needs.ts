// What an open index needs from its service.
import type { Call } from "#kernel/call.ts";
import type { Log } from "#kernel/log.ts";
import type { VectorIndexEngine } from "#ports/vector-index.ts";
import type { GenerationStore } from "./generation-store.ts";
import type { VectorSettings } from "./vector-settings.ts";

export interface IndexNeeds {
  readonly engine: VectorIndexEngine;
  readonly generations: GenerationStore;
  readonly settings: VectorSettings;
  readonly log: Log;
  /** The folder of an index: its entry and its logs. */
  dirOf(index: string): string;
  /** A call at the root of a trace, for work that nobody waits for. */
  startCall(): Call;
}
