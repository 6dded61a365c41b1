// The same work for many items, a few at a time.

/** Results in order of the items; the first failure ends it after what is under way. */
export async function mapSome<T, R>(
  items: readonly T[],
  at_once: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  let failed = false;
  async function run(): Promise<void> {
    while (next < items.length && !failed) {
      const at = next++;
      try {
        results[at] = await work(items[at]!);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  }
  const runs = Array.from({ length: Math.min(at_once, items.length) }, run);
  const settled = await Promise.allSettled(runs);
  for (const one of settled) if (one.status === "rejected") throw one.reason;
  return results;
}
