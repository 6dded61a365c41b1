// Port: where answers stand, so that one which stands nowhere is told when it is recorded.
import type { Call } from "#kernel/call.ts";

export interface AnswerPlaces {
  /** Names of the corpora there are. */
  names(): readonly string[];
  /** undefined: there is no such corpus. */
  find(corpus: string): AnswerPlace | undefined;
}

export interface AnswerPlace {
  /** What its ids begin with. */
  readonly id_prefix: string;
  /** Those of these ids that stand in it now. */
  standing(ids: readonly string[], call: Call): Promise<ReadonlySet<string>>;
}
