// A foreign protocol served beside the contracts: S3, Iceberg REST. Mounted by the app.
import type { Principal, Scope } from "./call.ts";
import type { TraceOrigin } from "./trace-context.ts";

export interface FaceRequest {
  readonly request: Request;
  readonly url: URL;
  readonly trace_id: string;
  /** The caller's span and vendors' state, where a traceparent of this trace came along. */
  readonly origin?: TraceOrigin | undefined;
  /** Path and query as sent, which signatures cover; absent where only the parsed URL is known. */
  readonly target?: string | undefined;
  /** Aborts when the caller leaves or the house stops; absent: `request.signal`. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Who asks, by bearer token; the owner of the process when auth is off. Throws `unauthenticated`
   * or `forbidden` as everywhere; the face gives the error its protocol's shape.
   */
  readonly authenticate: (scope: Scope) => Principal;
}

export interface HttpFace {
  /** As logs name it. */
  readonly name: string;
  /** Whether this face answers the request; asked before the routes of contracts. */
  handles(request: Request, url: URL): boolean;
  /** Never throws: errors are answers in the protocol's own shape. */
  handle(asked: FaceRequest): Promise<Response>;
}
