// Looks whether everything the house needs is there and works, and says what to do where not.
import { access, constants, mkdir, stat, statfs } from "node:fs/promises";
import { resolve } from "node:path";
import type { chat as chatContract } from "#contracts/chat.ts";
import type { DoctorCheck, GlobalOptions } from "#edges/cli/cli-host.ts";
import type { Client } from "#kernel/contract.ts";
import { collectBytes, httpRequest } from "#kernel/http-client.ts";
import type { ServiceHealth } from "#kernel/lifecycle.ts";
import { silentLog } from "#kernel/log.ts";
import { composeHouse } from "./compose.ts";
import { clientsAt, runningServer, settingsFor, type Variables } from "./open-house.ts";
import { resolveSecret, type HouseSettings } from "./settings.ts";

const FREE_BYTES_MIN = 2 * 1024 ** 3;
const HEALTH_TIMEOUT_MS = 10_000;

export async function runDoctor(
  options: GlobalOptions,
  variables: Variables,
): Promise<readonly DoctorCheck[]> {
  const checks: DoctorCheck[] = [runtimeCheck()];
  const settings = await attempt(checks, "settings", async () => {
    const loaded = await settingsFor(options, variables);
    return [loaded, `read; domains ${loaded.domains.join(", ")}`];
  });
  if (settings === undefined) return checks;
  if (options.url === undefined) await checkFolder(checks, settings);
  const running = await attempt(checks, "server", async () => {
    const url = options.url ?? (await runningServer(resolve(settings.data_dir)));
    return [{ url }, url === undefined ? "none runs on this data folder" : `runs at ${url}`];
  });
  if (running?.url !== undefined) await checkServer(checks, running.url, settings, variables);
  else if (running !== undefined) await checkHouse(checks, settings, variables);
  if (options.url === undefined) await checkElsewhere(checks, settings);
  checks.push(await ollamaCheck(settings));
  checks.push(await setsCheck(settings));
  return checks;
}

function runtimeCheck(): DoctorCheck {
  const bun = (process.versions as Record<string, string | undefined>)["bun"];
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const ok = bun !== undefined || major > 24 || (major === 24 && minor >= 12);
  const name = bun === undefined ? `Node ${process.versions.node}` : `Bun ${bun}`;
  return { name: "runtime", ok, detail: `${name} on ${process.platform}/${process.arch}` };
}

async function attempt<T>(
  checks: DoctorCheck[],
  name: string,
  run: () => Promise<readonly [T, string]>,
): Promise<T | undefined> {
  try {
    const [value, detail] = await run();
    checks.push({ name, ok: true, detail });
    return value;
  } catch (error) {
    const hint = (error as { hint?: string }).hint;
    const detail = (error as Error).message;
    checks.push({ name, ok: false, detail, ...(hint === undefined ? {} : { hint }) });
    return undefined;
  }
}

async function checkFolder(checks: DoctorCheck[], settings: HouseSettings): Promise<void> {
  const folder = resolve(settings.data_dir);
  await attempt(checks, "data folder", async () => {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const detail = `${folder}, ${(free / 1024 ** 3).toFixed(1)} GiB free`;
    if (free < FREE_BYTES_MIN) throw new Error(`${detail}: less than 2 GiB`);
    return [undefined, detail];
  });
}

/** What a server says of itself: its data is open there, and nobody else can open it meanwhile. */
async function checkServer(
  checks: DoctorCheck[],
  url: string,
  settings: HouseSettings,
  variables: Variables,
): Promise<void> {
  const services = await attempt(checks, "house", async () => {
    const health = await askHealth(url);
    const count = Object.keys(health.services).length;
    return [health.services, `${health.status}: ${count} services, version ${health.version}`];
  });
  checks.push(...unwell(services ?? {}));
  if (services?.["chat"] === undefined) return;
  await attempt(checks, "models", async () => {
    const token = await resolveSecret(settings.auth.token, variables);
    return [undefined, await checkModels(checks, clientsAt(url, token).chat)];
  });
}

/**
 * Whether each provider answers, and the default model is there; what is said of all of them.
 * Ollama has a check of its own: it is set as installed, and need not run.
 */
async function checkModels(checks: DoctorCheck[], chat: Client<typeof chatContract>) {
  const [{ default_model, providers }, { data }] = await Promise.all([
    chat.providers({}),
    chat.models({}),
  ]);
  for (const { name, reachable, circuit, detail } of providers) {
    const is_left = circuit === "open";
    if (name === "ollama" || (reachable && !is_left)) continue;
    const what = is_left ? `left alone for a while, it failed again and again; ${detail}` : detail;
    checks.push({ name: `provider ${name}`, ok: false, detail: what, hint: PROVIDER_HINT });
  }
  const names = data.map(({ id }) => id);
  // A bare name is one of Ollama's, which knows it as its latest too.
  const wanted = default_model.includes("/") ? default_model : `ollama/${default_model}`;
  const is_there = names.includes(wanted) || names.includes(`${wanted}:latest`);
  if (!is_there) {
    const detail = `${default_model} is in no provider's list`;
    checks.push({ name: "default model", ok: false, detail, hint: DEFAULT_HINT });
  }
  return `${names.length} models, ${providers.length} providers; default ${default_model}`;
}

const PROVIDER_HINT =
  "its address, and its key where it asks for one, are in the settings " +
  "([providers]); lakehouse models test PROVIDER/MODEL asks it";
const DEFAULT_HINT =
  "lakehouse models list shows which there are, [chat] default_model says which is " +
  "asked; a provider that lists none may have it all the same: lakehouse models test";

/** Services that the settings have elsewhere: whether somebody answers there. */
async function checkElsewhere(checks: DoctorCheck[], settings: HouseSettings): Promise<void> {
  const at = Object.entries(settings.services).filter(([, url]) => /^https?:/.test(url));
  const addresses = new Map<string, string[]>();
  for (const [name, url] of at) addresses.set(url, [...(addresses.get(url) ?? []), name]);
  for (const [url, names] of addresses) {
    await attempt(checks, names.join(", "), async () => {
      const health = await askHealth(url);
      const told = names.filter((name) => health.services[name]?.status === "down");
      if (told.length > 0) throw new Error(`${told.join(", ")} at ${url}: down`);
      return [undefined, `${health.status} at ${url}`];
    });
  }
}

interface ServerHealth {
  readonly status: string;
  readonly version: string;
  readonly services: Readonly<Record<string, ServiceHealth>>;
}

async function askHealth(url: string): Promise<ServerHealth> {
  const request = { method: "GET", url: new URL("/health", url).href };
  const answer = await httpRequest({ ...request, timeout_ms: HEALTH_TIMEOUT_MS });
  const health = readHealth((await collectBytes(answer.body)).toString("utf8"));
  if (health === undefined) throw new Error(`${url} does not answer as a Lakehouse server`);
  return health;
}

function readHealth(text: string): ServerHealth | undefined {
  try {
    const health = JSON.parse(text) as Partial<ServerHealth>;
    const is_ours = typeof health.services === "object" && typeof health.version === "string";
    return is_ours ? (health as ServerHealth) : undefined;
  } catch {
    return undefined;
  }
}

function unwell(services: Readonly<Record<string, ServiceHealth>>): DoctorCheck[] {
  const bad = Object.entries(services).filter(([, { status }]) => status !== "ok");
  return bad.map(([name, { status, figures }]) => {
    const check = { name, ok: false, detail: `${status}: ${JSON.stringify(figures)}` };
    return name === "witness" ? { ...check, hint: UNHEARD } : check;
  });
}

const UNHEARD =
  "operations or changes found no observer or no journal: run these here too " +
  '(--only …,journal,observe), give their address in [services], or say observe = "none" there';

/** Opens the whole house and makes each engine do something once. */
async function checkHouse(
  checks: DoctorCheck[],
  settings: HouseSettings,
  variables: Variables,
): Promise<void> {
  const house = await attempt(checks, "house", async () => {
    const opened = await composeHouse({ settings, variables, log: silentLog });
    return [opened, `${opened.local.length} services open`];
  });
  if (house === undefined) return;
  const { clients } = house;
  try {
    await attempt(checks, "SQL engine", async () => {
      const { rows } = await clients.query.rows({ sql: "SELECT version()" });
      return [undefined, `DuckDB ${String(rows[0]?.[0])}`];
    });
    await attempt(checks, "embedding model", async () => {
      const { model, dimension } = await clients.embed.embed({ texts: ["hello"] });
      return [undefined, `${model}, ${dimension} dimensions, weights verified`];
    });
    await attempt(checks, "journal", async () => {
      const answer = await clients.journal.verify({});
      if (!answer.ok) throw new Error(`chain broken: ${answer.first_break?.message}`);
      return [undefined, `${answer.events} events, chain whole`];
    });
    await attempt(checks, "models", async () => [
      undefined,
      await checkModels(checks, clients.chat),
    ]);
    checks.push(...unwell(await house.health()));
  } finally {
    await house.stop();
  }
}

async function ollamaCheck(settings: HouseSettings): Promise<DoctorCheck> {
  const url = settings.providers.ollama;
  const name = "Ollama (optional)";
  if (url === "") return { name, ok: true, detail: "not configured" };
  try {
    const answer = await httpRequest({
      method: "GET",
      url: `${url}/api/version`,
      timeout_ms: 1000,
    });
    for await (const _ of answer.body) void _;
    return { name, ok: true, detail: `answers at ${url}` };
  } catch {
    const { default_model } = settings.chat;
    return { name, ok: true, detail: `not at ${url}; the default model is ${default_model}` };
  }
}

async function setsCheck(settings: HouseSettings): Promise<DoctorCheck> {
  const name = "data sets (optional)";
  const there = await stat(settings.sets_dir).catch(() => undefined);
  const detail =
    there === undefined ? `none at ${settings.sets_dir}` : `found: ${settings.sets_dir}`;
  return { name, ok: true, detail };
}
