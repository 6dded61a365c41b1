// The demo's report: a table for the terminal, Markdown, JSON.
import type { DemoFigures } from "./demo-figures.ts";
import { share } from "./demo-figures.ts";

/** What the reader of these figures must know. */
const CAVEAT =
  "The wordings of this set were written beside the code that reads requests: other wordings " +
  "will be read less often. Sets that nobody here wrote: lakehouse lift --set <folder>.";

const HEAD = [
  "",
  "tasks",
  "accepted at 1",
  "at 2",
  "at 3",
  "later",
  "gave up",
  "refused",
  "memory used",
  "mean tries",
  "ms each",
];

function rowsOf(figures: DemoFigures): string[][] {
  return figures.acceptance.map((row) => [
    row.form,
    String(row.tasks),
    ...row.at.map(String),
    String(row.later),
    String(row.exhausted),
    String(row.refused),
    String(row.remembered),
    row.mean_iterations?.toFixed(2) ?? "–",
    row.mean_ms.toFixed(0),
  ]);
}

function gates(figures: DemoFigures): [string, string][] {
  const { lift } = figures;
  return [
    ["phantom answers let through", `${figures.phantoms.length} of ${figures.accepted_ids}`],
    ["lift, same words (best answer now first)", share(lift.verbatim_lift)],
    ["lift, other words", share(lift.paraphrase_lift)],
    ["memory found for other words", share(lift.paraphrase_hit)],
    ["false boosts on look-alikes, at work", share(figures.false_boosts)],
    ["false boosts on look-alikes, in search", share(lift.false_boosts)],
    ["honest refusals, at work", share(figures.honest_refusals)],
    ["honest refusals, in search", share(lift.off_topic_refused)],
  ];
}

/** The one readable table of `npm run demo`. */
export function renderTerminal(figures: DemoFigures): string {
  const rows = rowsOf(figures);
  const widths = HEAD.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!),
      )
      .join("  ");
  const parts = [
    line(HEAD),
    widths.map((width) => "─".repeat(width)).join("──"),
    ...rows.map(line),
  ];
  const wide = Math.max(...gates(figures).map(([name]) => name.length));
  parts.push("", ...gates(figures).map(([name, value]) => `${name.padEnd(wide)}  ${value}`));
  const steps = figures.steps.map(
    ({ name, ms, detail }) =>
      `${name.padEnd(wide)}  ${(ms / 1000).toFixed(1).padStart(5)} s  ${detail}`,
  );
  parts.push("", ...steps, "", `drafts by ${figures.who}`, CAVEAT);
  return parts.join("\n");
}

export function renderMarkdown(figures: DemoFigures): string {
  const rows = rowsOf(figures).map((row) => `| ${row.join(" | ")} |`);
  return [
    "# Two days at the office",
    "",
    `Drafts by **${figures.who}**. Day 1 is new; day 2 repeats day 1 in the same words and in others, asks`,
    "for things that only look the same, and for things that are no business of this office.",
    "",
    "![acceptance and lift](demo.svg)",
    "",
    "## Work",
    "",
    `| ${HEAD.join(" | ")} |`,
    `|${HEAD.map(() => "---").join("|")}|`,
    ...rows,
    "",
    "## Gates",
    "",
    "| what | result |",
    "|---|---|",
    ...gates(figures).map(([name, value]) => `| ${name} | ${value} |`),
    "",
    "## Time",
    "",
    "| step | seconds | |",
    "|---|---|---|",
    ...figures.steps.map(
      ({ name, ms, detail }) => `| ${name} | ${(ms / 1000).toFixed(1)} | ${detail} |`,
    ),
    "",
    CAVEAT,
    "",
    "How each figure is worked out: `src/app/demo/demo-figures.ts`; phantom answers are looked up in the data",
    "itself, not by the validator that accepted them.",
    "",
  ].join("\n");
}
