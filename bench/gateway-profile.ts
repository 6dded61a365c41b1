// Where does the gateway's CPU go? By part and by function, with everything on, on one core.
// `npm run bench -- gateway-profile [--requests N] [--most N] [--only SERVICE,…] [--json]`
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bun, NODE } from "../test/support/runtimes.ts";
import { load, machine, numberArg, printReport, textArg } from "./support/bench-report.ts";
import { startUpstream } from "./support/gateway-processes.ts";
import { profiledLoad } from "./support/gateway-profile.ts";
import { EVERYTHING } from "./support/gateway-subjects.ts";

const args = process.argv.slice(2);
const json = args.includes("--json");
const requests = numberArg(args, "requests", 60_000);
const most = numberArg(args, "most", 25);
const only = textArg(args, "only", EVERYTHING);

const before = load();
const dir = await mkdtemp(join(tmpdir(), "lakehouse-profile-"));
const upstream = await startUpstream();
const figures: Record<string, number | string> = {};
try {
  for (const runtime of [NODE, bun()]) {
    if (runtime === undefined) {
      figures["bun"] = "not run: it is not installed";
      continue;
    }
    const { name } = runtime;
    const options = { upstream_url: upstream.url, dir: join(dir, name), only, runtime };
    const { cpu_us, areas, functions } = await profiledLoad(options, requests);
    figures[`${name}: CPU us per request, profiled`] = cpu_us;
    for (const [kind, shares] of Object.entries({ part: areas, function: functions })) {
      for (const one of shares.slice(0, most)) {
        figures[`${name}: ${kind} ${one.name}`] = `${one.percent.toFixed(1)} %`;
      }
    }
  }
} finally {
  await upstream.stop();
  await rm(dir, { recursive: true, force: true });
}
const report = { question: "gateway-profile", machine: machine(), figures, ratios: {} };
printReport({ ...report, load: { before, after: load() } }, json);
