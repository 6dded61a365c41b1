// The grammar of contracts: a service is a table of operations, and everything else follows from
// it.
import type { z } from "zod";
import type { Call, Scope } from "./call.ts";

export type OperationKind = "read" | "write" | "stream" | "bytes";

/** `METHOD /path/{param}`; `{param...}` takes the rest of the path. */
export type HttpRoute = `${"GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE"} /${string}`;

/** A body that is never held whole. */
export type ByteStream = AsyncIterable<Uint8Array>;

export interface Operation<
  K extends OperationKind = OperationKind,
  I extends z.ZodObject = z.ZodObject,
  O extends z.ZodType = z.ZodType,
  Q extends BodyForm = BodyForm,
  R extends BodyForm = BodyForm,
> {
  readonly kind: K;
  /** One line: what the operation does. */
  readonly summary: string;
  readonly http: HttpRoute;
  /** Other routes that mean the same. */
  readonly aliases?: readonly HttpRoute[];
  readonly input: I;
  /**
   * Of `read` and `write`: the answer. Of `stream`: one item. Of `bytes`: what goes beside the
   * body.
   */
  readonly output: O;
  /** Reasons that this operation adds to the general ones (invalid, deadline, cancelled …). */
  readonly reasons?: readonly string[];
  /** Scope that a caller needs; default read for `read`, write for the others. */
  readonly scope?: Scope;
  /** Paths (as in the URL, decoded) for which the admin scope is needed instead. */
  readonly admin_paths?: RegExp;
  /** `raw`: the request body is bytes and the input stands in path, query and headers. */
  readonly request_body?: Q;
  /** `raw`: the answer is bytes, its output stands in headers. */
  readonly response_body?: R;
  /** Input fields that travel as headers: field → header name. */
  readonly request_headers?: Readonly<Record<string, string>>;
  /** Output fields of a raw answer that travel as headers: field → header name. */
  readonly response_headers?: Readonly<Record<string, string>>;
  readonly body_bytes_max?: number;
  readonly timeout_ms?: number;
  /** `process`: for callers in the same process only; has no route. Default `public`. */
  readonly exposure?: "public" | "process";
  /** Whether each call is reported to the witness. Default true. */
  readonly witnessed?: boolean;
}

export type BodyForm = "json" | "raw";

export type OperationTable = Readonly<Record<string, Operation>>;

export interface Contract<T extends OperationTable = OperationTable> {
  /** The service's name: its folder, its settings section, its tag in the API document. */
  readonly service: string;
  readonly summary: string;
  readonly operations: T;
}

type RequestBody<Op> = Op extends { request_body: "raw" } ? { body: ByteStream } : unknown;
type ResponseBody<Op> = Op extends { response_body: "raw" } ? { body: ByteStream } : unknown;

/** What a caller hands in (defaults not yet filled). */
export type InputOf<Op extends Operation> = z.input<Op["input"]> & RequestBody<Op>;
/** What a handler gets (checked, defaults filled). */
export type ParsedInputOf<Op extends Operation> = z.output<Op["input"]> & RequestBody<Op>;
/** What the caller gets back; of a stream, one item. */
export type OutputOf<Op extends Operation> = z.output<Op["output"]> & ResponseBody<Op>;

type Answer<Op extends Operation> = Op extends { kind: "stream" }
  ? AsyncIterable<OutputOf<Op>>
  : Promise<OutputOf<Op>>;

/**
 * What callers hold: one method for each operation. The call is optional at the root of a trace.
 */
export type Client<C extends Contract> = {
  readonly [N in keyof C["operations"]]: (
    input: InputOf<C["operations"][N]>,
    call?: Call,
  ) => Answer<C["operations"][N]>;
};

/** What a service implements: one function for each operation. */
export type Handlers<C extends Contract> = {
  readonly [N in keyof C["operations"]]: (
    input: ParsedInputOf<C["operations"][N]>,
    call: Call,
  ) => Answer<C["operations"][N]>;
};

export function defineContract<const T extends OperationTable>(
  service: string,
  summary: string,
  operations: T,
): Contract<T> {
  return { service, summary, operations };
}

type Spec<I extends z.ZodObject, O extends z.ZodType> = Omit<
  Operation<OperationKind, I, O>,
  "kind" | "request_body" | "response_body"
>;

/** An operation that changes nothing. */
export function read<I extends z.ZodObject, O extends z.ZodType>(spec: Spec<I, O>) {
  return { ...spec, kind: "read" as const };
}

/** An operation that changes something. */
export function write<I extends z.ZodObject, O extends z.ZodType>(spec: Spec<I, O>) {
  return { ...spec, kind: "write" as const };
}

/** An operation that answers item by item. */
export function stream<I extends z.ZodObject, O extends z.ZodType>(spec: Spec<I, O>) {
  return { ...spec, kind: "stream" as const };
}

/** An operation whose request or answer (or both) is bytes. */
export function bytes<
  I extends z.ZodObject,
  O extends z.ZodType,
  const Q extends BodyForm,
  const R extends BodyForm,
>(spec: Spec<I, O> & { request_body: Q; response_body: R }) {
  return { ...spec, kind: "bytes" as const };
}

export function scopeOf(operation: Operation): Scope {
  return operation.scope ?? (operation.kind === "read" ? "read" : "write");
}

/** The route in its parts: method, path, names of its parameters. */
export function parseRoute(route: HttpRoute): { method: string; path: string; params: string[] } {
  const space = route.indexOf(" ");
  const path = route.slice(space + 1);
  const params = [...path.matchAll(/\{(\w+)(?:\.\.\.)?\}/g)].map((match) => match[1]!);
  return { method: route.slice(0, space), path, params };
}
