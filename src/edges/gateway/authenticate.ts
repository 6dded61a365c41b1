// Bearer tokens in constant time, scopes, and an address allow-list.
import { createHash, timingSafeEqual } from "node:crypto";
import { LOCAL_PRINCIPAL, type Principal, type Scope } from "#kernel/call.ts";
import { scopeOf, type Operation } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";

export interface AccessToken {
  readonly name: string;
  /** The secret itself, already resolved. */
  readonly secret: string;
  readonly scopes: readonly Scope[];
}

export interface AuthSettings {
  /** Empty: no auth; only allowed on a loopback address. */
  readonly tokens: readonly AccessToken[];
}

/** Who asks, and may they do what needs this scope; throws `unauthenticated` or `forbidden`. */
export type AuthenticateScope = (request: Request, needed: Scope) => Principal;

export function createAuthenticator(settings: AuthSettings): AuthenticateScope {
  if (settings.tokens.length === 0) return () => LOCAL_PRINCIPAL;
  const known = settings.tokens.map((token) => ({ token, digest: digestOf(token.secret) }));
  return (request, needed) => {
    const given = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
    if (given === undefined) {
      throw new LakehouseError("unauthenticated", "a bearer token is needed", {
        reason: "no_token",
        hint: "send the header Authorization: Bearer <token>",
      });
    }
    const digest = digestOf(given);
    // Every token is compared, so that time tells nothing about which one was close.
    const matches = known.filter((one) => timingSafeEqual(one.digest, digest));
    const token = matches[0]?.token;
    if (token === undefined) {
      throw new LakehouseError("unauthenticated", "the token is not known", {
        reason: "unknown_token",
      });
    }
    if (!token.scopes.includes(needed) && !token.scopes.includes("admin")) {
      throw new LakehouseError("forbidden", `token "${token.name}" lacks the scope ${needed}`, {
        reason: "missing_scope",
      });
    }
    return { name: token.name, scopes: token.scopes };
  };
}

/** The scope that a request needs for an operation; without one, as for whatever only tells. */
export function scopeNeeded(request: Request, operation: Operation | undefined): Scope {
  if (operation === undefined) return "read";
  if (operation.admin_paths === undefined) return scopeOf(operation);
  return operation.admin_paths.test(decodedPath(request)) ? "admin" : scopeOf(operation);
}

function decodedPath(request: Request): string {
  const { pathname } = new URL(request.url);
  try {
    return decodeURIComponent(pathname);
  } catch (cause) {
    const message = `the path ${pathname.slice(0, 200)} is not percent-encoded UTF-8`;
    throw new LakehouseError("invalid", message, { reason: "bad_path", cause });
  }
}

function digestOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** Addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
