// Which evaluations stand behind the page of retrieval figures, and what each of them gives.
import type { EvalReport, LiftReport } from "#contracts/lift.ts";

/** How a house is set up; each has a data folder of its own, gone when its runs are done. */
export type HouseName = "default" | "feedback" | "gte-small";

export interface RetrievalRun {
  readonly name: string;
  readonly house: HouseName;
  readonly set: string;
  /** Absent: `lift`, the reality test; there: `eval` of this split. */
  readonly split?: string;
  /** Judgements of the same split that memory holds; only the other half is asked. */
  readonly remember_split?: string;
  /** Another set, whose texts should find nothing. */
  readonly off_topic?: string;
}

/** In the order of the page; runs of one house stand together. */
export const RETRIEVAL_RUNS: readonly RetrievalRun[] = [
  { name: "staffing", house: "default", set: "staffing" },
  { name: "minimal-edits", house: "default", set: "minimal-edits", split: "train" },
  { name: "webarena", house: "default", set: "webarena", split: "train" },
  { name: "paws_wiki", house: "default", set: "paws_wiki", split: "held_out" },
  { name: "clinc150", house: "default", set: "clinc150", split: "valid" },
  { name: "banking77_oos", house: "default", set: "banking77_oos", split: "valid" },
  { name: "banking77", house: "default", set: "banking77", split: "valid" },
  { name: "hwu64", house: "default", set: "hwu64", split: "valid" },
  {
    name: "scifact",
    house: "feedback",
    set: "scifact",
    split: "train",
    remember_split: "train",
    off_topic: "banking77",
  },
  {
    name: "scifact, gte-small",
    house: "gte-small",
    set: "scifact",
    split: "train",
    remember_split: "train",
    off_topic: "banking77",
  },
];

export type RunReport = EvalReport | LiftReport;

/** What a run gave, or why it was not run. */
export interface RunResult {
  readonly run: string;
  readonly queries_max: number;
  readonly seed: number;
  readonly report: RunReport | null;
  /** null: not run. */
  readonly measured_at: string | null;
  readonly not_run: string | null;
}
