// What an evaluation is asked for and what it answers, whatever the form of the set.
import type { Client } from "#kernel/contract.ts";
import type { EvalReport } from "#contracts/lift.ts";
import type { matrix } from "#contracts/matrix.ts";
import type { playbookContract } from "#contracts/playbook.ts";
import type { LiftSettings } from "./lift-settings.ts";

export interface EvaluateParts {
  readonly matrix: Client<typeof matrix>;
  readonly playbook: Client<typeof playbookContract>;
  readonly settings: LiftSettings;
}

/** For sets that are about memory rather than a corpus. */
export interface MemoryParts {
  readonly playbook: Client<typeof playbookContract>;
  readonly settings: LiftSettings;
}

export interface EvaluateRequest {
  readonly split: string;
  readonly queries_max: number;
  readonly seed: number;
  /** Judgements that memory holds. */
  readonly remember_split?: string | undefined;
  /** Another set, whose texts should find nothing. */
  readonly off_topic?: string | undefined;
}

export type Evaluated = Pick<EvalReport, "form" | "queries" | "figures" | "by_mode">;
