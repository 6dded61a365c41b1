// Sends spans to an OTLP collector over HTTP in JSON: in batches, bounded, and nobody waits for it.
import type { EventInput } from "#contracts/observe.ts";
import { collectBytes, httpRequest } from "#kernel/http-client.ts";
import { LIMITS } from "#kernel/limits.ts";
import type { Log } from "#kernel/log.ts";
import { retryAfterSeconds } from "#ports/provider-http.ts";
import { toLakehouseError } from "#kernel/problem.ts";
import { exportRequest, toOtlpSpan, type OtlpSpan } from "./otlp-form.ts";
import type { TelemetrySettings } from "./otlp-settings.ts";
import { resolveSecret } from "./settings.ts";

export interface OtlpExport {
  /** Takes an event at once; those that are no spans are passed over. */
  take(event: EventInput): void;
  figures(): OtlpFigures;
  /** The last batch was not taken whole, or spans were dropped since. */
  isFailing(): boolean;
  /** Sends what waits, as far as the collector takes it. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

export interface OtlpFigures {
  readonly exported_spans: number;
  /** The queue was full, or the collector refused them for good. */
  readonly dropped_spans: number;
  readonly waiting_spans: number;
  /** Tries in a row that a collector did not take. */
  readonly failed_tries: number;
}

export interface OtlpOptions {
  readonly settings: TelemetrySettings;
  /** With secrets in their place. */
  readonly headers: Readonly<Record<string, string>>;
  readonly version: string;
  readonly log: Log;
}

/** The exporter that the settings ask for; undefined: spans stay in the log on disk. */
export async function openOtlpExport(
  settings: TelemetrySettings,
  variables: Readonly<Record<string, string | undefined>>,
  log: Log,
  version: string,
): Promise<OtlpExport | undefined> {
  if (settings.otlp_url === "") return undefined;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(settings.otlp_headers)) {
    const is_reference = /^(env|file):/.test(value);
    const text = is_reference ? await resolveSecret(value, variables) : value;
    if (text === "") log.warn({ header: name, reference: value }, "an OTLP header has no value");
    else headers[name.toLowerCase()] = text;
  }
  return createOtlpExport({ settings, headers, version, log: log.child({ part: "otlp" }) });
}

/** After a failure that may pass: the next try, twice as late each time. */
const RETRY_FIRST_MS = 1_000;
const RETRY_LAST_MS = 60_000;
/** A collector that asks for more is asked anew after this. */
const RETRY_AFTER_MS_MAX = 600_000;
/** A collector's answer is not read further than this. */
const ANSWER_BYTES_MAX = 64 * 1024;
/** Answers after which the same batch may be sent again (OTLP/HTTP, "Retryable Response Codes"). */
const PASSING: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** A queue that is too small runs over now and then: for so long it counts as failing. */
const OVERFLOW_TOLD_MS = 30_000;

type Sent = "taken" | "partly" | "refused" | "again";

export function createOtlpExport({ settings, headers, version, log }: OtlpOptions): OtlpExport {
  let queue: OtlpSpan[] = [];
  let exported_spans = 0;
  let dropped_spans = 0;
  let failures = 0;
  /** What the collector asked for, with its last answer. */
  let retry_after_ms = 0;
  let is_failing = false;
  /** When spans were last dropped for want of room, on the steady clock. */
  let overflowed_ms = -Infinity;
  let stopped = false;
  const closing = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;

  function schedule(wait_ms: number): void {
    if (timer !== undefined || stopped) return;
    timer = setTimeout(() => void flush(), wait_ms).unref();
  }

  /** Oldest first: what is new tells more of what goes on. */
  function bound(): void {
    const over = queue.length - settings.queue_spans_max;
    if (over <= 0) return;
    queue.splice(0, over);
    dropped_spans += over;
    overflowed_ms = performance.now();
  }

  async function sendAll(): Promise<void> {
    while (queue.length > 0 && !stopped) {
      const batch = queue.slice(0, settings.batch_spans_max);
      queue = queue.slice(batch.length);
      const sent = await sendBatch(batch);
      is_failing = sent !== "taken";
      if (sent === "again") {
        queue = [...batch, ...queue];
        bound();
        failures++;
        return;
      }
      failures = 0;
      if (sent === "refused") dropped_spans += batch.length;
      else exported_spans += batch.length;
    }
  }

  async function sendBatch(batch: readonly OtlpSpan[]): Promise<Sent> {
    const { otlp_url: url, timeout_ms } = settings;
    try {
      const response = await httpRequest({
        method: "POST",
        url,
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(exportRequest(batch, version)),
        signal: AbortSignal.any([AbortSignal.timeout(timeout_ms), closing.signal]),
      });
      const answer = (await collectBytes(response.body, ANSWER_BYTES_MAX)).toString("utf8");
      if (response.status < 300) {
        return tellPartial(answer) ? "partly" : "taken";
      }
      const fields = { status: response.status, spans: batch.length, answer: answer.slice(0, 400) };
      log.warn(fields, "the collector did not take spans");
      retry_after_ms = 1000 * (retryAfterSeconds(response.headers["retry-after"]) ?? 0);
      return PASSING.has(response.status) ? "again" : "refused";
    } catch (thrown) {
      const err = toLakehouseError(thrown);
      if (failures === 0 && !stopped)
        log.warn({ err, spans: batch.length }, "the collector cannot be reached");
      retry_after_ms = 0;
      return "again";
    }
  }

  /** A collector may take a batch and refuse some of it: `partialSuccess.rejectedSpans`. */
  function tellPartial(answer: string): boolean {
    const rejected = rejectedSpans(answer);
    if (rejected === 0) return false;
    dropped_spans += rejected;
    exported_spans -= rejected;
    log.warn({ rejected, answer: answer.slice(0, 400) }, "the collector refused some spans");
    return true;
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    sending ??= sendAll().finally(() => {
      sending = undefined;
      const own_ms = Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** failures);
      const wait_ms = Math.max(own_ms, Math.min(retry_after_ms, RETRY_AFTER_MS_MAX));
      if (queue.length > 0) schedule(failures === 0 ? settings.flush_after_ms : wait_ms);
    });
    return sending;
  }

  return {
    take(event) {
      const span = stopped ? undefined : toOtlpSpan(event);
      if (span === undefined) return;
      queue.push(span);
      bound();
      // A full batch goes at once, unless the collector failed: then it waits for its turn.
      if (queue.length >= settings.batch_spans_max && failures === 0) void flush();
      else if (sending === undefined) schedule(settings.flush_after_ms);
    },
    figures: () => ({
      exported_spans,
      dropped_spans,
      waiting_spans: queue.length,
      failed_tries: failures,
    }),
    isFailing: () => is_failing || performance.now() - overflowed_ms < OVERFLOW_TOLD_MS,
    flush,
    async stop() {
      // What waits gets one more try; a collector that hangs or is slow does not hold up the end.
      const last = (async () => {
        await sending;
        await flush();
      })();
      const grace = new Promise<void>((resolve) => {
        setTimeout(resolve, LIMITS.stop_grace_ms).unref();
      });
      await Promise.race([last, grace]);
      stopped = true;
      closing.abort();
      await last;
      clearTimeout(timer);
      const spans = queue.splice(0).length;
      dropped_spans += spans;
      if (spans > 0) log.warn({ spans }, "spans were not exported");
    },
  };
}

function rejectedSpans(answer: string): number {
  try {
    const { partialSuccess } = JSON.parse(answer) as {
      partialSuccess?: { rejectedSpans?: number | string };
    };
    const count = Number(partialSuccess?.rejectedSpans ?? 0);
    return Number.isFinite(count) ? count : 0;
  } catch {
    // An empty or foreign body of a 200 says that all is well.
    return 0;
  }
}
