// What an error of the PostgreSQL client means for a caller, in words that hold no secret.
import { LakehouseError } from "#kernel/problem.ts";

// SQLSTATE classes: https://www.postgresql.org/docs/current/errcodes-appendix.html
const TRY_AGAIN = new Set(["40001", "40P01"]);
const TOOK_TOO_LONG = new Set(["57014", "55P03"]);
const OUT_OF_REACH = /^(?:08|53|57P|28|3D|25006)/;
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** Serialisation failures and deadlocks: the server undid the work, and it may be done again. */
export function mayTryAgain(error: unknown): boolean {
  return TRY_AGAIN.has(codeOf(error));
}

/** The connection went, or was never made; a server that answers with an error is not meant. */
export function isConnectionLoss(error: unknown): boolean {
  const code = codeOf(error);
  return !SQLSTATE.test(code) ? isNetworkCode(code) : /^(?:08|57P)/.test(code);
}

/** The error as callers meet it; `place` is `host:port`. */
export function pointerFault(error: unknown, place: string): unknown {
  if (error instanceof LakehouseError) return error;
  const code = codeOf(error);
  const said = error instanceof Error ? error.message : String(error);
  if (TOOK_TOO_LONG.has(code) || TRY_AGAIN.has(code)) {
    return new LakehouseError("unavailable", `PostgreSQL at ${place} took too long: ${said}`, {
      reason: "pointers_busy",
      cause: error,
    });
  }
  if (code === "22021" || code === "22P05") {
    return new LakehouseError("invalid", "PostgreSQL cannot keep such a pointer name", {
      reason: "bad_pointer_name",
      hint: "names hold no NUL character",
      cause: error,
    });
  }
  const lost = isNetworkCode(code) || OUT_OF_REACH.test(code);
  return lost ? unreachable(place, said, error) : error;
}

export function unreachable(place: string, said: string, cause?: unknown): LakehouseError {
  return new LakehouseError("unavailable", `PostgreSQL at ${place} cannot be used: ${said}`, {
    reason: "pointers_unreachable",
    hint: "whether a change that was under way has been made is not known: read before trying again",
    cause,
  });
}

function isNetworkCode(code: string): boolean {
  return /^(?:CONNECT(?:ION)?_[A-Z]+|E[A-Z]{4,}(?:_[A-Z]+)*|ERR_(?:TLS|SSL|SOCKET)\w*)$/.test(code);
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : "";
}
