// Abort signals that are heard of by plain functions: an event target costs more than a small call.

const LISTENERS: unique symbol = Symbol("listeners of an early end");

type Listener = () => void;
type Heard = AbortSignal & { [LISTENERS]?: Listener[] };

export interface EarlyEnd {
  /** A whole AbortSignal for whoever wants one. */
  readonly signal: AbortSignal;
  /** Safe to call twice; the first reason stays. */
  end(reason: unknown): void;
}

export function createEarlyEnd(): EarlyEnd {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners: Listener[] = [];
  (signal as Heard)[LISTENERS] = listeners;
  return {
    signal,
    end(reason) {
      if (signal.aborted) return;
      controller.abort(reason);
      for (const listener of listeners.splice(0)) listener();
    },
  };
}

/** Calls `listener` once when the signal aborts, whoever made it. Must not throw. */
export function onAbort(signal: AbortSignal, listener: Listener): void {
  const listeners = (signal as Heard)[LISTENERS];
  if (listeners === undefined) signal.addEventListener("abort", listener, { once: true });
  else listeners.push(listener);
}

/** Safe to call when it is not listening any more. */
export function offAbort(signal: AbortSignal, listener: Listener): void {
  const listeners = (signal as Heard)[LISTENERS];
  if (listeners === undefined) {
    signal.removeEventListener("abort", listener);
    return;
  }
  // Who began to listen last mostly ends first.
  const at = listeners.lastIndexOf(listener);
  if (at < 0) return;
  if (at === listeners.length - 1) listeners.pop();
  else listeners.splice(at, 1);
}
