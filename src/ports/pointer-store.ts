// Port: small named records with compare-and-swap. Adapters: SQLite, PostgreSQL, memory.

export interface Pointer<T = unknown> {
  readonly name: string;
  /** Grows by one with every change; starts at 1. */
  readonly version: number;
  readonly value: T;
}

export interface PointerChange {
  readonly space: string;
  readonly name: string;
  /** 0 = must not exist. */
  readonly expected_version: number;
  readonly value: unknown;
}

export interface PointerStore {
  get(space: string, name: string): Promise<Pointer | undefined>;
  /** All of a space in name order. */
  list(space: string): Promise<readonly Pointer[]>;
  /**
   * Sets the record if its present version is `expected_version` (0 = must not exist).
   * Resolves to the new pointer, or undefined when somebody else was first. Durable.
   */
  swap(
    space: string,
    name: string,
    expected_version: number,
    value: unknown,
  ): Promise<Pointer | undefined>;
  /**
   * All of these changes or none of them, atomically and durably; false when any record's version
   * was another than expected. `value` undefined removes the record. A record is named at most
   * once.
   */
  swapAll(changes: readonly PointerChange[]): Promise<boolean>;
  /** Removes the record if its present version is `expected_version`; false when it is not. */
  remove(space: string, name: string, expected_version: number): Promise<boolean>;
  close(): Promise<void>;
}
