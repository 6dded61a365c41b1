// A cache whose entries have weights; the least recently used leave when the sum is over the bound.

export interface WeighedCache<T> {
  get(key: string): T | undefined;
  set(key: string, value: T, weight: number): void;
  delete(key: string): void;
  deleteWhere(unwanted: (key: string) => boolean): void;
  weight(): number;
}

export function createWeighedCache<T>(weight_max: number): WeighedCache<T> {
  const held = new Map<string, { value: T; weight: number }>();
  let total = 0;

  function drop(key: string): void {
    total -= held.get(key)?.weight ?? 0;
    held.delete(key);
  }

  return {
    weight: () => total,
    get(key) {
      const found = held.get(key);
      if (found === undefined) return undefined;
      // A Map keeps the order of insertion: the one put in last is the one used last.
      held.delete(key);
      held.set(key, found);
      return found.value;
    },
    set(key, value, weight) {
      drop(key);
      if (weight > weight_max) return;
      held.set(key, { value, weight });
      total += weight;
      for (const oldest of held.keys()) {
        if (total <= weight_max) break;
        drop(oldest);
      }
    },
    delete: drop,
    deleteWhere(unwanted) {
      for (const key of held.keys()) if (unwanted(key)) drop(key);
    },
  };
}
