// Invariants: a false one is a bug of ours and ends the operation as a crash, never as a value.

/** Throws when `condition` is false. `message` says which invariant of ours was broken. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message);
}

/** A broken invariant; reported as `internal` (500) at the edge, with its stack in the log only. */
export class AssertionFailure extends Error {
  override name = "AssertionFailure";
}
