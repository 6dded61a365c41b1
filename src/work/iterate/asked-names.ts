// Whom a question was for that nobody answered: by the names that were asked for, of no other.
import { NEVER, type Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import type { chat } from "#contracts/chat.ts";
import type { Session } from "./session-end.ts";

interface Asked {
  readonly model?: string;
  readonly provider?: string;
}

export interface AskedNames {
  /** undefined: the session's last answer tells who. Never throws. */
  of(session: Session, asked: Asked, call: Call): Promise<Names | undefined>;
}

/** Empty where it is not known. */
export interface Names {
  readonly model: string;
  readonly provider: string;
}

const REMEMBERED_MAX = 1_000;
/** The providers are looked at for it; nobody waits for them long. */
const DEFAULT_MODEL_TIMEOUT_MS = 1_000;

/**
 * A name with its provider says it, the default's where none was asked for; else the error, or who
 * answered to that very name before. Never who answered to another name.
 */
export function createAskedNames(client: Client<typeof chat>): AskedNames {
  const answered = new Map<string, Names>();
  let default_model: string | undefined;

  async function defaultModel(call: Call): Promise<string> {
    if (default_model !== undefined) return default_model;
    const deadline_ms = Date.now() + DEFAULT_MODEL_TIMEOUT_MS;
    const told = await client.providers({}, { ...call, signal: NEVER, deadline_ms }).catch(() => {
      return undefined;
    });
    default_model = told?.default_model;
    return default_model ?? "";
  }

  return {
    async of({ deciding }, asked, call) {
      const key = `${asked.provider ?? ""} ${asked.model ?? ""}`;
      const answer = deciding?.answer;
      if (answer !== undefined) {
        if (answered.size >= REMEMBERED_MAX) answered.clear();
        answered.set(key, { model: answer.model, provider: answer.provider });
        return undefined;
      }
      const before = answered.get(key);
      // Before, a fallback may have answered: nobody asked for it.
      const model = asked.model ?? ((await defaultModel(call)) || (before?.model ?? ""));
      const told = deciding?.failed?.extra["provider"];
      const known = typeof told === "string" ? told : before?.provider;
      return { model, provider: asked.provider ?? (prefixOf(model) || (known ?? "")) };
    },
  };
}

/** Tiers and hosts (`hf.co/…`) are no providers. */
function prefixOf(model: string): string {
  const [prefix, ...rest] = model.split("/");
  return rest.length === 0 || prefix === "tier" || prefix!.includes(".") ? "" : prefix!;
}
