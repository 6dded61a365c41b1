// Room for uploads on their way in: so many at once, so many bytes on disk; the others wait.
import { LakehouseError } from "#kernel/problem.ts";

export interface SpoolLimits {
  /** Uploads whose bytes are coming in at once. */
  readonly receiving_max: number;
  /** Uploads that may wait for room. */
  readonly waiting_max: number;
  /** Bytes of all uploads that are not converted yet; one alone may be larger. */
  readonly bytes_max: number;
}

export interface SpoolTicket {
  /** Resolves when there is room for so many bytes in all of this upload. */
  grow(size_bytes: number): Promise<void>;
  /** All bytes are there: another upload may come in. */
  received(): void;
  /** The file is gone. */
  leave(): void;
}

export interface ReceiveSpool {
  /**
   * Resolves when bytes may come in, in the order of asking; `size_bytes` is what is known of the
   * size. `rate_limited` when too many wait.
   */
  enter(size_bytes: number, signal: AbortSignal): Promise<SpoolTicket>;
  waiting(): number;
}

interface Waiter {
  readonly fits: () => boolean;
  readonly start: () => void;
}

interface Inside {
  bytes: number;
  receiving: boolean;
}

export function createReceiveSpool(limits: SpoolLimits): ReceiveSpool {
  /** In the order of entering: the first may always go on, so that something always ends. */
  const inside = new Set<Inside>();
  const entering: Waiter[] = [];
  const growing = new Set<Waiter>();

  function total(): number {
    let sum = 0;
    for (const one of inside) sum += one.bytes;
    return sum;
  }

  const receiving = () => [...inside].filter((one) => one.receiving).length;

  function wake(): void {
    for (const waiter of growing) {
      if (!waiter.fits()) continue;
      growing.delete(waiter);
      waiter.start();
    }
    while (entering[0]?.fits()) entering.shift()!.start();
  }

  function ticketOf(one: Inside, signal: AbortSignal): SpoolTicket {
    const fits = (bytes: number) => () => {
      const [oldest] = inside;
      return oldest === one || total() - one.bytes + bytes <= limits.bytes_max;
    };
    return {
      async grow(size_bytes) {
        if (size_bytes <= one.bytes) return;
        const enough = fits(size_bytes);
        const start = () => void (one.bytes = size_bytes);
        if (enough()) return start();
        await wait(signal, {
          fits: enough,
          start,
          queue: (waiter) => growing.add(waiter),
          remove: (waiter) => growing.delete(waiter),
        });
      },
      received() {
        one.receiving = false;
        wake();
      },
      leave() {
        inside.delete(one);
        wake();
      },
    };
  }

  return {
    async enter(size_bytes, signal) {
      const one: Inside = { bytes: size_bytes, receiving: true };
      const fits = () =>
        inside.size === 0 ||
        (receiving() < limits.receiving_max && total() + size_bytes <= limits.bytes_max);
      const start = () => void inside.add(one);
      if (entering.length === 0 && fits()) {
        start();
        return ticketOf(one, signal);
      }
      if (entering.length >= limits.waiting_max) throw tooMany(entering.length);
      await wait(signal, {
        fits,
        start,
        queue: (waiter) => entering.push(waiter),
        remove(waiter) {
          entering.splice(entering.indexOf(waiter), 1);
          wake();
        },
      });
      return ticketOf(one, signal);
    },
    waiting: () => entering.length,
  };
}

interface Waiting extends Waiter {
  readonly queue: (waiter: Waiter) => unknown;
  readonly remove: (waiter: Waiter) => unknown;
}

function wait(signal: AbortSignal, { fits, start, queue, remove }: Waiting): Promise<void> {
  const cancelled = () =>
    new LakehouseError("cancelled", "the upload was cancelled while it waited");
  return new Promise<void>((resolve, reject) => {
    if (signal.aborted) return reject(cancelled());
    const waiter: Waiter = {
      fits,
      start() {
        signal.removeEventListener("abort", giveUp);
        start();
        resolve();
      },
    };
    const giveUp = () => {
      remove(waiter);
      reject(cancelled());
    };
    signal.addEventListener("abort", giveUp, { once: true });
    queue(waiter);
  });
}

function tooMany(waiting: number): LakehouseError {
  return new LakehouseError("rate_limited", `${waiting} uploads wait already`, {
    hint: "try again when some have ended, or raise ingest.receiving_max or ingest.spool_mb_max",
  });
}
