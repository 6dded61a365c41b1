// Opens a house for a command: the running server of the data folder, a named one, or one in here.
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { connectHouse } from "#client.ts";
import type { OpenHouse, OpenOptions } from "#edges/cli/cli-host.ts";
import { collectBytes, httpRequest } from "#kernel/http-client.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { composeHouse, type House } from "./compose.ts";
import { createPinoLog } from "./pino-log.ts";
import { loadSettings, resolveSecret, type HouseSettings } from "./settings.ts";

export type Variables = Readonly<Record<string, string | undefined>>;

export async function settingsFor(
  options: OpenOptions,
  variables: Variables,
): Promise<HouseSettings> {
  const { data: data_dir, sets_dir } = options;
  const overrides = {
    ...(data_dir === undefined ? {} : { data_dir }),
    ...(sets_dir === undefined ? {} : { sets_dir }),
  };
  return loadSettings({ file: options.config, variables, overrides });
}

/** `note` hears of a data folder that is made: a mistyped name makes one too. */
export async function openHouse(
  options: OpenOptions,
  variables: Variables,
  note: (text: string) => void = () => undefined,
): Promise<OpenHouse> {
  const settings = await settingsFor(options, variables);
  const token = await resolveSecret(settings.auth.token, variables);
  const data_dir = resolve(settings.data_dir);
  const running = options.url ?? (await runningServer(data_dir));
  if (running !== undefined && options.sets_dir !== undefined) throw setsElsewhere(running);
  if (running !== undefined) {
    const clients = clientsAt(running, token);
    return { clients, embedded: false, close: async () => undefined };
  }
  const may_say = options.json !== true && options.quiet !== true;
  if (may_say && !existsSync(data_dir)) note(`${data_dir} is a new data folder\n`);
  return embed(settings, variables);
}

function setsElsewhere(url: string): LakehouseError {
  const message = `the server at ${url} reads data sets from its own folder only`;
  const hint = "name a set of its sets_dir, or use --data with a folder that no server has open";
  return new LakehouseError("invalid", message, { reason: "sets_elsewhere", hint });
}

/** Runs the house in this process; quiet, because the command speaks for it. */
async function embed(settings: HouseSettings, variables: Variables): Promise<OpenHouse> {
  const house: House = await composeHouse({ settings, variables, log: createPinoLog("error") });
  return {
    clients: house.clients,
    embedded: true,
    async close() {
      await house.flushWitness();
      await house.stop();
    },
  };
}

/** What runs there; an empty token is none. */
export function clientsAt(url: string, token: string): OpenHouse["clients"] {
  return connectHouse({ url, token: token === "" ? undefined : token });
}

interface ServerNote {
  readonly url: string;
  readonly pid: number;
  readonly instance: string;
}

function serverNotePath(data_dir: string): string {
  return join(data_dir, "run", "server.json");
}

/** Notes where the server of a data folder answers; the answer takes the note away again. */
export async function noteServer(
  data_dir: string,
  url: string,
  instance: string,
): Promise<() => Promise<void>> {
  const path = serverNotePath(data_dir);
  const note: ServerNote = { url, pid: process.pid, instance };
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, JSON.stringify(note));
  await rename(`${path}.new`, path);
  return () => rm(path, { force: true });
}

/** The address of the server that serves this data folder, if that very one answers. */
export async function runningServer(data_dir: string): Promise<string | undefined> {
  const note = readNote(await readFile(serverNotePath(data_dir), "utf8").catch(() => ""));
  if (note === undefined) return undefined;
  try {
    const url = `${note.url}/health`;
    const answer = await httpRequest({ method: "GET", url, timeout_ms: 2000 });
    const text = (await collectBytes(answer.body)).toString("utf8");
    // A killed server leaves its note behind, and another house may have its port by now.
    return text.includes(`"instance":"${note.instance}"`) ? note.url : undefined;
  } catch (error) {
    if (error instanceof LakehouseError && error.reason === "unreachable") return undefined;
    throw error;
  }
}

function readNote(text: string): ServerNote | undefined {
  try {
    const note = JSON.parse(text) as Partial<ServerNote>;
    const whole = typeof note.url === "string" && typeof note.instance === "string";
    return whole ? (note as ServerNote) : undefined;
  } catch {
    return undefined;
  }
}
