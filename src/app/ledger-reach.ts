// The ledger holds the calls of its own process alone: what would pass it by does not start.
import type { ServiceName } from "#contracts/all-contracts.ts";
import type { Principal } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { isLimited } from "#models/usage/held-tokens.ts";
import { claimedKey } from "#models/usage/key-secret.ts";
import type { HouseSettings } from "./settings.ts";

/**
 * Throws `invalid` (usage_apart) when models would be asked here beside the ledger of another
 * process. A house without any ledger may be wanted: it has no keys either.
 */
export function checkModelsHaveLedger(
  here: ReadonlySet<ServiceName>,
  { services, providers }: HouseSettings,
): void {
  if (here.has("usage") || services.usage === "") return;
  if (here.has("chat")) throw inNoLedger("chat", "chat");
  const paid = providers.endpoints.find(
    ({ embedding_model, rerank_model }) => embedding_model !== "" || rerank_model !== "",
  );
  if (!here.has("embed") || paid === undefined) return;
  throw inNoLedger("embed", `embed, which asks ${paid.name},`);
}

function inNoLedger(service: ServiceName, who: string): LakehouseError {
  return apart(
    `${who} runs here and usage elsewhere: its calls would be in no ledger, and no key or ` +
      "budget would hold",
    `run usage in the same process as ${service}: --only …,${service},usage`,
  );
}

export interface ServedParts {
  readonly here: ReadonlySet<ServiceName>;
  /** Services of other processes are served here, too. */
  readonly as_proxy: boolean;
}

/** Throws `invalid` (usage_apart) when keys or tokens with limits would be served unheld. */
export function checkLimitsHold({ here, as_proxy }: ServedParts, settings: HouseSettings): void {
  if (as_proxy && here.has("usage") && !here.has("chat")) {
    throw apart(
      "usage runs here and chat does not: keys made here would not hold for its calls",
      "run chat in the same process as usage: --only …,chat,usage",
    );
  }
  if (here.has("usage") || !(as_proxy || here.has("embed"))) return;
  const limited = settings.auth.tokens.find(isLimited);
  if (limited === undefined) return;
  throw apart(
    `token "${limited.name}" has limits, and usage, which would hold them, does not run here`,
    "run usage and chat in this process, or leave the limits out of its settings",
  );
}

/** Whose virtual key a secret is, where none is known: keys are good at the process of usage. */
export function keysElsewhere(address: string): (secret: string) => Principal | undefined {
  return (secret) => {
    if (claimedKey(secret) === undefined) return undefined;
    throw new LakehouseError("unauthenticated", "virtual keys are not known in this process", {
      reason: "unknown_key",
      hint: `they are good where usage runs: ${address}`,
    });
  };
}

function apart(message: string, hint: string): LakehouseError {
  return new LakehouseError("invalid", message, { reason: "usage_apart", hint });
}
