// Long work as a stream of progress that ends in its result.
export interface Step {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}

const PROGRESS_EVERY_MS = 500;

/** Yields how far the work is, at most twice a second, and returns what it resolves to. */
export async function* withProgress<T>(
  phase: string,
  total: number,
  work: (onDone: (done: number) => void) => Promise<T>,
): AsyncGenerator<Step, T> {
  let done = 0;
  const result = work((now) => (done = now));
  const ended = result.then(
    () => true,
    () => true,
  );
  yield { phase, done, total };
  for (;;) {
    let timer: NodeJS.Timeout | undefined;
    const tick = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), PROGRESS_EVERY_MS);
    });
    const is_over = await Promise.race([ended, tick]);
    clearTimeout(timer);
    if (is_over) return await result;
    yield { phase, done, total };
  }
}
