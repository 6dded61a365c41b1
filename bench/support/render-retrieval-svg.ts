// A group of figures as bars with intervals, floor and target; readable on light and dark ground.
import { figure } from "./render-retrieval-page.ts";
import type { RetrievalRow } from "./retrieval-rows.ts";

const WIDTH = 860;
const ROW_HEIGHT = 34;
const BAR_HEIGHT = 20;
const TOP = 70;
const LABEL_WIDTH = 340;
const BAR_LEFT = LABEL_WIDTH + 16;
const BAR_WIDTH = WIDTH - BAR_LEFT - 88;

/** Colours follow the reader's scheme where the viewer tells it; else they suit both. */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #59636e; }
  .title { font-size: 16px; font-weight: 600; }
  .met { fill: #2f81c7; } .missed { fill: #d1573b; } .reported { fill: #8c96a0; }
  .track { fill: #8c96a0; opacity: 0.15; }
  .mark { stroke: #59636e; stroke-width: 1.5; fill: none; }
  .floor { stroke: #8c96a0; stroke-width: 2; stroke-dasharray: 3 3; }
  .target { stroke: #2c974b; stroke-width: 2.5; }
  @media (prefers-color-scheme: dark) {
    text { fill: #b4bec8; } .mark { stroke: #dde4ea; } .target { stroke: #57c97a; }
  }`;

/** Pure: the same rows, the same picture. Figures that were not measured keep an empty track. */
export function renderRetrievalSvg(title: string, rows: readonly RetrievalRow[]): string {
  const height = TOP + rows.length * ROW_HEIGHT + 12;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img"`,
    ` aria-label="${escaped(title)}">`,
    `<style>${STYLE}</style>`,
    `<text class="title" x="16" y="28">${escaped(title)}</text>`,
    `<text x="16" y="50">Bars with 95 % intervals; green line: target; dashed: floor; `,
    `red: missed; grey: no target</text>`,
    ...rows.map(bar),
    "</svg>\n",
  ].join("");
}

function bar(row: RetrievalRow, at: number): string {
  const y = TOP + at * ROW_HEIGHT;
  const label =
    `<text x="${LABEL_WIDTH}" y="${y + 15}" text-anchor="end">${escaped(row.name)}</text>` +
    `<rect class="track" x="${BAR_LEFT}" y="${y}" width="${BAR_WIDTH}" height="${BAR_HEIGHT}"/>`;
  const text = row.value === null ? "not run" : figure(row, row.value);
  const value = `<text x="${WIDTH - 78}" y="${y + 15}">${text}</text>`;
  const lines = upright("floor", row.floor ?? null, y) + upright("target", row.target, y);
  if (row.value === null) return label + lines + value;
  const width = (row.value * BAR_WIDTH).toFixed(1);
  const size = `x="${BAR_LEFT}" y="${y}" width="${width}" height="${BAR_HEIGHT}"`;
  const filled = `<rect class="${row.verdict}" ${size}/>`;
  return label + filled + lines + whisker(row, y) + value;
}

function whisker({ low, high }: RetrievalRow, y: number): string {
  if (low === null || high === null) return "";
  const middle = y + BAR_HEIGHT / 2;
  const ends = [low, high].map((end) => `M${x(end)} ${middle - 5}v10`).join("");
  return `<path class="mark" d="M${x(low)} ${middle}H${x(high)}${ends}"/>`;
}

function upright(kind: "floor" | "target", share: number | null, y: number): string {
  if (share === null) return "";
  const place = x(share);
  return `<path class="${kind}" d="M${place} ${y - 3}v${BAR_HEIGHT + 6}"/>`;
}

function x(share: number): string {
  return (BAR_LEFT + share * BAR_WIDTH).toFixed(1);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
