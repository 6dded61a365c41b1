// Lines of keys.jsonl: their shape, and the refusal of a file that has others.
import { z } from "zod";
import { LakehouseError } from "#kernel/problem.ts";
import type { Scope } from "#kernel/call.ts";
import type { Budget } from "./key-account.ts";

export interface StoredKey {
  readonly key_id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly models_only: boolean;
  readonly models: readonly string[];
  readonly requests_per_minute: number | null;
  readonly tokens_per_minute: number | null;
  readonly budget: Budget;
  readonly created_at: string;
  readonly rotated_at: string | null;
  readonly expires_at: string | null;
  readonly sha256: string;
  /** The secret before the last rotation, good until its time. */
  readonly former: FormerSecret | null;
  /** Those before it, as long as they are good: keys that were rotated in haste. */
  readonly older?: readonly FormerSecret[];
}

export interface FormerSecret {
  readonly sha256: string;
  readonly until: string;
}

export type KeyChange =
  | { readonly op: "put"; readonly key: StoredKey }
  | { readonly op: "remove"; readonly key_id: string };

const time = z.iso.datetime({ offset: true });
const limit = z.number().nullable();
const key_id = z.string().regex(/^[0-9a-f]{16}$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const former = z.object({ sha256, until: time });

/** Fields that a newer version adds are left as they are. */
const change = z.discriminatedUnion("op", [
  z.object({
    op: z.literal("put"),
    key: z.object({
      key_id,
      name: z.string().min(1),
      scopes: z.array(z.enum(["read", "write", "admin"])),
      models_only: z.boolean(),
      models: z.array(z.string()),
      requests_per_minute: limit,
      tokens_per_minute: limit,
      budget: z.object({
        day_cost: limit,
        day_tokens: limit,
        month_cost: limit,
        month_tokens: limit,
      }),
      created_at: time,
      rotated_at: time.nullable(),
      expires_at: time.nullable(),
      sha256,
      former: former.nullable(),
      older: z.array(former).optional(),
    }),
  }),
  z.object({ op: z.literal("remove"), key_id }),
]);

/** What is wrong with the shape of a line; undefined: nothing. */
export function faultOfChange(row: unknown): string | undefined {
  const checked = change.safeParse(row);
  if (checked.success) return undefined;
  const { path, message } = checked.error.issues[0]!;
  return path.length === 0 ? message : `${path.join(".")}: ${message}`;
}

/**
 * Without one line of the file nobody knows which keys are good: a key that was deleted would work
 * again, and so would a secret that was rotated away.
 */
export function damagedKeys(path: string, line: number, why: string): LakehouseError {
  const message = `line ${line} of ${path} cannot be read (${why}), so no key can be trusted`;
  return new LakehouseError("unavailable", message, {
    reason: "damaged_keys",
    hint:
      "put the file back from a backup, or take the line out and then look through lakehouse " +
      "api-keys: delete or rotate every key that the line may have told of",
  });
}
