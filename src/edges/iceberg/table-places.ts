// Where tables may stand: not among what services of the house keep for themselves.
import { LakehouseError } from "#kernel/problem.ts";
import type { JsonObject } from "./iceberg-request.ts";
import type { Asked } from "./iceberg-route.ts";

/** As at the S3 door: admins alone write there, and what is purged with a table is written too. */
const KEPT_BY_SERVICES = /^s3[an]?:\/\/[^/]+\/+(_catalog|_vectors|_rejects)(\/|$)/i;

/** Throws `forbidden` when the caller may not write at this location; undefined is for nobody. */
export function mayWriteAt({ call }: Asked, location: string | undefined): void {
  if (location === undefined || !KEPT_BY_SERVICES.test(location)) return;
  if (call.principal.scopes.includes("admin")) return;
  const message = `${location} is among what services keep: that needs the scope admin`;
  throw new LakehouseError("forbidden", message, { reason: "missing_scope" });
}

/** The same for the places that updates of a commit give a table. */
export function mayMoveTo(asked: Asked, updates: readonly JsonObject[]): void {
  for (const { action, location } of updates) {
    if (action === "set-location" && typeof location === "string") mayWriteAt(asked, location);
  }
}
