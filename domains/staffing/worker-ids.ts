// Worker ids that stand in a text, however they are written.
import { legible } from "./plain-text.ts";

/** Fewer digits are as well a gate, a parking lot or a tax form: see `shortWorkerIdsIn`. */
const WORKER_ID = /(?<![\p{L}\p{N}])W(?:\s?-\s?|\s?)(\d{6,})(?!\p{L}|\p{N})/giu;
const SHORT_ID = /(?<![\p{L}\p{N}])W(?:\s?-\s?|\s?)(\d{1,5})(?!\p{L}|\p{N})/giu;
const WHOLE = /^(?:w-)?(?:w[\s-]*)?(\d{6,})$/i;

/** Each once, in capitals as the roster has them. */
export function workerIdsIn(text: string): string[] {
  const found = [...legible(text).matchAll(WORKER_ID)];
  return [...new Set(found.map(([, digits]) => `W-${digits!}`))];
}

export interface ShortId {
  readonly id: string;
  /** Written just as an id is: one that no roster has is made up, and no gate or lot. */
  readonly is_written_as_id: boolean;
}

/** What is an id only where the roster has it: W-101 may be a gate. Each once. */
export function shortWorkerIdsIn(text: string): ShortId[] {
  const found = [...legible(text).matchAll(SHORT_ID)].map(([whole, digits]) => {
    return { id: `W-${digits!}`, is_written_as_id: /^W-\d{4,5}$/.test(whole) };
  });
  const by_id = Map.groupBy(found, (one) => one.id);
  return [...by_id].map(([id, all]) => {
    return { id, is_written_as_id: all.some((one) => one.is_written_as_id) };
  });
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
