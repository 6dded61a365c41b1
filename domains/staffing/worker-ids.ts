// Worker ids that stand in a text, however they are written.

/** Two digits and fewer are tax forms (W-2, W-4, W-9), which steps and letters may well name. */
const WORKER_ID = /\bW-\d{3,}\b/gi;

/** Each once, in capitals as the roster has them. */
export function workerIdsIn(text: string): string[] {
  return [...new Set((text.match(WORKER_ID) ?? []).map((id) => id.toUpperCase()))];
}

/** For what reads digits: those of an id are nobody's phone number. */
export function withoutWorkerIds(text: string): string {
  return text.replaceAll(WORKER_ID, " ");
}
