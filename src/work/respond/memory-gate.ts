// Whether respond may remember what a task taught: as the permission gradient says, and no more.
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import type { permission, PermissionDecision } from "#contracts/permission.ts";
import type { NewAnswer } from "./lessons.ts";

/** The kind of action that policies decide on. */
export const REMEMBER_ACTION = "respond.remember";

/** What is about to be remembered. */
export interface MemoryRequest {
  readonly task_class: string;
  readonly sig_hash: string;
  readonly accepted: boolean;
  readonly iterations: number;
  /** Why a truth rule wants somebody to look first. */
  readonly review: string | undefined;
  readonly record: readonly NewAnswer[];
  /** Playbooks whose counts would change. */
  readonly outcomes: number;
  /** How the attempt went is to be remembered too. */
  readonly attempt: boolean;
}

export interface MemoryDecision {
  readonly action: typeof REMEMBER_ACTION;
  readonly decision: PermissionDecision["decision"];
  readonly confidence: number;
  readonly reason: string;
  /** Of the row in the log of decisions; null: the gradient was not asked. */
  readonly decision_id: string | null;
}

/** undefined: there is nothing to remember. Errors are those of permission. */
export type MemoryGate = (asked: MemoryRequest, call: Call) => Promise<MemoryDecision | undefined>;

/** Without a gradient to ask all is remembered; a wanted review always comes first. */
export function createMemoryGate(client: Client<typeof permission> | undefined): MemoryGate {
  return async (asked, call) => {
    if (asked.record.length === 0 && asked.outcomes === 0 && !asked.attempt) return undefined;
    const action = REMEMBER_ACTION;
    const confidence = confidenceOf(asked);
    const told = { action, confidence, decision_id: null } as const;
    if (asked.review !== undefined) {
      return { ...told, decision: "dry_run", reason: `a review is wanted: ${asked.review}` };
    }
    if (client === undefined) return { ...told, decision: "auto", reason: "no policies here" };
    const { decision, reason, decision_id } = await client.decide(
      {
        action,
        confidence,
        actor: "respond",
        target: asked.task_class,
        details: {
          sig_hash: asked.sig_hash,
          answers: asked.record.map((one) => `${one.answer_corpus}/${one.answer_id}`),
          playbook_outcomes: asked.outcomes,
          attempt: asked.attempt,
        },
      },
      call,
    );
    return { ...told, decision, reason, decision_id };
  };
}

/**
 * Of accepted work the share of its drafts that was right, 1 for the first. What the validator
 * refused is refused for certain.
 */
function confidenceOf({ accepted, iterations }: MemoryRequest): number {
  return accepted ? 1 / Math.max(1, iterations) : 1;
}
