// How long reading an answer takes: extraction, repair and validation of 2 KB, sound and malformed.
import { staffingPack } from "../domains/staffing/pack.ts";
import { spell } from "#work/iterate/loose-spelling.suite.ts";
import { readAnswer } from "#work/iterate/read-answer.ts";
import { load, machine, numberArg, printReport, round } from "./support/bench-report.ts";

const TARGET_US = 150;
const FILLS = 30;
const COLUMNS = {
  role: "Forklift Operator",
  city: "Toledo",
  state: "OH",
  status: "active",
  blacklisted: false,
  shift: "day",
  certifications: "",
  availability: "immediate",
  reliability: 0.95,
  pay: 20,
  notes: "",
};

/** `npm run bench -- structured [--rounds N] [--json]` */
export async function main(args: readonly string[]): Promise<void> {
  const rounds = numberArg(args, "rounds", 2_000);
  const before = load();
  const fills = Array.from({ length: FILLS }, (_, at) => ({
    worker_id: `W-${String(at).padStart(6, "0")}`,
    name: `Ann-Marie O'Neil the ${at}th of "Łódź"`,
  }));
  const roster = new Map(fills.map((fill) => [fill.worker_id, { ...fill, ...COLUMNS }]));
  const tools = { rows: async (_sql: string, ids: readonly unknown[]) => find(roster, ids) };
  const context = { role: "Forklift Operator", count: FILLS, city: "Toledo", state: "OH" };
  const validator = staffingPack.validators["fill"]!;
  const artifact = { fills };
  const answers = {
    sound: JSON.stringify(artifact),
    fenced: `Here:\n\`\`\`json\n${JSON.stringify(artifact)}\n\`\`\`\n`,
    trailing_commas: spell(artifact, { trailing_commas: true, space: "" }),
    single_quotes: spell(artifact, { quote: "'", bare_keys: true, space: "" }),
    comments: spell(artifact, { comment: "// ok" }),
  };
  const figures: Record<string, number> = { rounds };
  let worst_us = 0;
  for (const [name, text] of Object.entries(answers)) {
    const times_us: number[] = [];
    for (let at = -200; at < rounds; at++) {
      const started = performance.now();
      const read = readAnswer(text, "stop");
      if ("error" in read) throw new Error(`${name}: ${read.error.message}`);
      const outcome = await validator.validate(read.artifact, context, tools);
      const took_us = (performance.now() - started) * 1_000;
      if (!outcome.ok) throw new Error(`${name}: ${outcome.error.message}`);
      if (at >= 0) times_us.push(took_us);
    }
    times_us.sort((a, b) => a - b);
    const p50 = times_us[times_us.length >> 1]!;
    worst_us = Math.max(worst_us, p50);
    figures[`${name}_bytes`] = Buffer.byteLength(text);
    figures[`${name}_p50_us`] = round(p50);
    figures[`${name}_p99_us`] = round(times_us[Math.floor(times_us.length * 0.99)]!);
  }
  const value = round(worst_us);
  printReport(
    {
      question: "structured",
      machine: machine(),
      load: { before, after: load() },
      figures,
      ratios: {
        worst_p50_us: { value, target: `≤ ${TARGET_US} µs`, met: value <= TARGET_US },
      },
    },
    args.includes("--json"),
  );
}

/** The look-up is answered from memory: what SQL takes is not what is asked here. */
async function find(roster: ReadonlyMap<string, object>, ids: readonly unknown[]) {
  return ids.flatMap((id) => {
    const row = roster.get(String(id));
    return row === undefined ? [] : [row as Record<string, unknown>];
  });
}

await main(process.argv.slice(2));
