// Work that nobody may wait for any more and that is written down all the same: stops wait for it.

export interface WorkUnderWay {
  /** The work itself; until it has ended it is under way, for `owner` if one is named. */
  follow<T>(work: Promise<T>, owner?: string): Promise<T>;
  /** Resolves when all work of the owner that is under way now has ended, well or not. */
  endOf(owner: string): Promise<void>;
  /** Resolves when none is under way, or after so long. */
  settled(timeout_ms: number): Promise<void>;
}

export function createWorkUnderWay(): WorkUnderWay {
  const under_way = new Map<Promise<unknown>, string | undefined>();
  return {
    async follow(work, owner) {
      under_way.set(work, owner);
      try {
        return await work;
      } finally {
        under_way.delete(work);
      }
    },
    async endOf(owner) {
      const own = [...under_way].filter(([, of]) => of === owner);
      await Promise.allSettled(own.map(([work]) => work));
    },
    async settled(timeout_ms) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeout_ms)));
      await Promise.race([Promise.allSettled(under_way.keys()), late]);
      clearTimeout(timer);
    },
  };
}
