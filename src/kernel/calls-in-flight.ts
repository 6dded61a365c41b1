// The calls a server has open: when the house stops, streams end at once, others after a grace.
import { createEarlyEnd, type EarlyEnd } from "./early-end.ts";
import { LIMITS } from "./limits.ts";
import { LakehouseError } from "./problem.ts";

export interface OpenCall {
  /** Aborts when the caller leaves, or when the house stops. */
  readonly signal: AbortSignal;
  /** The answer is out. Safe to call twice. */
  end(): void;
  /** The caller has left: where no signal tells it. */
  leave(): void;
}

export interface CallsInFlight {
  /** `caller` aborts when the caller leaves; undefined: `leave` is called then. */
  open(is_stream: boolean, caller: AbortSignal | undefined): OpenCall;
}

/** Why a call ends whose caller has left; made with it, since a bare abort makes a costlier one. */
const gone = () => new LakehouseError("cancelled", "the call was cancelled by its caller");

/** Without `stopping` a call ends when its caller leaves, and nothing is kept of it. */
export function createCallsInFlight(
  stopping: AbortSignal | undefined,
  grace_ms: number = LIMITS.stop_grace_ms,
): CallsInFlight {
  if (stopping === undefined) {
    return {
      open(_is_stream, caller) {
        const early = createEarlyEnd();
        const signal = caller ?? early.signal;
        return { signal, end: () => undefined, leave: () => early.end(gone()) };
      },
    };
  }
  const streams = createChain();
  const others = createChain();
  let grace_over = false;

  function abortAll(calls: Link): void {
    const open: Link[] = [];
    for (let link = calls.next; link !== calls; link = link.next) open.push(link);
    for (const { early } of open) early?.end(stopping!.reason);
  }

  // Listened to once here: a listener (or a joined signal) for each call would pile up on it.
  stopping.addEventListener("abort", () => {
    abortAll(streams);
    setTimeout(() => {
      grace_over = true;
      abortAll(others);
    }, grace_ms).unref();
  });

  return {
    open(is_stream, caller) {
      const calls = is_stream ? streams : others;
      const early = createEarlyEnd();
      const link = addTo(calls, early);
      const leave = () => {
        takeOut(link);
        early.end(caller === undefined ? gone() : caller.reason);
      };
      if (stopping.aborted && (is_stream || grace_over)) early.end(stopping.reason);
      if (caller?.aborted === true) leave();
      else caller?.addEventListener("abort", leave, { once: true });
      return {
        signal: early.signal,
        end() {
          takeOut(link);
          caller?.removeEventListener("abort", leave);
        },
        leave,
      };
    },
  };
}

/**
 * One of a ring of open calls. No set: its old tables go on pointing at calls that are long over,
 * which then outlive the collector's young generation by the thousand.
 */
interface Link {
  readonly early: EarlyEnd | undefined;
  previous: Link;
  next: Link;
}

/** The link that is no call: the ring's beginning and end. */
function createChain(): Link {
  const chain = { early: undefined } as Partial<Link> as Link;
  return Object.assign(chain, { previous: chain, next: chain });
}

function addTo(chain: Link, early: EarlyEnd): Link {
  const link: Link = { early, previous: chain.previous, next: chain };
  link.previous.next = link;
  chain.previous = link;
  return link;
}

/** Safe to call twice. */
function takeOut(link: Link): void {
  link.previous.next = link.next;
  link.next.previous = link.previous;
  link.previous = link;
  link.next = link;
}
