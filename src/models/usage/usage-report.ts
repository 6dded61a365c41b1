// Groups the lines of the ledger: calls, tokens, cost and mean times of each group.
import { throwIfOver, type Call } from "#kernel/call.ts";
import type { JsonlRow } from "#kernel/jsonl-read.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { UsageGroup, UsageLine } from "#contracts/usage.ts";

export interface ReportQuery {
  readonly group_by: "model" | "provider" | "caller" | "key" | "task_class" | "day";
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly limit: number;
}

type Sums = { -readonly [K in keyof UsageGroup]: UsageGroup[K] } & {
  latency_ms: number;
  first_token_ms: number;
  first_tokens: number;
};

const GROUP_OF: Record<ReportQuery["group_by"], (line: UsageLine) => string> = {
  model: (line) => `${line.provider}/${line.model}`,
  provider: (line) => line.provider,
  caller: (line) => line.caller,
  key: (line) => line.key_id ?? "(none)",
  task_class: (line) => line.task_class ?? "(none)",
  day: (line) => line.time.slice(0, 10),
};

/** How often a long reading looks whether its caller is still there. */
const LINES_BETWEEN_LOOKS = 10_000;

/** Streams the ledger once; memory grows with the groups only, which `groups_max` bounds. */
export async function usageReport(
  lines: AsyncIterable<JsonlRow<UsageLine>>,
  query: ReportQuery,
  groups_max: number,
  call: Call,
) {
  const from_ms = query.from === undefined ? -Infinity : Date.parse(query.from);
  const to_ms = query.to === undefined ? Infinity : Date.parse(query.to);
  const groupOf = GROUP_OF[query.group_by];
  const total = emptySums("total");
  const groups = new Map<string, Sums>();
  let seen = 0;
  for await (const { row } of lines) {
    if (++seen % LINES_BETWEEN_LOOKS === 0) throwIfOver(call);
    const time_ms = Date.parse(row.time);
    if (time_ms < from_ms || time_ms >= to_ms) continue;
    const name = groupOf(row);
    let sums = groups.get(name);
    if (sums === undefined) {
      if (groups.size >= groups_max) throw tooManyGroups(query, groups_max);
      groups.set(name, (sums = emptySums(name)));
    }
    addLine(sums, row);
    addLine(total, row);
  }
  const all = [...groups.values()];
  const by_day = query.group_by === "day";
  all.sort((a, b) => (by_day ? 0 : b.calls - a.calls) || byName(a, b));
  // Whoever asks by day asks how it goes now.
  const shown = by_day ? all.slice(-query.limit) : all.slice(0, query.limit);
  return {
    total: groupOfSums(total),
    groups: shown.map(groupOfSums),
    groups_total: all.length,
  };
}

function byName(a: Sums, b: Sums): number {
  return a.group < b.group ? -1 : 1;
}

function emptySums(group: string): Sums {
  return {
    group,
    calls: 0,
    errors: 0,
    passed_on: 0,
    cache_hits: 0,
    retries: 0,
    prompt_tokens: 0,
    completion_tokens: 0,
    total_tokens: 0,
    cached_tokens: 0,
    cache_write_tokens: 0,
    cost: 0,
    unpriced_calls: 0,
    latency_ms_mean: 0,
    first_token_ms_mean: null,
    latency_ms: 0,
    first_token_ms: 0,
    first_tokens: 0,
  };
}

function addLine(sums: Sums, line: UsageLine): void {
  // The slower of two requests of one call: it was left, and the call has a line of its own.
  if (line.error === "hedge_lost") return;
  sums.calls++;
  if (line.error !== null) sums.errors++;
  else if (line.cost === null) sums.unpriced_calls++;
  if (line.passed_on === true) sums.passed_on++;
  if (line.cache === "hit" || line.cache === "semantic") sums.cache_hits++;
  sums.retries += line.retries;
  sums.prompt_tokens += line.prompt_tokens ?? 0;
  sums.completion_tokens += line.completion_tokens ?? 0;
  sums.total_tokens += line.total_tokens ?? 0;
  sums.cached_tokens += line.cached_tokens ?? 0;
  sums.cache_write_tokens += line.cache_write_tokens ?? 0;
  sums.cost += line.cost ?? 0;
  sums.latency_ms += line.latency_ms;
  if (line.first_token_ms === null) return;
  sums.first_token_ms += line.first_token_ms;
  sums.first_tokens++;
}

function groupOfSums(sums: Sums): UsageGroup {
  const { latency_ms, first_token_ms, first_tokens, ...group } = sums;
  return {
    ...group,
    cost: toldNumber(group.cost),
    latency_ms_mean: group.calls === 0 ? 0 : toldNumber(latency_ms / group.calls),
    first_token_ms_mean: first_tokens === 0 ? null : toldNumber(first_token_ms / first_tokens),
  };
}

/** What is added up of parts has digits at its end that nobody spent. */
export function toldNumber(sum: number): number {
  return Number(sum.toPrecision(12));
}

function tooManyGroups({ group_by }: ReportQuery, groups_max: number): LakehouseError {
  return new LakehouseError("rejected", `there are more than ${groups_max} groups by ${group_by}`, {
    reason: "too_many_groups",
    hint: "name a shorter time with from and to, or ask kb.usage in SQL",
  });
}
