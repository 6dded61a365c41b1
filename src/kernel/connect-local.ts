// The in-process transport: the same checks, errors, deadlines and spans as over HTTP, no socket.
import { assert } from "./assert.ts";
import {
  beforeDeadline,
  itemsBeforeDeadline,
  type Ending,
  type TimedItems,
} from "./before-deadline.ts";
import { boundedCall, childCall, startCall, throwIfOver, type Call } from "./call.ts";
import { checkOperationInput } from "./check-input.ts";
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

function runOnce(run: Run, input: unknown, parent?: Call): Promise<unknown> {
  const call = openCall(run.operation, parent);
  const begun = { started_ms: Date.now(), clock: performance.now(), parent };
  const end: Ending<unknown> = {
    answered(answer) {
      if (run.options.strict) checkAnswer(run, answer);
      report(run, call, begun, undefined);
      return answer;
    },
    failed(thrown) {
      const error = toLakehouseError(thrown);
      report(run, call, begun, error);
      return error;
    },
  };
  try {
    throwIfOver(call);
    const parsed = parseInput(run.operation, input);
    return beforeDeadline(run.handler(parsed, call) as Promise<unknown>, call, end);
  } catch (thrown) {
    return Promise.reject(end.failed(thrown));
  }
}

async function* runStream(run: Run, input: unknown, parent?: Call): AsyncGenerator<unknown> {
  const call = openCall(run.operation, parent);
  const started_ms = Date.now();
  const clock = performance.now();
  let failed: LakehouseError | undefined;
  let items: TimedItems<unknown> | undefined;
  try {
    throwIfOver(call);
    const parsed = parseInput(run.operation, input);
    items = itemsBeforeDeadline(run.handler(parsed, call) as AsyncIterable<unknown>, call);
    for (let next = await items.next(); !next.done; next = await items.next()) {
      if (run.options.strict) run.operation.output.parse(next.value);
      yield next.value;
    }
  } catch (thrown) {
    failed = toLakehouseError(thrown);
    throw failed;
  } finally {
    await items?.end();
    report(run, call, { started_ms, clock, parent }, failed);
  }
}

function openCall(operation: Operation, parent: Call | undefined): Call {
  const { timeout_ms } = operation;
  const asked = parent ?? startCall({ timeout_ms });
  const own = { noted: {}, outermost: asked.from_edge === true };
  const bounds = timeout_ms === undefined ? {} : { timeout_ms };
  if (operation.witnessed !== false) return childCall(asked, { ...bounds, ...own });
  // It has no span that anybody is told of: what it asks stands below its caller's.
  return { ...boundedCall(asked, bounds), ...own, from_edge: false };
}

function parseInput(operation: Operation, input: unknown): unknown {
  if (operation.request_body !== "raw") return checkOperationInput(operation, input);
  const { body, ...fields } = input as { body: ByteStream };
  assert(body !== undefined, "an operation with a raw request needs a body");
  return { ...checkOperationInput(operation, fields), body };
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

interface Begun {
  /** Epoch milliseconds, and the same moment on the steady clock. */
  readonly started_ms: number;
  readonly clock: number;
  readonly parent: Call | undefined;
}

function report(
  run: Run,
  call: Call,
  { started_ms, clock, parent }: Begun,
  error: LakehouseError | undefined,
): void {
  if (run.options.witness === undefined || run.operation.witnessed === false) return;
  run.options.witness({
    ...run.span,
    span_kind: parent?.from_edge === true ? "server" : "internal",
    trace_id: call.trace_id,
    span_id: call.span_id,
    parent_span_id: call.parent_span_id,
    principal: call.principal.name,
    started_ms,
    duration_ms: performance.now() - clock,
    attributes: call.noted,
    error,
  });
}
