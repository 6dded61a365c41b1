// Live followers of the event stream: each has a bounded buffer; a slow one loses its oldest.
import type { Call } from "#kernel/call.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { Event } from "#contracts/observe.ts";

export interface Followers {
  publish(event: Event): void;
  /** Events from now on; ends when the caller leaves or the service stops. */
  follow(source: string | undefined, call: Call): AsyncIterable<Event>;
  figures(): { followers: number; follower_events_dropped: number };
  stop(): void;
}

interface Follower {
  readonly source: string | undefined;
  readonly waiting: Event[];
  lost: number;
  wake(): void;
}

export function createFollowers(buffer_max: number, followers_max: number, log: Log): Followers {
  const followers = new Set<Follower>();
  let dropped = 0;
  let stopped = false;

  function offer(follower: Follower, event: Event): void {
    if (follower.source !== undefined && follower.source !== event.source) return;
    if (follower.waiting.length >= buffer_max) {
      follower.waiting.shift();
      dropped++;
      // Told when it begins; how many were lost is told when the follower has caught up.
      if (follower.lost++ === 0)
        log.warn({ buffer_max }, "a slow follower loses its oldest events");
    }
    follower.waiting.push(event);
    follower.wake();
  }

  async function* run(source: string | undefined, call: Call): AsyncGenerator<Event> {
    if (followers.size >= followers_max) {
      throw new LakehouseError("rate_limited", `there are already ${followers_max} live streams`);
    }
    let wake = (): void => undefined;
    const follower: Follower = { source, waiting: [], lost: 0, wake: () => wake() };
    const leave = (): void => wake();
    followers.add(follower);
    call.signal.addEventListener("abort", leave, { once: true });
    const timer = setTimeout(
      leave,
      Math.max(0, Math.min(call.deadline_ms - Date.now(), 0x7fffffff)),
    );
    timer.unref();
    try {
      while (!stopped && !call.signal.aborted && Date.now() < call.deadline_ms) {
        const event = follower.waiting.shift();
        if (event !== undefined) {
          yield event;
          continue;
        }
        reportLoss(follower, log);
        await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      clearTimeout(timer);
      reportLoss(follower, log);
      followers.delete(follower);
      call.signal.removeEventListener("abort", leave);
    }
  }

  return {
    publish(event) {
      for (const follower of followers) offer(follower, event);
    },
    follow: run,
    figures: () => ({ followers: followers.size, follower_events_dropped: dropped }),
    stop() {
      stopped = true;
      for (const follower of followers) follower.wake();
    },
  };
}

function reportLoss(follower: Follower, log: Log): void {
  if (follower.lost > 0) log.warn({ lost: follower.lost }, "a slow follower lost events");
  follower.lost = 0;
}
