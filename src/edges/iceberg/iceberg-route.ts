// A route of the Iceberg REST protocol, and finding the one that a request is for.
import type { catalog } from "#contracts/catalog.ts";
import type { storage } from "#contracts/storage.ts";
import type { Call, Principal, Scope } from "#kernel/call.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Client } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { Vend } from "./table-access.ts";

export interface IcebergNeeds {
  readonly catalog: Client<typeof catalog>;
  /** To tell where tables of a namespace may stand; absent: the catalog alone chooses. */
  readonly storage?: Pick<Client<typeof storage>, "buckets"> | undefined;
  /** Keys of this server's S3 door for one who asks; absent: none are handed out. */
  readonly vend?: Vend | undefined;
  readonly clock: Clock;
  /** Where the S3 door answers, as the client of this request reaches it. Default: its origin. */
  readonly door_url?: ((url: URL) => string) | undefined;
  /** Whose secret this is; absent: auth is off. */
  readonly holderOf?: ((secret: string) => Principal | undefined) | undefined;
  /** Told the reports that engines send after scans and commits. */
  readonly tell?: ((report: MetricsReport) => void) | undefined;
}

export interface MetricsReport {
  readonly dataset: string;
  readonly principal: string;
  readonly trace_id: string;
  /** `scan-report` or `commit-report` as the specification has it. */
  readonly report: Readonly<Record<string, unknown>>;
}

/** A request on its way to the handler of its route. */
export interface Asked {
  readonly request: Request;
  readonly url: URL;
  /** Parameters of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly call: Call;
  readonly needs: IcebergNeeds;
}

export interface IcebergRoute {
  readonly method: "GET" | "HEAD" | "POST" | "DELETE";
  /** Below `/iceberg/v1/`; `{name}` takes one segment. */
  readonly path: string;
  readonly scope: Scope;
  /** Whether `config` lists it as supported; default true. */
  readonly announced?: boolean;
  /** A failure whose outcome is not known must be told as such. */
  readonly commit?: boolean;
  answer(asked: Asked): Promise<Response>;
}

/** As `config` lists it. */
export function endpointOf(route: IcebergRoute): string {
  const fixed = FIXED.has(route.path.split("/")[0]!);
  return `${route.method} /v1/${fixed ? "" : "{prefix}/"}${route.path}`;
}

/** First segments that never stand behind a prefix. */
const FIXED: ReadonlySet<string> = new Set(["config", "oauth"]);

/**
 * The route of a method and path below `/iceberg/v1/`. No prefix is announced, but one segment is
 * passed over: clients that were told a warehouse send it there. Unknown: `not_found`.
 */
export function findRoute(
  routes: readonly IcebergRoute[],
  method: string,
  path: string,
): { route: IcebergRoute; params: Record<string, string> } {
  const segments = path.split("/").map(decodeSegment);
  const direct = matchesOf(routes, segments);
  const matches = direct.length > 0 ? direct : matchesOf(routes, segments.slice(1));
  const match = matches.find(({ route }) => route.method === method);
  if (match !== undefined) return match;
  if (matches.length > 0) {
    const known = matches.map(({ route }) => route.method).join(", ");
    throw new LakehouseError("invalid", `${method} is not for /v1/${path}; ${known} is`, {
      reason: "wrong_method",
    });
  }
  throw new LakehouseError("not_found", `there is no route /v1/${path}`, {
    reason: "no_route",
    hint: "GET /iceberg/v1/config lists those there are",
  });
}

function matchesOf(routes: readonly IcebergRoute[], segments: readonly string[]) {
  return routes.flatMap((route) => {
    const params = match(route.path.split("/"), segments);
    return params === undefined ? [] : [{ route, params }];
  });
}

function match(template: readonly string[], segments: readonly string[]) {
  if (template.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of template.entries()) {
    const segment = segments[index]!;
    if (part.startsWith("{")) {
      if (segment === "") return undefined;
      params[part.slice(1, -1)] = segment;
    } else if (part !== segment) return undefined;
  }
  return params;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    const message = `"${segment}" is not a valid part of a path`;
    throw new LakehouseError("invalid", message, { reason: "bad_path", cause });
  }
}
