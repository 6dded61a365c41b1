// The lift report as Markdown for people.
import type { LiftReport, Rate } from "#contracts/lift.ts";

/** The rates of a report in reading order, with what good looks like. */
export function liftRates(report: LiftReport): { name: string; rate: Rate; good: string }[] {
  return [
    { name: "Best answer first, no memory", rate: report.cold_top1, good: "" },
    { name: "Same query again, best first", rate: report.verbatim_top1, good: "high" },
    { name: "… of those found deeper before", rate: report.verbatim_lift, good: "high" },
    { name: "Paraphrase, no memory", rate: report.paraphrase_top1_cold, good: "" },
    { name: "Paraphrase, best first", rate: report.paraphrase_top1, good: "high" },
    { name: "… of those found deeper before", rate: report.paraphrase_lift, good: "high" },
    { name: "Paraphrase recognised", rate: report.paraphrase_hit, good: "≥ 60 %" },
    { name: "Look-alike boosted wrongly", rate: report.false_boosts, good: "≤ 3 %" },
    { name: "Off-topic refused", rate: report.off_topic_refused, good: "high" },
    { name: "Off-topic boosted", rate: report.off_topic_boosts, good: "0 %" },
  ];
}

/** Pure: the same report, the same text. */
export function renderLiftMarkdown(report: LiftReport): string {
  const rows = liftRates(report).map(
    ({ name, rate, good }) =>
      `| ${name} | ${percent(rate.rate)} | ${interval(rate)} | ${rate.hits} of ${rate.of} | ${good} |`,
  );
  const change = report.mean_change_top1_distance;
  return [
    `# Lift: ${report.set}`,
    "",
    `${report.queries} queries over ${report.corpus_items} items, embedder ${report.embedder}, ` +
      `judged by ${report.judge}, seed ${report.seed}, ${report.started_at}.`,
    "",
    "| | rate | 95 % interval | count | good |",
    "|---|---:|---:|---:|---:|",
    ...rows,
    "",
    `${report.discoveries} discoveries (best answer found below the first place). ` +
      `Mean change of the top distance on repeats: ${change === null ? "none" : change.toFixed(3)}. ` +
      `Search: ${report.search_ms_p50.toFixed(1)} ms median, ` +
      `${report.search_ms_p95.toFixed(1)} ms at p95.`,
    "",
    ...section("Notes", report.notes),
    ...section("Examples", report.examples.map(exampleLine)),
  ].join("\n");
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`## ${title}`, "", ...lines.map((line) => `- ${line}`), ""];
}

function exampleLine(example: Record<string, unknown>): string {
  const { kind, ...fields } = example;
  const parts = Object.entries(fields).map(([name, value]) => `${name}: ${inline(value)}`);
  return `**${String(kind)}** – ${parts.join("; ")}`;
}

/** Text of others stands in code marks, so that nothing in it is read as Markdown. */
function inline(value: unknown): string {
  if (typeof value === "number") return value.toFixed(2);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return `\`${text.replaceAll("`", "'").replaceAll(/\s+/gu, " ").slice(0, 200)}\``;
}

export function percent(rate: number | null): string {
  return rate === null ? "–" : `${(rate * 100).toFixed(1)} %`;
}

function interval({ low, high }: Rate): string {
  return low === null ? "–" : `${percent(low)} – ${percent(high)}`;
}
