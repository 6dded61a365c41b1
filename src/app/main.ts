// The program: binds the command line to the house.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { CliHost } from "#edges/cli/cli-host.ts";
import { runProgram } from "#edges/cli/program.ts";
import { maskSecrets } from "#kernel/settings-reader.ts";
import { createInterruptions } from "./interrupted.ts";
import { parseServices, portApart } from "./parts-apart.ts";
import { openHouse, runningServer, settingsFor } from "./open-house.ts";
import { createPinoLog } from "./pino-log.ts";
import { serveHouse, untilSignal } from "./serve.ts";
import { keepHeapSmall } from "./small-heap.ts";

const variables = process.env;
const manifest = new URL("../../package.json", import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };

// Whoever reads our output may leave early, as `head` does: nothing is wrong then.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
}

// Who started us to have a fitting runtime was killed: without it nobody could end us.
if (process.connected && variables["STARTED_BY_LAKEHOUSE"] === "1") {
  process.channel?.unref();
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
}

const interruptions = createInterruptions((code) => process.exit(code));

const host: CliHost = {
  version,
  terminal: {
    out: (text) => void process.stdout.write(text),
    note: (text) => void process.stderr.write(text),
    interactive: process.stderr.isTTY,
  },
  open: async (options) =>
    interruptions.watch(await openHouse(options, variables, host.terminal.note)),
  async up(options) {
    const settings = await settingsFor(options, variables);
    const chosen = options.only === undefined ? undefined : parseServices(options.only);
    const apart = chosen === undefined ? undefined : portApart(chosen, settings);
    const port = options.port ?? apart ?? settings.gateway.port;
    const address = options.host ?? settings.gateway.host;
    const log = createPinoLog(settings.log_level);
    keepHeapSmall();
    const serving = await serveHouse({
      settings: { ...settings, gateway: { ...settings.gateway, port, host: address } },
      variables,
      log,
      version,
      only: chosen?.services,
      gateway: chosen?.gateway ?? true,
      mcp: chosen?.mcp ?? false,
    });
    log.info({ url: serving.url, services: serving.house.local }, "lakehouse is up");
    host.terminal.note(`lakehouse is up: ${serving.url}  (API: ${serving.url}/openapi.json)\n`);
    await untilSignal(serving, log);
  },
  async mcp(options) {
    const { serveMcpStdio } = await import("#edges/mcp/mcp-stdio.ts");
    const house = await openHouse(options, variables, host.terminal.note);
    const { clients, embedded } = house;
    const files = embedded ? "embedded" : "attached";
    try {
      await serveMcpStdio({ clients, files, version, log: createPinoLog("error") });
    } finally {
      await house.close();
    }
  },
  async demo(options) {
    const { runDemo } = await import("./demo/run-demo.ts");
    return runDemo(options, { terminal: host.terminal, variables });
  },
  async doctor(options) {
    const { runDoctor } = await import("./doctor.ts");
    return runDoctor(options, variables);
  },
  config: async (options) => maskSecrets(await settingsFor(options, variables)),
  async connection(options) {
    const settings = await settingsFor(options, variables);
    const { host: name, port } = settings.gateway;
    const running = await runningServer(resolve(settings.data_dir));
    const host_name = name.includes(":") ? `[${name}]` : name;
    const url = options.url ?? running ?? `http://${host_name}:${port}`;
    const open = settings.auth.tokens.length === 0;
    const { houseKey } = await import("./house-key.ts");
    const key = open ? await houseKey(settings, resolve(settings.data_dir), variables) : null;
    return { url, iceberg_uri: `${url}/iceberg`, s3_endpoint: url, region: "us-east-1", key };
  },
  async generate(options) {
    const { generateFiles } = await import("./generate-files.ts");
    return generateFiles(options);
  },
  async weights(options) {
    const { knownWeights } = await import("./model-weights.ts");
    return knownWeights(await settingsFor(options, variables));
  },
  async pullWeights(options, target, onProgress) {
    const { pullKnownWeights } = await import("./model-weights.ts");
    return pullKnownWeights(await settingsFor(options, variables), target, onProgress);
  },
  async recipes() {
    const settings = await settingsFor({}, variables);
    const { loadPacks } = await import("./packs.ts");
    const packs = await loadPacks(settings.domains);
    return packs.flatMap((pack) => pack.corpora);
  },
};

process.exitCode = interruptions.exitCode(await runProgram(host, process.argv.slice(2)));
