// Opens a house for a command: the running server of the data folder, a named one, or one in here.
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { connectHouse } from "#client.ts";
import type { GlobalOptions, OpenHouse } from "#edges/cli/cli-host.ts";
import { httpRequest } from "#kernel/http-client.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { composeHouse, type House } from "./compose.ts";
import { createPinoLog } from "./pino-log.ts";
import { loadSettings, resolveSecret, type HouseSettings } from "./settings.ts";

export type Variables = Readonly<Record<string, string | undefined>>;

export async function settingsFor(
  options: GlobalOptions,
  variables: Variables,
): Promise<HouseSettings> {
  const overrides = options.data === undefined ? {} : { data_dir: options.data };
  return loadSettings({ file: options.config, variables, overrides });
}

export async function openHouse(options: GlobalOptions, variables: Variables): Promise<OpenHouse> {
  const settings = await settingsFor(options, variables);
  const token = await resolveSecret(settings.auth.token, variables);
  if (options.url !== undefined) return attach(options.url, token);
  const running = await runningServer(resolve(settings.data_dir));
  if (running !== undefined) return attach(running, token);
  return embed(settings, variables);
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

function attach(url: string, token: string): OpenHouse {
  const clients = connectHouse({ url, token: token === "" ? undefined : token });
  return { clients, embedded: false, close: async () => undefined };
}

interface ServerNote {
  readonly url: string;
  readonly pid: number;
}

export function serverNotePath(data_dir: string): string {
  return join(data_dir, "run", "server.json");
}

/** The address of the server that serves this data folder, if one answers. */
async function runningServer(data_dir: string): Promise<string | undefined> {
  const text = await readFile(serverNotePath(data_dir), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const note = JSON.parse(text) as ServerNote;
  try {
    const answer = await httpRequest({
      method: "GET",
      url: `${note.url}/health`,
      timeout_ms: 2000,
    });
    for await (const _ of answer.body) void _;
    return note.url;
  } catch (error) {
    // A note of a server that is gone: a killed one leaves it behind.
    if (error instanceof LakehouseError && error.reason === "unreachable") return undefined;
    throw error;
  }
}
