// Worker ids that stand in a text, however they are written.
import { legible } from "./plain-text.ts";

/**
 * Two digits and fewer are tax forms (W-2, W-4, W-9), which steps and letters may well name. With
 * no dash it is an id only where it has as many digits as one.
 */
const WORKER_ID = /(?<![\p{L}\p{N}])W(?:\s?-\s?(\d{3,})|\s?(\d{6,}))(?!\p{L}|\p{N})/giu;
const WHOLE = /^(?:w-)?(?:w[\s-]*)?(\d{6,})$/i;

/** Each once, in capitals as the roster has them. */
export function workerIdsIn(text: string): string[] {
  const found = [...legible(text).matchAll(WORKER_ID)];
  return [...new Set(found.map(([, dashed, bare]) => `W-${dashed ?? bare!}`))];
}

/** For what reads digits: those of an id are nobody's phone number. */
export function withoutWorkerIds(text: string): string {
  return legible(text).replaceAll(WORKER_ID, " ");
}

/**
 * The id that a text is, as the roster has it; also of an answer's id, which has the prefix of its
 * corpus ("w-W-000001"). Undefined when it is none.
 */
export function workerIdOf(text: string): string | undefined {
  const digits = WHOLE.exec(legible(text).trim())?.[1];
  return digits === undefined ? undefined : `W-${digits}`;
}
