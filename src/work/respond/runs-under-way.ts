// The tasks under way: what they came to is written down also when nobody waits for it any more.

export interface RunsUnderWay {
  /** The run itself; until it has ended it is under way. */
  follow<T>(run: Promise<T>): Promise<T>;
  /** Resolves when none is under way, or after so long. */
  settled(timeout_ms: number): Promise<void>;
}

export function createRunsUnderWay(): RunsUnderWay {
  const under_way = new Set<Promise<unknown>>();
  return {
    async follow(run) {
      under_way.add(run);
      try {
        return await run;
      } finally {
        under_way.delete(run);
      }
    },
    async settled(timeout_ms) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeout_ms)));
      await Promise.race([Promise.allSettled(under_way), late]);
      clearTimeout(timer);
    },
  };
}
