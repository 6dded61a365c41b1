// The settings of the whole house: one section for each service, strict, every key with a default.
import { readFile, stat } from "node:fs/promises";
import { parse, TomlError } from "smol-toml";
import { z } from "zod";
import { LIMITS } from "#kernel/limits.ts";
import { LakehouseError } from "#kernel/problem.ts";
import {
  applyVariables,
  checkSettings,
  readVariables,
  type SettingsDocument,
} from "#kernel/settings-reader.ts";
import { secretReference } from "#kernel/secret-reference.ts";
import { SERVICE_NAMES } from "#contracts/all-contracts.ts";
import { catalogSettings } from "#data/catalog/catalog-settings.ts";
import { ingestSettings } from "#data/ingest/ingest-settings.ts";
import { journalSettings } from "#data/journal/journal-settings.ts";
import { querySettings } from "#data/query/query-settings.ts";
import { rewriteSettings } from "#data/rewrite/rewrite-settings.ts";
import { storageSettings } from "#data/storage/storage-settings.ts";
import { liftSettings } from "#improve/lift/lift-settings.ts";
import { observeSettings } from "#improve/observe/observe-settings.ts";
import { chatSettings } from "#models/chat/chat-settings.ts";
import { embedSettings } from "#models/embed/embed-settings.ts";
import { usageSettings } from "#models/usage/usage-settings.ts";
import { matrixSettings } from "#recall/matrix/matrix-settings.ts";
import { pathwaySettings } from "#recall/pathway/pathway-settings.ts";
import { playbookSettings } from "#recall/playbook/playbook-settings.ts";
import { vectorSettings } from "#recall/vector/vector-settings.ts";
import { iterateSettings } from "#work/iterate/iterate-settings.ts";
import { permissionSettings } from "#work/permission/permission-settings.ts";
import { respondSettings } from "#work/respond/respond-settings.ts";
import { truthSettings } from "#work/truth/truth-settings.ts";
import { validateSettings } from "#work/validate/validate-settings.ts";
import { authSettings } from "./auth-settings.ts";
import { modelNameFaults } from "./model-names.ts";
import { modelsSettings } from "./model-tiers.ts";
import { telemetrySettings } from "./otlp-settings.ts";
import { providersSettings, tellFault } from "./provider-settings.ts";

const gatewaySettings = z.strictObject({
  host: z.string().default("127.0.0.1").describe("anything but loopback needs [auth] tokens"),
  port: z.int().min(0).max(65535).default(3110),
  hosts: z.array(z.string()).default([]).describe("other names this server is addressed by"),
  stop_grace_ms: z
    .int()
    .min(0)
    .max(3_600_000)
    .default(LIMITS.stop_grace_ms)
    .describe("time for the calls under way when the server is asked to stop"),
});

/** In place of the observer's address: there is none. */
export const NO_OBSERVER = "none";

/** Where services answer when they do not run in this process. */
const servicesSettings = z.strictObject(
  Object.fromEntries(
    SERVICE_NAMES.map((name) => {
      const or_none = name === "observe" ? `, or "${NO_OBSERVER}": operations are not kept` : "";
      return [name, z.string().default("").describe(`http://host:port${or_none}`)];
    }),
  ) as Record<(typeof SERVICE_NAMES)[number], z.ZodDefault<z.ZodString>>,
);

const pointersSettings = z
  .strictObject({
    store: z.enum(["sqlite", "postgres"]).default("sqlite").describe("where pointers are kept"),
    url: secretReference
      .default("")
      .describe("postgres: reference (env:NAME, file:/path) of postgres://user:password@host/db"),
    schema: z
      .string()
      .regex(/^[a-z_][a-z0-9_]*$/)
      .default("lakehouse")
      .describe("postgres: schema of the table; one for each lake"),
  })
  .refine((one) => one.store === "sqlite" || one.url !== "", {
    path: ["url"],
    message: "the store postgres needs the reference of its URL",
  });

const s3Settings = z.strictObject({
  access_key: z
    .string()
    .regex(/^[A-Za-z0-9]{3,64}$/)
    .default("LAKEHOUSE")
    .describe("id of the key below; it signs for the owner while auth is off"),
  secret_key: secretReference
    .default("")
    .describe("reference; processes behind one address share it; empty: made in the data folder"),
  public_url: z
    .string()
    .superRefine(tellFault)
    .default("")
    .describe("where engines reach the S3 door; empty: as they address the catalog"),
});

const enginesSettings = z.strictObject({
  duckdb_memory_mb: z.int().min(128).default(2048),
  duckdb_threads: z.int().min(0).default(0).describe("0: one for each core"),
  embed_threads: z.int().min(1).default(1).describe("threads of one embedding worker"),
  embed_workers: z.int().min(0).default(0).describe("0: one for each core"),
  vector_threads: z.int().min(0).default(0).describe("0: one for each core"),
});

export const houseSettings = z
  .strictObject({
    data_dir: z
      .string()
      .default("data")
      .describe("all state stands below this folder; from where the program is started"),
    log_level: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
    domains: z.array(z.string()).default(["staffing", "bookshop"]),
    sets_dir: z
      .string()
      .default("../shared/data")
      .describe("folder of data sets for lift and eval"),
    gateway: gatewaySettings.prefault({}),
    auth: authSettings.prefault({}),
    services: servicesSettings.prefault({}),
    providers: providersSettings.prefault({}),
    models: modelsSettings,
    engines: enginesSettings.prefault({}),
    pointers: pointersSettings.prefault({}),
    s3: s3Settings.prefault({}),
    storage: storageSettings.prefault({}),
    journal: journalSettings.prefault({}),
    catalog: catalogSettings.prefault({}),
    query: querySettings.prefault({}),
    ingest: ingestSettings.prefault({}),
    rewrite: rewriteSettings.prefault({}),
    embed: embedSettings.prefault({}),
    usage: usageSettings.prefault({}),
    chat: chatSettings.prefault({}),
    vector: vectorSettings.prefault({}),
    pathway: pathwaySettings.prefault({}),
    playbook: playbookSettings.prefault({}),
    matrix: matrixSettings.prefault({}),
    truth: truthSettings.prefault({}),
    permission: permissionSettings.prefault({}),
    validate: validateSettings.prefault({}),
    iterate: iterateSettings.prefault({}),
    respond: respondSettings.prefault({}),
    observe: observeSettings.prefault({}),
    telemetry: telemetrySettings.prefault({}),
    lift: liftSettings.prefault({}),
  })
  .superRefine((settings, context) => {
    for (const fault of modelNameFaults(settings)) context.addIssue({ code: "custom", ...fault });
  });

export type HouseSettings = z.output<typeof houseSettings>;

export interface LoadOptions {
  /** Path of the file; absent: lakehouse.toml here if there is one, else defaults. */
  readonly file?: string | undefined;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Laid over everything (command-line options). */
  readonly overrides?: SettingsDocument | undefined;
}

/** The checked settings; a missing file that was named is `not_found`. */
export async function loadSettings(options: LoadOptions): Promise<HouseSettings> {
  const name = options.file ?? "lakehouse.toml";
  const text = await readFile(name, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" && options.file === undefined) return "";
    throw new LakehouseError("not_found", `cannot read settings file ${name} (${error.code})`);
  });
  const variables = readVariables(options.variables, houseSettings);
  const document = applyVariables(parseToml(name, text), variables);
  const source = { name, text, variables };
  return checkSettings(houseSettings, merge(document, options.overrides ?? {}), source);
}

function parseToml(name: string, text: string): SettingsDocument {
  try {
    return parse(text) as SettingsDocument;
  } catch (error) {
    const first = (error as Error).message.split("\n")[0];
    const at = error instanceof TomlError ? `:${error.line}:${error.column}` : "";
    throw new LakehouseError("invalid", `${name}${at}: ${first}`, { reason: "bad_settings" });
  }
}

function merge(base: SettingsDocument, over: SettingsDocument): SettingsDocument {
  const result = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const both = isSection(result[key]) && isSection(value);
    result[key] = both ? merge(result[key] as SettingsDocument, value as SettingsDocument) : value;
  }
  return result;
}

function isSection(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The secret behind `env:NAME` or `file:/path` (mode 0600; of a file `*.env` the value of its first
 * NAME=value line); "" for an empty reference and where there is none.
 */
export async function resolveSecret(
  reference: string,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  if (reference === "") return "";
  if (reference.startsWith("env:")) return variables[reference.slice(4)] ?? "";
  if (!reference.startsWith("file:")) {
    const message = "secrets stand in settings by reference only: env:NAME or file:/path";
    throw new LakehouseError("invalid", message, { reason: "bad_settings" });
  }
  const path = reference.slice(5);
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) return "";
  if ((info.mode & 0o077) !== 0) {
    const message = `${path} can be read by others; its mode must be 0600`;
    throw new LakehouseError("invalid", message, {
      reason: "bad_settings",
      hint: `chmod 600 ${path}`,
    });
  }
  const text = (await readFile(path, "utf8")).trim();
  if (!path.endsWith(".env")) return text;
  const value = /^(?:export\s+)?[A-Za-z_]\w*\s*=\s*(.*)$/m.exec(text)?.[1]?.trim() ?? "";
  return value.replace(/^(["'])(.*)\1$/, "$2");
}
