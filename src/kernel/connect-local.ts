// The in-process transport: the same checks, errors, deadlines and spans as over HTTP, no socket.
import { assert } from "./assert.ts";
import { NEVER, cancelledError, childCall, startCall, throwIfOver, type Call } from "./call.ts";
import { checkInput } from "./check-input.ts";
import type { ByteStream, Client, Contract, Handlers, Operation } from "./contract.ts";
import { toLakehouseError, type LakehouseError } from "./problem.ts";
import type { SpanRecord, Witness } from "./trace.ts";

export interface LocalOptions {
  /** Told of each finished call. */
  readonly witness?: Witness | undefined;
  /** Also check outputs and declared reasons (tests). */
  readonly strict?: boolean | undefined;
}

type Handler = (input: unknown, call: Call) => unknown;

/** A client of a service in this process. */
export function connectLocal<C extends Contract>(
  contract: C,
  handlers: Handlers<C>,
  options: LocalOptions = {},
): Client<C> {
  const client: Record<string, unknown> = {};
  for (const [name, operation] of Object.entries(contract.operations)) {
    const handler = (handlers as Record<string, Handler | undefined>)[name];
    assert(handler !== undefined, `${contract.service} does not implement ${name}`);
    const span = { service: contract.service, operation: name, kind: operation.kind };
    const run: Run = { operation, handler: handler.bind(handlers), options, span };
    client[name] =
      operation.kind === "stream"
        ? (input: unknown, call?: Call) => runStream(run, input, call)
        : (input: unknown, call?: Call) => runOnce(run, input, call);
  }
  return client as Client<C>;
}

interface Run {
  readonly operation: Operation;
  readonly handler: Handler;
  readonly options: LocalOptions;
  readonly span: Pick<SpanRecord, "service" | "operation" | "kind">;
}

async function runOnce(run: Run, input: unknown, parent?: Call): Promise<unknown> {
  const call = openCall(run.operation, parent);
  const started_ms = Date.now();
  const clock = performance.now();
  try {
    throwIfOver(call);
    const parsed = parseInput(run.operation, input);
    const answer = await beforeDeadline(run.handler(parsed, call) as Promise<unknown>, call);
    if (run.options.strict) checkAnswer(run, answer);
    report(run, call, started_ms, clock, undefined);
    return answer;
  } catch (thrown) {
    const error = toLakehouseError(thrown);
    report(run, call, started_ms, clock, error);
    throw error;
  }
}

async function* runStream(run: Run, input: unknown, parent?: Call): AsyncGenerator<unknown> {
  const call = openCall(run.operation, parent);
  const started_ms = Date.now();
  const clock = performance.now();
  let failed: LakehouseError | undefined;
  try {
    throwIfOver(call);
    const parsed = parseInput(run.operation, input);
    for await (const item of run.handler(parsed, call) as AsyncIterable<unknown>) {
      if (run.options.strict) run.operation.output.parse(item);
      yield item;
    }
  } catch (thrown) {
    failed = toLakehouseError(thrown);
    throw failed;
  } finally {
    report(run, call, started_ms, clock, failed);
  }
}

function openCall(operation: Operation, parent: Call | undefined): Call {
  const timeout = operation.timeout_ms === undefined ? {} : { timeout_ms: operation.timeout_ms };
  return parent === undefined ? startCall(timeout) : childCall(parent, timeout);
}

function parseInput(operation: Operation, input: unknown): unknown {
  if (operation.request_body !== "raw") return checkInput(operation.input, input);
  const { body, ...fields } = input as { body: ByteStream };
  assert(body !== undefined, "an operation with a raw request needs a body");
  return { ...checkInput(operation.input, fields), body };
}

function checkAnswer(run: Run, answer: unknown): void {
  if (run.operation.response_body !== "raw") {
    run.operation.output.parse(answer);
    return;
  }
  const { body, ...fields } = answer as { body: ByteStream };
  assert(body !== undefined, `${run.span.operation} answered without a body`);
  run.operation.output.parse(fields);
}

/** The answer, or an error as soon as the caller leaves or the deadline passes. */
function beforeDeadline<T>(answer: Promise<T>, call: Call): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const give_up = () => {
      // The handler may never settle: its timer must not outlive the caller's interest.
      settle();
      reject(cancelledError(call));
    };
    const wait_ms = Math.min(call.deadline_ms - Date.now(), 0x7fffffff);
    const timer = setTimeout(give_up, wait_ms);
    // Listeners on the one shared signal would pile up with thousands of calls in flight.
    const listens = call.signal !== NEVER;
    if (listens) call.signal.addEventListener("abort", give_up, { once: true });
    const settle = () => {
      clearTimeout(timer);
      if (listens) call.signal.removeEventListener("abort", give_up);
    };
    answer.then(
      (value) => {
        settle();
        resolve(value);
      },
      (error: unknown) => {
        settle();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

function report(
  run: Run,
  call: Call,
  started_ms: number,
  clock: number,
  error: LakehouseError | undefined,
): void {
  if (run.options.witness === undefined || run.operation.witnessed === false) return;
  run.options.witness({
    ...run.span,
    trace_id: call.trace_id,
    span_id: call.span_id,
    parent_span_id: call.parent_span_id,
    principal: call.principal.name,
    started_ms,
    duration_ms: performance.now() - clock,
    error,
  });
}
