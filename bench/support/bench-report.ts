// What every benchmark needs: machine, median and spread, a table, and the last line as JSON.
import { cpus, loadavg, totalmem } from "node:os";

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: number;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory_gib: number;
  readonly platform: string;
  readonly runtime: string;
}

export interface BenchReport {
  readonly question: string;
  readonly machine: Machine;
  /** Load average over one minute, before and after. */
  readonly load: { readonly before: number; readonly after: number };
  readonly figures: Readonly<Record<string, Spread | number | string>>;
  /** Ours divided by the bare engine, or another figure that has a target. */
  readonly ratios: Readonly<Record<string, Ratio>>;
}

export interface Ratio {
  readonly value: number;
  readonly target: string;
  readonly met: boolean;
}

/** The middle value (mean of the two middle ones); NaN for an empty list. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Median, smallest and largest of the measured rounds. */
export function spread(values: readonly number[]): Spread {
  return {
    median: round(median(values)),
    min: round(Math.min(...values)),
    max: round(Math.max(...values)),
    rounds: values.length,
  };
}

/** The value below which `share` of them lie, rounded; NaN for an empty list. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return round(
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN,
  );
}

/** Three decimals are enough for milliseconds and ratios. */
export function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** What the figures were measured on. */
export function machine(): Machine {
  const runtime = process.versions["bun"];
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memory_gib: round(totalmem() / 2 ** 30),
    platform: `${process.platform}-${process.arch}`,
    runtime: runtime === undefined ? `node ${process.versions.node}` : `bun ${runtime}`,
  };
}

/** The one-minute load average now. */
export function load(): number {
  return round(loadavg()[0] ?? 0);
}

/** Milliseconds that `work` took, with its result. */
export async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const start = performance.now();
  const result = await work();
  return { ms: performance.now() - start, result };
}

/** The value of `--name text` or `--name=text` among arguments, else the default. */
export function textArg(args: readonly string[], name: string, otherwise: string): string {
  const at = args.indexOf(`--${name}`);
  const joined = args.find((arg) => arg.startsWith(`--${name}=`));
  return (at >= 0 ? args[at + 1] : joined?.slice(name.length + 3)) ?? otherwise;
}

/** The same for a number. */
export function numberArg(args: readonly string[], name: string, otherwise: number): number {
  const value = Number(textArg(args, name, String(otherwise)));
  if (!Number.isFinite(value)) throw new Error(`--${name} needs a number`);
  return value;
}

/** Prints the report for people (unless `json_only`), and always as one JSON object last. */
export function printReport(report: BenchReport, json_only = false): void {
  if (!json_only) {
    const { cpu, cores, memory_gib, runtime } = report.machine;
    console.log(`\n${report.question}: ${cpu}, ${cores} cores, ${memory_gib} GiB, ${runtime}`);
    console.log(`load ${report.load.before} before, ${report.load.after} after\n`);
    for (const [name, figure] of Object.entries(report.figures)) {
      console.log(`  ${name.padEnd(36)} ${figureText(figure)}`);
    }
    for (const [name, { value, target, met }] of Object.entries(report.ratios)) {
      console.log(`  ${name.padEnd(36)} ${value} (target ${target}: ${met ? "met" : "MISSED"})`);
    }
  }
  console.log(JSON.stringify(report));
}

function figureText(figure: Spread | number | string): string {
  if (typeof figure !== "object") return String(figure);
  return `${figure.median} (${figure.min} to ${figure.max}, ${figure.rounds} rounds)`;
}
