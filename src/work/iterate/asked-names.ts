// Whom a question was for that nobody answered: a caller who leaves hears no more of it.
import { NEVER, type Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import type { chat } from "#contracts/chat.ts";
import type { Session } from "./session-end.ts";

interface Asked {
  readonly model?: string;
  readonly provider?: string;
}

export interface AskedNames {
  /** undefined: the session itself tells who. Never throws. */
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

const LEFT: ReadonlySet<string> = new Set(["cancelled", "deadline_exceeded"]);

/** A name with its provider says it; else who answered to that name before, or the default. */
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
      // An error tells who failed, or that nobody was asked; only a caller who left heard nothing.
      const { failed } = deciding ?? {};
      if (failed === undefined || !LEFT.has(failed.code)) return undefined;
      const model = asked.model ?? (await defaultModel(call));
      const provider = asked.provider ?? prefixOf(model);
      if (provider !== "") return { model, provider };
      return answered.get(key) ?? { model, provider };
    },
  };
}

/** Tiers and hosts (`hf.co/…`) are no providers. */
function prefixOf(model: string): string {
  const [prefix, ...rest] = model.split("/");
  return rest.length === 0 || prefix === "tier" || prefix!.includes(".") ? "" : prefix!;
}
