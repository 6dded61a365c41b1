// The demo's plot: acceptance by attempt for each kind of request, as an SVG.
import type { AcceptanceRow, DemoFigures } from "./demo-figures.ts";

const WIDTH = 760;
const LEFT = 190;
const BAR_HEIGHT = 26;
const ROW_HEIGHT = 44;
const TOP = 74;

/** Readable in colour and in grey: the fills grow lighter with every attempt. */
const SERIES = [
  { name: "accepted at 1", fill: "#1b7f5c" },
  { name: "at 2", fill: "#5fb58f" },
  { name: "at 3 or later", fill: "#a9dcc3" },
  { name: "refused", fill: "#7d8ca3" },
  { name: "gave up", fill: "#d0674f" },
] as const;

function partsOf(row: AcceptanceRow): number[] {
  const [first, second, third] = row.at;
  return [first, second, third + row.later, row.refused, row.exhausted];
}

export function renderDemoSvg(figures: DemoFigures): string {
  const height = TOP + figures.acceptance.length * ROW_HEIGHT + 24;
  const body = figures.acceptance.flatMap((row, index) => barOf(row, TOP + index * ROW_HEIGHT));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}"`,
    ` viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    `<text x="16" y="26" font-size="16" font-weight="600" fill="#1c2430">Requests by how they ended</text>`,
    ...legend(),
    ...body,
    `</svg>\n`,
  ].join("\n");
}

function legend(): string[] {
  return SERIES.flatMap(({ name, fill }, index) => {
    const x = 16 + index * 140;
    return [
      `<rect x="${x}" y="40" width="14" height="14" rx="3" fill="${fill}"/>`,
      `<text x="${x + 20}" y="52" fill="#1c2430">${name}</text>`,
    ];
  });
}

function barOf(row: AcceptanceRow, y: number): string[] {
  const room = WIDTH - LEFT - 20;
  const shapes = [`<text x="16" y="${y + 18}" fill="#1c2430">${row.form}</text>`];
  let x = LEFT;
  for (const [index, count] of partsOf(row).entries()) {
    if (count === 0) continue;
    const width = (room * count) / row.tasks;
    const { fill } = SERIES[index]!;
    shapes.push(
      `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" fill="${fill}"/>`,
    );
    if (width > 22) {
      const colour = index === 2 ? "#1c2430" : "#ffffff";
      const middle = (x + width / 2).toFixed(1);
      shapes.push(
        `<text x="${middle}" y="${y + 18}" text-anchor="middle" fill="${colour}">${count}</text>`,
      );
    }
    x += width;
  }
  return shapes;
}
