// Bearer tokens and virtual keys in constant time, and their scopes.
import { hash, timingSafeEqual } from "node:crypto";
import { LOCAL_PRINCIPAL, type Principal, type Scope } from "#kernel/call.ts";
import { scopeOf, type Operation } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { RequestHead } from "#kernel/serve-direct.ts";
import { pathOf } from "#kernel/serve-direct-web.ts";

export interface AccessToken {
  readonly name: string;
  /** The secret itself, already resolved. */
  readonly secret: string;
  readonly scopes: readonly Scope[];
}

export interface AuthSettings {
  /** Empty: no auth; only allowed on a loopback address. */
  readonly tokens: readonly AccessToken[];
  /** Whose virtual key a secret is; undefined: none; throws `unauthenticated` when not good. */
  readonly holderOf?: ((secret: string) => Principal | undefined) | undefined;
}

/** Who asks, and may they do what needs this scope; throws `unauthenticated` or `forbidden`. */
export type AuthenticateScope = (request: RequestHead, needed: Scope) => Principal;

export function createAuthenticator(settings: AuthSettings): AuthenticateScope {
  const holderOfToken = tokenHolders(settings.tokens);
  return (request, needed) => {
    // The name of the scheme is the same in any case (RFC 9110 §11.1).
    const given = /^Bearer +(.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    const holder = given === undefined ? undefined : settings.holderOf?.(given);
    if (holder !== undefined) return withScope(onItsRoutes(holder, request), "key", needed);
    if (settings.tokens.length === 0) return LOCAL_PRINCIPAL;
    if (given === undefined) {
      throw new LakehouseError("unauthenticated", "a bearer token is needed", {
        reason: "no_token",
        hint: "send the header Authorization: Bearer <token>",
      });
    }
    const principal = holderOfToken(given);
    if (principal === undefined) {
      throw new LakehouseError("unauthenticated", "the token is not known", {
        reason: "unknown_token",
      });
    }
    return withScope(principal, "token", needed);
  };
}

/** Whose token a secret is, in constant time; undefined: nobody's. */
export function tokenHolders(
  tokens: readonly AccessToken[],
): (secret: string) => Principal | undefined {
  const known = tokens.map(({ name, scopes, secret }) => {
    return { holder: { name, scopes }, padded: padded(secret) };
  });
  return (secret) => {
    const asked = padded(secret);
    // Every token is compared, so that time tells nothing about which one was close.
    const matches = known.filter((one) => timingSafeEqual(one.padded, asked));
    return matches[0]?.holder;
  };
}

/** What a key that is for models only may ask, itself among it: these paths to the letter. */
const MODEL_PATHS: ReadonlySet<string> = new Set([
  "/v1/chat",
  "/v1/chat/completions",
  "/v1/chat/providers",
  "/v1/chat/stream",
  "/v1/embeddings",
  "/v1/key",
  "/v1/models",
]);

/** Mostly the path ends the URL, and parsing that costs more than all the rest here. */
function isModelPath(url: string): boolean {
  if (MODEL_PATHS.has(pathOf(url))) return true;
  // As the routes see it: without dots that lead elsewhere.
  const { pathname } = new URL(url);
  return MODEL_PATHS.has(pathname) || pathname.startsWith("/v1/models/");
}

function onItsRoutes(holder: Principal, request: RequestHead): Principal {
  if (holder.models_only !== true || isModelPath(request.url)) return holder;
  throw new LakehouseError("forbidden", `key "${holder.name}" is for models only`, {
    reason: "models_only",
    hint: `it may ask ${[...MODEL_PATHS].join(", ")}; for more make one with models_only false`,
  });
}

function withScope(principal: Principal, what: "token" | "key", needed: Scope): Principal {
  const { name, scopes } = principal;
  if (scopes.includes(needed) || scopes.includes("admin")) return principal;
  throw new LakehouseError("forbidden", `${what} "${name}" lacks the scope ${needed}`, {
    reason: "missing_scope",
  });
}

/** The scope that a request needs for an operation; without one, as for whatever only tells. */
export function scopeNeeded(request: RequestHead, operation: Operation | undefined): Scope {
  if (operation === undefined) return "read";
  if (operation.admin_paths === undefined) return scopeOf(operation);
  return operation.admin_paths.test(decodedPath(request)) ? "admin" : scopeOf(operation);
}

function decodedPath(request: RequestHead): string {
  const { pathname } = new URL(request.url);
  try {
    return decodeURIComponent(pathname);
  } catch (cause) {
    const message = `the path ${pathname.slice(0, 200)} is not percent-encoded UTF-8`;
    throw new LakehouseError("invalid", message, { reason: "bad_path", cause });
  }
}

/** Most secrets fit; one that is longer is compared by its sha256. */
const PADDED_BYTES = 256;

/** Equal for equal secrets alone, and always of one length: what a compare takes tells nothing. */
function padded(secret: string): Buffer {
  const bytes = Buffer.alloc(PADDED_BYTES);
  const length = Buffer.byteLength(secret);
  if (length < PADDED_BYTES) bytes.write(secret, 1);
  else hash("sha256", secret, "buffer").copy(bytes, 1);
  // No secret that fits has this mark: a long one is never taken for the text of its sha256.
  bytes[0] = length < PADDED_BYTES ? length : 0;
  return bytes;
}

/** Addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
