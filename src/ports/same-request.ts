// Port: whether one request asks for the same as another, in other words.

/** `Reading`: what is compared of a text; whoever asks keeps it and hands it back. */
export interface SameRequest<Reading = object> {
  /** undefined: a text like this is the same as no other. */
  read(text: string): Reading | undefined;
  /** Whether the answer to the one serves the other; unsure means no. */
  isSame(asked: Reading, kept: Reading): boolean;
}
