// The calls a server has open: when the house stops, streams end at once, others after a grace.
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
export function createCallsInFlight(stopping: AbortSignal | undefined): CallsInFlight {
  if (stopping === undefined) {
    return {
      open(_is_stream, caller) {
        const controller = new AbortController();
        const signal = caller ?? controller.signal;
        return { signal, end: () => undefined, leave: () => controller.abort(gone()) };
      },
    };
  }
  const streams = createChain();
  const others = createChain();
  let grace_over = false;

  function abortAll(calls: Link): void {
    const open: Link[] = [];
    for (let link = calls.next; link !== calls; link = link.next) open.push(link);
    for (const { controller } of open) controller?.abort(stopping!.reason);
  }

  // Listened to once here: a listener (or a joined signal) for each call would pile up on it.
  stopping.addEventListener("abort", () => {
    abortAll(streams);
    setTimeout(() => {
      grace_over = true;
      abortAll(others);
    }, LIMITS.stop_grace_ms).unref();
  });

  return {
    open(is_stream, caller) {
      const calls = is_stream ? streams : others;
      const controller = new AbortController();
      const link = addTo(calls, controller);
      const leave = () => {
        takeOut(link);
        controller.abort(caller === undefined ? gone() : caller.reason);
      };
      if (stopping.aborted && (is_stream || grace_over)) controller.abort(stopping.reason);
      if (caller?.aborted === true) leave();
      else caller?.addEventListener("abort", leave, { once: true });
      return {
        signal: controller.signal,
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
  readonly controller: AbortController | undefined;
  previous: Link;
  next: Link;
}

/** The link that is no call: the ring's beginning and end. */
function createChain(): Link {
  const chain = { controller: undefined } as Partial<Link> as Link;
  return Object.assign(chain, { previous: chain, next: chain });
}

function addTo(chain: Link, controller: AbortController): Link {
  const link: Link = { controller, previous: chain.previous, next: chain };
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
