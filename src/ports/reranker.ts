// Port: which of some texts answer a query best. Adapters: wording (built in), servers over HTTP.

export interface Reranker {
  /** `provider/model`, as users name it. */
  readonly model: string;
  /**
   * One finite score for each document, in their order; larger is closer. Scores of one call can be
   * compared, those of two models cannot. Errors: those of the provider, `cancelled`.
   */
  rerank(
    query: string,
    documents: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly number[]>;
  close(): Promise<void>;
}
