// What the command line asks of the app that starts it.
import type { Clients } from "#contracts/all-contracts.ts";
import type { Terminal } from "./output.ts";

export interface OpenHouse {
  readonly clients: Clients;
  /** true: the house runs in this process; false: a server answers over HTTP. */
  readonly embedded: boolean;
  close(): Promise<void>;
}

export interface GlobalOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly data?: string;
  readonly config?: string;
  readonly url?: string;
}

export interface DoctorCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly hint?: string;
}

export interface CliHost {
  readonly terminal: Terminal;
  readonly version: string;
  /** Connects to the server of the data folder if one runs, else opens the house here. */
  open(options: GlobalOptions): Promise<OpenHouse>;
  up(options: GlobalOptions & UpOptions): Promise<void>;
  demo(options: GlobalOptions & DemoOptions): Promise<number>;
  doctor(options: GlobalOptions): Promise<readonly DoctorCheck[]>;
  /** The effective settings, secrets masked. */
  config(options: GlobalOptions): Promise<unknown>;
  generate(options: GlobalOptions & GenerateOptions): Promise<readonly string[]>;
  /** The corpora that the domains declare. */
  recipes(): Promise<readonly CorpusRecipeInfo[]>;
}

export interface UpOptions {
  readonly only?: string;
  readonly port?: number;
  readonly host?: string;
}

export interface DemoOptions {
  readonly rows: number;
  readonly seed: number;
  readonly out: string;
}

export interface GenerateOptions {
  readonly domain: string;
  readonly rows: number;
  readonly seed: number;
  readonly out: string;
}

export interface CorpusRecipeInfo {
  readonly corpus: string;
  readonly summary: string;
  readonly dataset: string;
  readonly id_column: string;
  readonly id_prefix: string;
  readonly template: string;
  readonly metadata_columns: readonly string[];
}
