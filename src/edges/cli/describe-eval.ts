// An evaluation for reading: plain figures by mode as a table, shares with their intervals.
import type { EvalReport } from "#contracts/lift.ts";
import { dim, humanCount, humanTime, table } from "./output.ts";

type Figures = Readonly<Record<string, number>>;

/** What `<name>, low` and so on say about the figure `<name>`. */
const PARTS = ["low", "high", "n", "hits"] as const;

export function describeEval(report: EvalReport): string {
  const modes = Object.entries(report.by_mode);
  const plain = modes.map(([mode, figures]) => ({ mode, names: plainNames(figures), figures }));
  const tabled = plain.filter(({ names }) => names.length > 0);
  const names = [...new Set(tabled.flatMap((it) => it.names))];
  const rows = tabled.map(({ mode, figures }) => [
    mode,
    ...names.map((name) => figures[name]?.toFixed(4) ?? "–"),
  ]);
  const shares = modes.flatMap(([mode, figures]) =>
    measuredNames(figures).map((name) => [mode, name, ...measured(figures, name)]),
  );
  const size = `${humanCount(report.queries)} queries, ${humanCount(report.corpus_items)} items`;
  const time = humanTime(report.duration_ms);
  const foot = `${report.set}/${report.split}: ${size}, ${report.embedder}, ${time}`;
  return [
    rows.length === 0 ? "" : table(["mode", ...names], rows),
    shares.length === 0 ? "" : table(["mode", "figure", "value", "95 %", "of"], shares),
    dim(foot),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function measuredNames(figures: Figures): string[] {
  return Object.keys(figures).filter((name) => figures[`${name}, low`] !== undefined);
}

function plainNames(figures: Figures): string[] {
  const parts = new Set(
    Object.keys(figures).flatMap((name) => PARTS.map((part) => `${name}, ${part}`)),
  );
  return Object.keys(figures).filter((name) => {
    const empty = name.endsWith(", n") && figures[name.slice(0, -3)] === undefined;
    return !parts.has(name) && !empty && figures[`${name}, low`] === undefined;
  });
}

function measured(figures: Figures, name: string): [string, string, string] {
  const [low, high, n, hits] = PARTS.map((part) => figures[`${name}, ${part}`]);
  const interval = `${low?.toFixed(3) ?? ""}–${high?.toFixed(3) ?? ""}`;
  const of = n === undefined ? "" : humanCount(n);
  return [
    figures[name]!.toFixed(4),
    interval,
    hits === undefined ? of : `${humanCount(hits)} of ${of}`,
  ];
}
