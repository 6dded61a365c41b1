// What the provider of the gateway bench says: the load compares what arrives with it.

const WORDS = 24;

/** The pieces of the answer to a seed. */
export function words(seed: number): string[] {
  return Array.from({ length: WORDS }, (_, at) => `w${seed}.${at} `);
}
