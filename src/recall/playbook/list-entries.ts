// Pages through the entries, newest first.
import { LakehouseError } from "#kernel/problem.ts";
import type { Playbook } from "#contracts/playbook.ts";

export interface ListInput {
  readonly scope?: string | undefined;
  readonly status?: Playbook["status"] | undefined;
  readonly contains?: string | undefined;
  readonly limit: number;
  /** Id of the last entry of the page before. */
  readonly after?: string | undefined;
}

/** Entries that satisfy the conditions, by id descending (ids grow with time). */
export function listEntries(all: Iterable<Playbook>, input: ListInput) {
  const needle = input.contains?.toLowerCase();
  const matching: Playbook[] = [];
  let has_cursor = input.after === undefined;
  for (const entry of all) {
    // Entries are never taken out: a cursor that was given stays one.
    has_cursor ||= entry.playbook_id === input.after;
    if (input.scope !== undefined && entry.scope !== input.scope) continue;
    if (input.status !== undefined && entry.status !== input.status) continue;
    if (needle !== undefined && !entry.query_text.toLowerCase().includes(needle)) continue;
    matching.push(entry);
  }
  if (!has_cursor) {
    const message = "unknown cursor: after must be the next_after of the page before";
    throw new LakehouseError("invalid", message, { reason: "bad_cursor" });
  }
  matching.sort((a, b) => (a.playbook_id < b.playbook_id ? 1 : -1));
  const from = input.after;
  const rest = from === undefined ? matching : matching.filter((it) => it.playbook_id < from);
  const playbooks = rest.slice(0, input.limit);
  const more = rest.length > playbooks.length;
  return {
    playbooks,
    total: matching.length,
    next_after: more ? playbooks.at(-1)!.playbook_id : null,
  };
}
