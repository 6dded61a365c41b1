// Port: small named records with compare-and-swap. Adapters: SQLite, memory (issue B: PostgreSQL).

export interface Pointer<T = unknown> {
  readonly name: string;
  /** Grows by one with every change; starts at 1. */
  readonly version: number;
  readonly value: T;
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
  /** Removes the record if its present version is `expected_version`; false when it is not. */
  remove(space: string, name: string, expected_version: number): Promise<boolean>;
  close(): Promise<void>;
}
