// Whole answers of equal requests, in memory, bounded in bytes and age. Off unless set.
import { canonicalJson, sha256Hex } from "#kernel/ids.ts";
import type { ChatDelta } from "#ports/chat-model.ts";
import type { AskedChat } from "./chat-request.ts";

export interface CacheRules {
  /** 0: nothing is kept. */
  readonly cache_bytes_max: number;
  readonly cache_age_ms: number;
}

/** Where an answer came from: another than was asked after a fallback. */
export interface CachedAnswer {
  readonly provider: string;
  readonly model: string;
  /** The last one carries the reason. */
  readonly deltas: readonly ChatDelta[];
}

export interface AnswerCache {
  /** Undefined: requests like this are not kept. */
  keyOf(full_name: string, asked: AskedChat): string | undefined;
  get(key: string): CachedAnswer | undefined;
  put(key: string, answer: CachedAnswer): void;
  figures(): { readonly entries: number; readonly bytes: number };
}

interface Entry {
  readonly answer: CachedAnswer;
  readonly bytes: number;
  readonly made_ms: number;
}

/** What an entry takes beside its text. */
const ENTRY_BYTES = 512;
const DELTA_BYTES = 128;

export function createAnswerCache(rules: CacheRules, now: () => number): AnswerCache {
  // In the order of use: the first is the one that was not asked for longest.
  const entries = new Map<string, Entry>();
  let bytes = 0;

  function drop(key: string, entry: Entry): void {
    entries.delete(key);
    bytes -= entry.bytes;
  }

  return {
    keyOf(full_name, asked) {
      if (rules.cache_bytes_max === 0 || !isRepeatable(asked)) return undefined;
      const { model: _model, provider: _provider, task_class: _class, ...rest } = asked;
      return sha256Hex(`${full_name}\n${canonicalJson(rest)}`);
    },
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (now() - entry.made_ms > rules.cache_age_ms) {
        drop(key, entry);
        return undefined;
      }
      entries.delete(key);
      entries.set(key, entry);
      return entry.answer;
    },
    put(key, answer) {
      const last = answer.deltas.at(-1);
      const whole = last?.finish_reason === "stop";
      if (!whole || answer.deltas.some((delta) => delta.tool_calls !== undefined)) return;
      const text = answer.deltas.reduce((sum, { content }) => sum + content.length * 2, 0);
      const size = ENTRY_BYTES + text + DELTA_BYTES * answer.deltas.length;
      if (size > rules.cache_bytes_max) return;
      const before = entries.get(key);
      if (before !== undefined) drop(key, before);
      entries.set(key, { answer, bytes: size, made_ms: now() });
      bytes += size;
      for (const [oldest, entry] of entries) {
        if (bytes <= rules.cache_bytes_max) break;
        drop(oldest, entry);
      }
    },
    figures: () => ({ entries: entries.size, bytes }),
  };
}

/** Whether the same request is meant to have the same answer. */
function isRepeatable({ temperature, tools }: AskedChat): boolean {
  return (temperature === undefined || temperature === 0) && (tools?.length ?? 0) === 0;
}
