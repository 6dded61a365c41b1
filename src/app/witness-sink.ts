// Carries every finished contract call to the observer, in batches, without anybody waiting.
import type { Clients } from "#contracts/all-contracts.ts";
import type { EventInput } from "#contracts/observe.ts";
import { LIMITS } from "#kernel/limits.ts";
import type { Log } from "#kernel/log.ts";
import type { SpanRecord, Witness } from "#kernel/trace.ts";

export interface WitnessSink {
  readonly witness: Witness;
  /** Takes a richer event of a service that stands below the observer. */
  readonly tell: (event: EventInput) => void;
  /** Events that could not be kept because the queue was full. */
  lost(): number;
  /** Sends what is queued. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

const FLUSH_AFTER_MS = 50;
const BATCH_MAX = 2_000;
/** Tries for one batch before it is counted as lost. */
const TRIES_MAX = 5;

/** `observer` is asked for late: the observer may start after the first calls. */
export function createWitnessSink(
  observer: () => Clients["observe"] | undefined,
  log: Log,
): WitnessSink {
  const queue: EventInput[] = [];
  let lost = 0;
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;

  function tell(event: EventInput): void {
    queue.push(event);
    if (queue.length > LIMITS.witness_queue_max) {
      queue.shift();
      lost++;
    }
    timer ??= setTimeout(() => void flush(), FLUSH_AFTER_MS);
  }

  async function sendAll(): Promise<void> {
    const client = observer();
    let failures = 0;
    while (queue.length > 0 && client !== undefined && failures < TRIES_MAX) {
      const batch = queue.slice(0, BATCH_MAX);
      try {
        await client.events_bulk({ events: batch });
        queue.splice(0, batch.length);
      } catch (error) {
        failures++;
        log.warn({ err: error, waiting: queue.length }, "the observer did not take events");
      }
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    sending ??= sendAll().finally(() => {
      sending = undefined;
      if (queue.length > 0) timer ??= setTimeout(() => void flush(), 20 * FLUSH_AFTER_MS);
    });
    return sending;
  }

  return {
    tell,
    witness: (record) => tell(toEvent(record)),
    lost: () => lost,
    flush,
    async stop() {
      await flush();
      await flush();
      clearTimeout(timer);
      if (queue.length > 0) log.error({ events: queue.length }, "events were not kept");
    },
  };
}

function toEvent(record: SpanRecord): EventInput {
  return {
    timestamp: new Date(record.started_ms).toISOString(),
    source: "lakehouse",
    endpoint: `${record.service}.${record.operation}`,
    success: record.error === undefined,
    duration_ms: record.duration_ms,
    trace_id: record.trace_id,
    span_id: record.span_id,
    principal: record.principal,
    ...(record.parent_span_id === undefined ? {} : { parent_span_id: record.parent_span_id }),
    ...(record.error === undefined
      ? {}
      : { error: `${record.error.code}/${record.error.reason}: ${record.error.message}` }),
  };
}
