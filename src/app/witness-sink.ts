// Carries every finished contract call to the observer, in batches, without anybody waiting.
import type { EventInput } from "#contracts/observe.ts";
import { isoOf } from "#kernel/clock.ts";
import { LIMITS } from "#kernel/limits.ts";
import type { Log } from "#kernel/log.ts";
import { toLakehouseError, type LakehouseError } from "#kernel/problem.ts";
import type { SpanRecord, Witness } from "#kernel/trace.ts";
import { createHeldEvents } from "./held-events.ts";

export interface WitnessSink {
  readonly witness: Witness;
  /** False: by its settings the house has no observer. */
  readonly observed: boolean;
  /** Takes a richer event of a service that stands below the observer. */
  readonly tell: (event: EventInput) => void;
  /** Events that were given up: too many waited, or the observer refused them. */
  lost(): number;
  /** Events that wait for an observer which did not take them at the last try. */
  stuck(): number;
  /** Sends what is queued. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/** Events that wait for longer outlive two collections of the young heap, and cost far more. */
const FLUSH_AFTER_MS = 30;
const RETRY_AFTER_MS = 1_000;
const BATCH_MAX = 2_000;
/** Characters that are kept of a text whose length its maker does not bound. */
const TEXT_MAX = 2_000;
const ID_MAX = 128;

/** Takes a batch of events: the observer of this process, or the client of another's. */
export type TakeEvents = (events: readonly EventInput[]) => Promise<unknown>;

/**
 * `observer` is asked for late: the observer may start after the first calls. `onEvent` hears of
 * each event too; must not throw.
 */
export function createWitnessSink(
  observer: () => TakeEvents | undefined,
  log: Log,
  onEvent?: (event: EventInput) => void,
): WitnessSink {
  let queue: EventInput[] = [];
  const held = createHeldEvents(LIMITS.witness_held_bytes_max, BATCH_MAX);
  let lost = 0;
  let away = false;
  let told = false;
  let timer: NodeJS.Timeout | undefined;
  let retry: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;

  function tell(event: EventInput): void {
    const kept = clipped(event);
    queue.push(kept);
    onEvent?.(kept);
    timer ??= setTimeout(onTimer, FLUSH_AFTER_MS);
  }

  function onTimer(): void {
    timer = undefined;
    if (away || sending !== undefined) holdQueue();
    else void flush();
  }

  function holdQueue(): void {
    const events = queue;
    queue = [];
    lost += held.hold(events);
  }

  function nextBatch(): EventInput[] | undefined {
    const oldest = held.take();
    if (oldest !== undefined || queue.length === 0) return oldest;
    const batch = queue.slice(0, BATCH_MAX);
    queue = queue.slice(batch.length);
    return batch;
  }

  /** Sends until nothing waits or the observer does not answer. */
  async function sendAll(): Promise<void> {
    const take = observer();
    away = take === undefined && waiting() > 0;
    while (take !== undefined && !away && waiting() > 0) {
      const left = await offer(take, nextBatch()!);
      away = left.length > 0;
      lost += held.putBack(left);
    }
    if (away) holdQueue();
  }

  const waiting = () => held.count() + queue.length;

  /** Those that it did not take because it is away. */
  async function offer(take: TakeEvents, batch: EventInput[]): Promise<EventInput[]> {
    try {
      await take(batch);
      if (told) log.info({ waiting: waiting() }, "the observer takes events again");
      told = false;
      return [];
    } catch (thrown) {
      const error = toLakehouseError(thrown);
      if (error.code === "invalid" || error.code === "too_large") {
        return batch.length > 1 ? offerEach(take, batch) : refused(error, batch);
      }
      if (!told) log.warn({ err: error }, "the observer takes no events: they wait here");
      told = true;
      return batch;
    }
  }

  /** One bad event must not hold up the others. */
  async function offerEach(take: TakeEvents, batch: EventInput[]): Promise<EventInput[]> {
    for (const [at, event] of batch.entries()) {
      if ((await offer(take, [event])).length > 0) return batch.slice(at);
    }
    return [];
  }

  function refused(err: LakehouseError, [event]: EventInput[]): EventInput[] {
    lost++;
    log.error({ err, endpoint: event?.endpoint }, "the observer refused an event");
    return [];
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    clearTimeout(retry);
    timer = undefined;
    retry = undefined;
    sending ??= sendAll().finally(() => {
      sending = undefined;
      if (waiting() > 0) retry ??= setTimeout(() => void flush(), RETRY_AFTER_MS);
    });
    return sending;
  }

  return {
    tell,
    observed: true,
    witness: (record) => tell(toEvent(record)),
    lost: () => lost,
    stuck: () => (away ? waiting() : 0),
    flush,
    async stop() {
      await flush();
      await flush();
      clearTimeout(timer);
      clearTimeout(retry);
      if (waiting() > 0) log.error({ events: waiting() }, "events were not kept");
    },
  };
}

/** Where there is to be no observer: nothing waits for one. `onEvent` hears of each event. */
export function createUnobserved(onEvent?: (event: EventInput) => void): WitnessSink {
  const tell = (event: EventInput) => onEvent?.(clipped(event));
  return {
    tell,
    observed: false,
    // Making an event costs more than telling that nobody hears it.
    witness: onEvent === undefined ? () => undefined : (record) => tell(toEvent(record)),
    lost: () => 0,
    stuck: () => 0,
    flush: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
}

/** Error texts can hold what a caller sent: they are cut to what the observer takes. */
function clipped(event: EventInput): EventInput {
  if (!isLong(event)) return event;
  const { error, input_summary, output_summary, trace_id } = event;
  return {
    ...event,
    ...(error === undefined ? {} : { error: error.slice(0, TEXT_MAX) }),
    ...(input_summary === undefined ? {} : { input_summary: input_summary.slice(0, TEXT_MAX) }),
    ...(output_summary === undefined ? {} : { output_summary: output_summary.slice(0, TEXT_MAX) }),
    ...(trace_id === undefined ? {} : { trace_id: trace_id.slice(0, ID_MAX) }),
  };
}

function isLong({ error, input_summary, output_summary, trace_id }: EventInput): boolean {
  const text_max = Math.max(
    error?.length ?? 0,
    input_summary?.length ?? 0,
    output_summary?.length ?? 0,
  );
  return text_max > TEXT_MAX || (trace_id?.length ?? 0) > ID_MAX;
}

type Details = Exclude<EventInput["details"], undefined>;

/** What the operation noted of itself, as far as it did. */
function detailsOf({ kind, span_kind, attributes }: SpanRecord): Details {
  const details: Details = { kind, span_kind: span_kind ?? "internal" };
  for (const _name in attributes) {
    details["attributes"] = { ...attributes } as Details;
    break;
  }
  return details;
}

function toEvent(record: SpanRecord): EventInput {
  const { error, parent_span_id } = record;
  const event: { -readonly [K in keyof EventInput]: EventInput[K] } = {
    timestamp: isoOf(record.started_ms),
    source: "contract",
    endpoint: `${record.service}.${record.operation}`,
    success: error === undefined,
    duration_ms: record.duration_ms,
    trace_id: record.trace_id,
    span_id: record.span_id,
    principal: record.principal,
    details: detailsOf(record),
  };
  if (parent_span_id !== undefined) event.parent_span_id = parent_span_id;
  if (error !== undefined) event.error = `${error.code}/${error.reason}: ${error.message}`;
  return event;
}
