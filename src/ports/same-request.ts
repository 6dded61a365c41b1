// Port: whether one request asks for the same as another, in other words.

/** What is compared of a text; whoever asks keeps it and hands it back. */
export interface RequestReading {
  /** Texts of which this differs are never the same. */
  readonly key: string;
}

export interface SameRequest<Reading extends RequestReading = RequestReading> {
  /** undefined: a text like this is the same as no other. */
  read(text: string): Reading | undefined;
  /** Of readings with equal keys: whether the answer to the one serves the other. */
  isSame(asked: Reading, kept: Reading): boolean;
}
