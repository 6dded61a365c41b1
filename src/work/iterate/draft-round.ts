// One iteration: a draft, or several side by side of which the first right one wins.
import { remainingMs, type Call } from "#kernel/call.ts";
import type { ChatMessage } from "#contracts/nouns.ts";
import {
  runAttempt,
  type AttemptNeeds,
  type AttemptRequest,
  type AttemptResult,
} from "./attempt.ts";

export interface Round {
  /** In the order in which they ended. */
  readonly results: readonly AttemptResult[];
  /** What decides: the accepted draft, else the one to go on from, else the failure. */
  readonly deciding: AttemptResult;
}

/**
 * Once a draft is accepted the others are cancelled, upstream too. A failing model ends the round
 * only when no draft came at all, or when nobody waits any more. Never throws.
 */
export async function runRound(
  needs: AttemptNeeds,
  request: AttemptRequest,
  drafts: number,
  messages: ChatMessage[],
  parent: Call,
): Promise<Round> {
  if (drafts === 1) {
    const deciding = await runAttempt(needs, request, messages, parent);
    return { results: [deciding], deciding };
  }
  const settled = new AbortController();
  const results: AttemptResult[] = [];
  let accepted: AttemptResult | undefined;

  async function one(draft: number): Promise<void> {
    const own = { ...request, draft, overtaken: settled.signal, chat: seeded(request.chat, draft) };
    const result = await runAttempt(needs, own, messages, parent);
    results.push(result);
    if (result.report === undefined || accepted !== undefined) return;
    accepted = result;
    settled.abort();
  }

  await Promise.all(Array.from({ length: drafts }, (_, at) => one(at + 1)));
  return { results, deciding: accepted ?? bestOf(endedBy(parent, results) ?? results) };
}

/** The drafts that the end of the session's call cut off: nobody goes on from the others. */
function endedBy(call: Call, results: readonly AttemptResult[]): AttemptResult[] | undefined {
  if (!call.signal.aborted && remainingMs(call) > 0) return undefined;
  const cut_off = results.filter(({ failed }) => failed !== undefined);
  return cut_off.length > 0 ? cut_off : undefined;
}

/** The same words with the same seed give the same draft on many servers. */
function seeded(chat: AttemptRequest["chat"], draft: number): AttemptRequest["chat"] {
  return draft === 1 ? chat : { ...chat, seed: draft };
}

const ORDER = ["validation_failed", "no_json", "infra_error", "cancelled"];

/** The draft that came furthest; of equals the first asked for, so that reruns are alike. */
function bestOf(results: readonly AttemptResult[]): AttemptResult {
  const place = ({ attempt }: AttemptResult) =>
    ORDER.indexOf(attempt.verdict) * 100 + (attempt.draft ?? 0);
  return results.toSorted((a, b) => place(a) - place(b))[0]!;
}
