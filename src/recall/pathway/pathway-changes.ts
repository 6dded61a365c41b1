// What changes the memory: each change decides on what is there, is durable, and only then counts.
import type { Call } from "#kernel/call.ts";
import { isoTime } from "#kernel/clock.ts";
import type { ParsedInputOf } from "#kernel/contract.ts";
import { newId } from "#kernel/ids.ts";
import { createKeyedLock } from "#kernel/keyed-lock.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { Pathway, pathwayContract } from "#contracts/pathway.ts";
import { createContentChecks, type CheckParts } from "./content-checks.ts";
import { traceOrThrow } from "./pathway-form.ts";
import {
  joinSources,
  scopeKey,
  scopeOf,
  type PathwayRow,
  type PathwayScope,
} from "./pathway-row.ts";
import type { PathwaySettings } from "./pathway-settings.ts";
import type { PathwayStore } from "./pathway-store.ts";
import { contentHash } from "./trace-content.ts";

type Operations = (typeof pathwayContract)["operations"];
type Input<N extends keyof Operations> = ParsedInputOf<Operations[N]>;

export interface Recorded {
  readonly pathway: Pathway;
  readonly result: "added" | "merged" | "unchanged";
}

export type PathwayChanges = ReturnType<typeof createPathwayChanges>;

export function createPathwayChanges(parts: CheckParts) {
  const { store, clock, settings } = parts;
  const lock = createKeyedLock();
  const checks = createContentChecks(parts);
  let opening = 0;

  /** One at a time for each content of a scope, then for each trace: always in this order. */
  const forContent = <T>(scope: PathwayScope, hash: string, work: () => Promise<T>) =>
    lock.run(`content ${scopeKey(scope)} ${hash}`, work);
  const forTrace = <T>(pathway_id: string, work: () => Promise<T>) =>
    lock.run(`trace ${pathway_id}`, work);

  function rowHead(scope: PathwayScope, pathway_id: string, call: Call) {
    const { trace_id } = call;
    return { at: isoTime(clock), ...scopeOf(scope), pathway_id, trace_id };
  }

  /** Appends the row that opens a trace, within the bound of all traces. */
  async function openTrace(row: PathwayRow): Promise<Pathway> {
    if (store.state.table.count + opening >= settings.traces_max) throw memoryFull(settings);
    opening++;
    try {
      return await store.pathway((await store.append(row)).trace);
    } finally {
      opening--;
    }
  }

  /** undefined: it was retired or replaced while this waited for its turn. */
  async function mergeInto(
    trace: number,
    input: Input<"add">,
    call: Call,
  ): Promise<Recorded | undefined> {
    const pathway_id = store.state.table.idOf(trace);
    return forTrace(pathway_id, async () => {
      if (store.state.table.statusOf(trace) !== "active") return undefined;
      const before = await store.pathway(trace);
      const { sources, fresh, changed } = joinSources(before.sources, input.sources);
      const tags = [...new Set([...before.tags, ...input.tags])].slice(0, 64);
      const more = changed || tags.length !== before.tags.length;
      // The same spans again, or an echo of what was handed out lately, say nothing new.
      const echo = input.sources.length === 0 && checks.isEcho(trace);
      if (!more && (echo || (input.sources.length > 0 && !fresh))) {
        return { pathway: before, result: "unchanged" };
      }
      const op = fresh || input.sources.length === 0 ? "merge" : "update";
      await store.append({
        op,
        ...rowHead(input, pathway_id, call),
        ...(more ? { tags, sources } : {}),
      });
      return { pathway: await store.pathway(trace), result: "merged" };
    });
  }

  return {
    async add(input: Input<"add">, call: Call): Promise<Recorded> {
      const hash = checks.accept(input, input.content, input.sources, call);
      return forContent(input, hash, async () => {
        let known = checks.known(input, hash);
        for (; known !== undefined; known = checks.known(input, hash)) {
          const recorded = await mergeInto(known, input, call);
          if (recorded !== undefined) return recorded;
        }
        checks.origins(input);
        const head = rowHead(input, newId(clock.now()), call);
        const pathway = await openTrace({ op: "add", ...head, ...bodyOf(input, hash) });
        return { pathway, result: "added" };
      });
    },

    async update(input: Input<"update">, call: Call): Promise<Pathway> {
      const { content, pathway_id } = input;
      if (content === undefined && input.tags === undefined && input.sources === undefined) {
        const message = "give content, tags or sources";
        throw new LakehouseError("invalid", message, { reason: "nothing_to_update" });
      }
      const hash =
        content === undefined
          ? undefined
          : checks.accept(input, content, input.sources ?? [], call, pathway_id);
      const work = () =>
        forTrace(pathway_id, async () => {
          const trace = checks.changeable(input, pathway_id);
          const before = await store.pathway(trace);
          const changes = hash !== undefined && contentHash(before.content) !== hash;
          if (changes) checks.notThere(input, hash);
          const { sources } = joinSources(before.sources, input.sources ?? []);
          const meta = { tags: input.tags ?? before.tags, sources };
          const body = changes ? { content, hash } : {};
          await store.append({
            op: "update",
            ...rowHead(input, pathway_id, call),
            ...body,
            ...meta,
          });
          return store.pathway(trace);
        });
      return hash === undefined ? work() : forContent(input, hash, work);
    },

    async revise(input: Input<"revise">, call: Call): Promise<Pathway> {
      const { pathway_id: replaces } = input;
      const hash = checks.accept(input, input.content, input.sources, call, replaces);
      return forContent(input, hash, () =>
        forTrace(replaces, async () => {
          checks.changeable(input, replaces);
          checks.notThere(input, hash);
          checks.origins(input);
          const head = rowHead(input, newId(clock.now()), call);
          return openTrace({ op: "revise", ...head, ...bodyOf(input, hash), replaces });
        }),
      );
    },

    async retire(input: Input<"retire">, call: Call): Promise<Pathway> {
      const start = traceOrThrow(store.state.table, input, input.pathway_id);
      const open = () => {
        const { table } = store.state;
        const chain = input.whole_chain ? chainOf(table, start) : [start];
        return chain.filter((trace) => !table.isRetired(trace)).map((trace) => table.idOf(trace));
      };
      // A version that is made meanwhile is retired in the next turn: then there is nobody left
      // that could be revised.
      for (let ids = open(); ids.length > 0; ids = open()) {
        await withAll(ids, forTrace, () =>
          store.appendAll(
            ids.map((id) => ({ op: "retire", ...rowHead(input, id, call), reason: input.reason })),
          ),
        );
      }
      return store.pathway(start);
    },

    outcome: (input: Input<"outcome">, call: Call): Promise<Pathway> =>
      forTrace(input.pathway_id, async () => {
        const trace = traceOrThrow(store.state.table, input, input.pathway_id);
        const head = rowHead(input, input.pathway_id, call);
        await store.append({ op: "outcome", ...head, success: input.success });
        return store.pathway(trace);
      }),
  };
}

/** Holds the locks of all names, taken in one order, so that two callers never wait crosswise. */
function withAll<T>(
  names: readonly string[],
  hold: (name: string, work: () => Promise<T>) => Promise<T>,
  work: () => Promise<T>,
): Promise<T> {
  const sorted = names.toSorted();
  const step = (at: number): Promise<T> =>
    at === sorted.length ? work() : hold(sorted[at]!, () => step(at + 1));
  return step(0);
}

function chainOf(table: PathwayStore["state"]["table"], start: number): number[] {
  const seen = new Set<number>([start]);
  for (const links of [table.columns.replaces.values, table.columns.replaced_by.values]) {
    for (let at = links[start]!; at >= 0 && !seen.has(at); at = links[at]!) seen.add(at);
  }
  return [...seen];
}

function bodyOf(input: Omit<Input<"add">, keyof PathwayScope>, hash: string) {
  const { content, tags, sources, derived_from, session_id } = input;
  const session = session_id === undefined ? {} : { session_id };
  return { content, hash, tags, sources, derived_from, ...session };
}

function memoryFull({ traces_max }: PathwaySettings): LakehouseError {
  return new LakehouseError("unavailable", `there are ${traces_max} traces already`, {
    reason: "pathway_full",
    hint: "raise pathway.traces_max",
  });
}
