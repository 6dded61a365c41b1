// An async iterator that always says when it is over: run out, left early, failed or never begun.

/**
 * Hands on what `source` yields and calls `onEnd` exactly once. A generator's `finally` does not
 * run
 * when its reader leaves before the first item; what holds a resource open cannot rely on it.
 */
export function endingIterator<T>(
  source: AsyncIterable<T>,
  onEnd: () => void | Promise<void>,
): AsyncIterableIterator<T> {
  const inner = source[Symbol.asyncIterator]();
  let ended = false;
  async function end(): Promise<void> {
    if (ended) return;
    ended = true;
    await onEnd();
  }
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (ended) return { done: true, value: undefined };
      try {
        const item = await inner.next();
        if (item.done) await end();
        return item;
      } catch (error) {
        await end();
        throw error;
      }
    },
    async return() {
      if (!ended) await inner.return?.();
      await end();
      return { done: true, value: undefined };
    },
  };
}
