// What the harness runs, whatever a set was made of.

/** An answer as the judge sees it. */
export interface Answer {
  readonly id: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface Lookalike {
  readonly text: string;
  /** true when this answer, remembered for the query `query_id`, must not speak here. */
  isWrong(answer: Answer, query_id: string): boolean;
}

export interface LiftCase {
  readonly query_id: string;
  readonly category: string;
  readonly text: string;
  satisfies(answer: Answer): boolean;
  readonly paraphrases: readonly string[];
  readonly lookalikes: readonly Lookalike[];
}

export interface CorpusText {
  readonly id: string;
  readonly text: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface OffTopic {
  readonly text: string;
  /** Where it comes from; the report counts each apart. */
  readonly group: string;
}

export interface PreparedSet {
  readonly set: string;
  readonly judge: string;
  /** Corpora that stand already; or `items`, of which one is built for the run. */
  readonly corpora: readonly string[];
  readonly items: readonly CorpusText[];
  readonly cases: readonly LiftCase[];
  readonly off_topic: readonly OffTopic[];
  /** What a reader of the report must know: stand-ins, what was left out. */
  readonly notes: readonly string[];
}
