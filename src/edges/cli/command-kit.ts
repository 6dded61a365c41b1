// What every command shares: global options, an open house, output, and how errors are shown.
import { InvalidArgumentError, type Command } from "commander";
import type { Clients } from "#contracts/all-contracts.ts";
import { LakehouseError, toLakehouseError, toProblem, type ErrorCode } from "#kernel/problem.ts";
import type { CliHost, GlobalOptions, OpenOptions } from "./cli-host.ts";
import { bold, createOutput, dim, red, yellow, type Output } from "./output.ts";

export interface Session {
  readonly clients: Clients;
  readonly embedded: boolean;
  readonly output: Output;
}

export interface CommandKit {
  readonly host: CliHost;
  /** The options of the whole program. */
  globals(): GlobalOptions;
  output(): Output;
  /** Opens the house, runs the body, closes again, whatever happens. */
  withHouse(
    body: (session: Session) => Promise<void>,
    own?: Pick<OpenOptions, "sets_dir">,
  ): Promise<void>;
}

export function createCommandKit(host: CliHost, program: Command): CommandKit {
  const globals = () => program.opts() as GlobalOptions;
  const output = () => {
    const { json = false, quiet = false } = globals();
    return createOutput(host.terminal, { json, quiet });
  };
  return {
    host,
    globals,
    output,
    async withHouse(body, own = {}) {
      const house = await host.open({ ...globals(), ...own });
      try {
        await body({ clients: house.clients, embedded: house.embedded, output: output() });
      } finally {
        await house.close();
      }
    },
  };
}

/** Exit codes: 2 = the request was wrong, 3 = understood but not accepted, 1 = anything else. */
export function exitCodeOf(code: ErrorCode): number {
  if (code === "invalid" || code === "not_found" || code === "conflict") return 2;
  if (code === "cancelled") return 130;
  return code === "rejected" ? 3 : 1;
}

/** An error for people: what, why, what to do; or the problem document with --json. */
export function showError(host: CliHost, json: boolean, thrown: unknown): number {
  const error = inOurWords(toLakehouseError(thrown));
  if (json) {
    host.terminal.note(`${JSON.stringify(toProblem(error))}\n`);
    return exitCodeOf(error.code);
  }
  const lines = [
    `${red(bold("error"))} ${error.message} ${dim(`[${error.code}/${error.reason}]`)}`,
  ];
  for (const issue of error.issues.slice(0, 10)) {
    const said = `${issue.path}: ${issue.message}`;
    // Those of the settings name their place, and are the message.
    const is_told = error.reason === "bad_settings" || error.message.includes(said);
    if (error.issues.length > 1 && !is_told) lines.push(`  ${said}`);
  }
  if (error.hint !== undefined) lines.push(`${yellow("hint")}  ${error.hint}`);
  if (error.code === "internal" && error.cause instanceof Error && error.cause.stack) {
    lines.push(dim(error.cause.stack));
  }
  host.terminal.note(`${lines.join("\n")}\n`);
  return exitCodeOf(error.code);
}

/** Servers say which header they want; whoever sits at a command line sets it elsewhere. */
function inOurWords(error: LakehouseError): LakehouseError {
  const hint = TOKEN_HINTS[error.reason];
  if (error.code !== "unauthenticated" || hint === undefined) return error;
  const { code, message, reason, issues, extra, cause } = error;
  return new LakehouseError(code, message, { reason, hint, issues, extra, cause });
}

const WHERE_TOKEN = 'LAKEHOUSE_AUTH_TOKEN=env:NAME, or in lakehouse.toml [auth] token = "env:NAME"';
const TOKEN_HINTS: Readonly<Record<string, string | undefined>> = {
  no_token: `say where the server's token is: ${WHERE_TOKEN}; or file:/path, mode 0600`,
  unknown_token: `the server knows other tokens than the one sent, which is of ${WHERE_TOKEN}`,
};

/** The address of a server, as an option. */
export function serverAddress(text: string): string {
  if (isHttp(text)) return text;
  throw new InvalidArgumentError("an address like http://127.0.0.1:3110 is needed");
}

/** Whether it is an address that can be asked over HTTP. */
export function isHttp(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? "");
}

/** A whole number option within bounds. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text.replaceAll("_", ""));
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new InvalidArgumentError(`a whole number from ${min} to ${max} is needed`);
    }
    return value;
  };
}

/** A number for an option, such as a share. */
export function decimal(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`a number from ${min} to ${max} is needed`);
  };
}

/** An amount of money for an option. */
export function amount(text: string): number {
  const value = Number(text);
  if (value > 0 && value < Infinity) return value;
  throw new InvalidArgumentError("a number above 0 is needed");
}

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A length of time such as 90s, 15m, 12h or 30d, in milliseconds. */
export function durationMs(text: string): number {
  const [, amount, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (amount === undefined || Number(amount) === 0) {
    throw new InvalidArgumentError("a length of time such as 90s, 15m, 12h or 30d is needed");
  }
  return Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

/** Collects a repeated option. */
export function repeated(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/**
 * `city=Toledo` pairs as filters or facts: numbers, true and false are read as such; what stands in
 * double quotes is a text whatever it looks like.
 */
export function parsePairs(pairs: readonly string[]): Record<string, string | number | boolean> {
  const read: Record<string, string | number | boolean> = {};
  for (const pair of pairs) {
    const cut = pair.indexOf("=");
    if (cut < 1) throw new LakehouseError("invalid", `"${pair}" is not name=value`);
    read[pair.slice(0, cut)] = valueOf(pair.slice(cut + 1));
  }
  return read;
}

function valueOf(text: string): string | number | boolean {
  const quoted = /^"(.*)"$/su.exec(text);
  if (quoted !== null) return quoted[1]!;
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  return text.trim() !== "" && !Number.isNaN(number) ? number : text;
}

/** JSON given on the command line; says which option was wrong. */
export function parseJsonOption(name: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch (cause) {
    throw new LakehouseError("invalid", `${name} is not JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
  throw new LakehouseError("invalid", `${name} must be a JSON object`);
}
