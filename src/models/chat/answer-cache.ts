// Whole answers of equal requests, in memory, bounded in bytes and age. Off unless set. With a
// judge of requests also those of the same request in other words.
import { canonicalJson, sha256Hex } from "#kernel/ids.ts";
import { UNKNOWN_END } from "#contracts/nouns.ts";
import { charactersOf, heldCharactersOf } from "#ports/chat-length.ts";
import type { ChatDelta } from "#ports/chat-model.ts";
import type { RequestReading, SameRequest } from "#ports/same-request.ts";
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

/** What an answer is kept under. */
export interface AnswerKey {
  /** Of the whole request. */
  readonly exact: string;
  /**
   * Of the request with the key of its last message in place of its text; absent: only equal ones
   * will do.
   */
  readonly alike?: { readonly family: string; readonly reading: RequestReading };
}

export interface CacheHit {
  readonly answer: CachedAnswer;
  /** `semantic`: to the same request in other words. */
  readonly how: "hit" | "semantic";
}

export interface AnswerCache {
  /** Undefined: requests like this are not kept. */
  keyOf(full_name: string, asked: AskedChat): AnswerKey | undefined;
  get(key: AnswerKey): CacheHit | undefined;
  put(key: AnswerKey, answer: CachedAnswer): void;
  figures(): { readonly entries: number; readonly bytes: number };
}

interface Entry {
  readonly answer: CachedAnswer;
  readonly bytes: number;
  readonly made_ms: number;
  readonly alike: AnswerKey["alike"];
}

/** What an entry takes beside its text. */
const ENTRY_BYTES = 512;
const DELTA_BYTES = 128;
/** What the reading of a message takes beside its text, and for each letter of it. */
const READING_BYTES = 512;
const READ_LETTER_BYTES = 32;
/** The youngest of a family, at most: each is held against the request by every gate. */
const COMPARED_MAX = 4;

export function createAnswerCache(
  rules: CacheRules,
  now: () => number,
  same?: SameRequest,
): AnswerCache {
  // In the order of use: the first is the one that was not asked for longest.
  const entries = new Map<string, Entry>();
  const families = new Map<string, Set<string>>();
  let bytes = 0;

  function drop(key: string, entry: Entry): void {
    entries.delete(key);
    bytes -= entry.bytes;
    const { family } = entry.alike ?? {};
    const members = family === undefined ? undefined : families.get(family);
    members?.delete(key);
    if (members?.size === 0) families.delete(family!);
  }

  function live(key: string): Entry | undefined {
    const entry = entries.get(key);
    if (entry === undefined || now() - entry.made_ms <= rules.cache_age_ms) return entry;
    drop(key, entry);
    return undefined;
  }

  function used(key: string, entry: Entry): CachedAnswer {
    entries.delete(key);
    entries.set(key, entry);
    return entry.answer;
  }

  function findAlike({ family, reading }: NonNullable<AnswerKey["alike"]>) {
    const members = [...(families.get(family) ?? [])].slice(-COMPARED_MAX).toReversed();
    for (const key of members) {
      const entry = live(key);
      if (entry !== undefined && same!.isSame(reading, entry.alike!.reading)) {
        return used(key, entry);
      }
    }
    return undefined;
  }

  function alikeOf(full_name: string, { messages, ...rest }: AskedChat): AnswerKey["alike"] {
    const last = messages.at(-1);
    if (same === undefined || last?.role !== "user" || typeof last.content !== "string") {
      return undefined;
    }
    const reading = same.read(last.content);
    if (reading === undefined) return undefined;
    const { content: _content, ...other } = last;
    const said = canonicalJson([messages.slice(0, -1), other, reading.key]);
    return { family: sha256Hex(`${full_name}\n${membersOf(rest)}\n${said}`), reading };
  }

  return {
    keyOf(full_name, asked) {
      if (rules.cache_bytes_max === 0 || !isRepeatable(asked)) return undefined;
      const { model: _model, provider: _provider, task_class: _class, ...others } = asked;
      const { max_tokens_name: _name, ...rest } = others;
      const { messages, ...beside } = rest;
      const text = `${full_name}\n${membersOf(beside)}\n${canonicalJson(messages)}`;
      const exact = sha256Hex(text);
      const alike = alikeOf(full_name, rest);
      return { exact, ...(alike === undefined ? {} : { alike }) };
    },
    get({ exact, alike }) {
      const entry = live(exact);
      if (entry !== undefined) return { answer: used(exact, entry), how: "hit" };
      const answer = alike === undefined ? undefined : findAlike(alike);
      return answer === undefined ? undefined : { answer, how: "semantic" };
    },
    put({ exact, alike }, answer) {
      const { deltas } = answer;
      if (!isWhole(deltas.at(-1)) || !deltas.some(saysSomething)) return;
      if (deltas.some((delta) => delta.tool_calls !== undefined)) return;
      const text = deltas.reduce((sum, delta) => sum + heldCharactersOf(delta) * 2, 0);
      const read =
        alike === undefined ? 0 : READING_BYTES + READ_LETTER_BYTES * alike.reading.key.length;
      const size = ENTRY_BYTES + text + DELTA_BYTES * deltas.length + read;
      if (size > rules.cache_bytes_max) return;
      const before = entries.get(exact);
      if (before !== undefined) drop(exact, before);
      entries.set(exact, { answer, bytes: size, made_ms: now(), alike });
      bytes += size;
      if (alike !== undefined) {
        const members = families.get(alike.family) ?? new Set();
        families.set(alike.family, members.add(exact));
      }
      for (const [oldest, one] of entries) {
        if (bytes <= rules.cache_bytes_max) break;
        drop(oldest, one);
      }
    },
    figures: () => ({ entries: entries.size, bytes }),
  };
}

/**
 * A request's members in any order, each as it was written: models write the properties of a schema
 * in its order, and think while they do.
 */
function membersOf({ extra, ...own }: Omit<AskedChat, "messages">): string {
  const [named, others] = [own, extra ?? {}].map((members) =>
    Object.entries(members)
      .filter(([, value]) => value !== undefined)
      .toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );
  return JSON.stringify([named, others]);
}

/** Whether it came to its end, in a word that is known to mean that. */
function isWhole(last: ChatDelta | undefined): boolean {
  const is_guess = last?.notes?.some((note) => note.startsWith(UNKNOWN_END)) === true;
  return last?.finish_reason === "stop" && !is_guess;
}

/** A refusal, or what is not text, is an answer too; thoughts alone are none. */
function saysSomething({ reasoning: _reasoning, ...said }: ChatDelta): boolean {
  return charactersOf(said) > 0;
}

/** Whether the same request is meant to have the same answer, and that is worth its room. */
function isRepeatable({ temperature, tools, logprobs }: AskedChat): boolean {
  if (logprobs === true) return false;
  return (temperature === undefined || temperature === 0) && (tools?.length ?? 0) === 0;
}
