// The lift report as a bar plot with intervals; readable on light and on dark ground.
import type { LiftReport, Rate } from "#contracts/lift.ts";
import { liftRates, percent } from "./render-lift-markdown.ts";

const WIDTH = 760;
const ROW_HEIGHT = 34;
const TOP = 64;
const LABEL_WIDTH = 250;
const BAR_LEFT = LABEL_WIDTH + 16;
const BAR_WIDTH = WIDTH - BAR_LEFT - 96;

/** Colours follow the reader's scheme where the viewer tells it; else they suit both. */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #59636e; }
  .title { font-size: 16px; font-weight: 600; }
  .good { fill: #2f81c7; } .bad { fill: #d1573b; } .plain { fill: #8c96a0; }
  .track { fill: #8c96a0; opacity: 0.15; }
  .mark { stroke: #59636e; stroke-width: 1.5; fill: none; }
  @media (prefers-color-scheme: dark) {
    text { fill: #b4bec8; } .mark { stroke: #b4bec8; }
  }`;

/** Pure: the same report, the same picture. Rates of nothing are left out. */
export function renderLiftSvg(report: LiftReport): string {
  const bars = liftRates(report).filter(({ rate }) => rate.rate !== null);
  const height = TOP + bars.length * ROW_HEIGHT + 24;
  const rows = bars.map(({ name, rate, good }, at) => bar(name, rate, toneOf(name, good), at));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img"`,
    ` aria-label="Lift of ${escaped(report.set)}">`,
    `<style>${STYLE}</style>`,
    `<text class="title" x="16" y="28">Lift: ${escaped(report.set)}</text>`,
    `<text x="16" y="48">${report.queries} queries, ${report.corpus_items} items, `,
    `bars with 95 % intervals</text>`,
    ...rows,
    "</svg>\n",
  ].join("");
}

function toneOf(name: string, good: string): string {
  if (good === "") return "plain";
  return name.includes("boosted") ? "bad" : "good";
}

function bar(name: string, rate: Rate, tone: string, at: number): string {
  const y = TOP + at * ROW_HEIGHT;
  const middle = y + 11;
  const x = (share: number) => (BAR_LEFT + share * BAR_WIDTH).toFixed(1);
  const [value, low, high] = [rate.rate ?? 0, rate.low ?? 0, rate.high ?? 0];
  const width = (value * BAR_WIDTH).toFixed(1);
  return [
    `<text x="${LABEL_WIDTH}" y="${y + 15}" text-anchor="end">${escaped(name)}</text>`,
    `<rect class="track" x="${BAR_LEFT}" y="${y}" width="${BAR_WIDTH}" height="22" rx="3"/>`,
    `<rect class="${tone}" x="${BAR_LEFT}" y="${y}" width="${width}" height="22" rx="3"/>`,
    `<path class="mark" d="M${x(low)} ${middle}H${x(high)}`,
    `M${x(low)} ${middle - 5}v10M${x(high)} ${middle - 5}v10"/>`,
    `<text x="${WIDTH - 86}" y="${y + 15}">${percent(rate.rate)}</text>`,
  ].join("");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
