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

export interface OpenOptions extends GlobalOptions {
  /** The folder of data sets, instead of the configured one; a running server has its own. */
  readonly sets_dir?: string;
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
  /**
   * Connects to the server of the data folder if one runs, else opens the house here. Of that one
   * the first SIGINT or SIGTERM ends what is under way and closes it, the second ends the program.
   */
  open(options: OpenOptions): Promise<OpenHouse>;
  up(options: GlobalOptions & UpOptions): Promise<void>;
  /** Serves the Model Context Protocol on stdin and stdout until stdin ends. */
  mcp(options: GlobalOptions): Promise<void>;
  demo(options: GlobalOptions & DemoOptions): Promise<number>;
  doctor(options: GlobalOptions): Promise<readonly DoctorCheck[]>;
  /** The effective settings, secrets masked. */
  config(options: GlobalOptions): Promise<unknown>;
  /** How S3 clients and Iceberg engines reach the lake, with the owner's key while auth is off. */
  connection(options: GlobalOptions): Promise<LakeConnection>;
  generate(options: GlobalOptions & GenerateOptions): Promise<readonly string[]>;
  /** Weights that can be pulled, and whether they are there. */
  weights(options: GlobalOptions): Promise<readonly KnownWeights[]>;
  pullWeights(
    options: GlobalOptions,
    target: PullTarget,
    onProgress: (step: PullStep) => void,
  ): Promise<PulledFile>;
  /** The corpora that the domains declare. */
  recipes(): Promise<readonly CorpusRecipeInfo[]>;
}

export interface KnownWeights {
  readonly name: string;
  readonly summary: string;
  readonly license: string;
  readonly size_bytes: number;
  readonly sha256: string;
  readonly there: boolean;
}

export interface PullTarget {
  readonly name: string;
  /** Absent: as the catalogue has it. */
  readonly url?: string;
  readonly sha256: string;
}

export interface PullStep {
  readonly step: string;
  readonly detail: string;
  readonly done_bytes: number;
  readonly total_bytes: number;
}

export interface PulledFile {
  readonly name: string;
  readonly path: string;
  readonly size_bytes: number;
  readonly sha256: string;
  /** false: it was there already. */
  readonly fetched: boolean;
}

export interface LakeConnection {
  readonly url: string;
  readonly iceberg_uri: string;
  readonly s3_endpoint: string;
  readonly region: string;
  /** Null: auth is on; each access token is a key: its name and its secret. */
  readonly key: { readonly access_key_id: string; readonly secret_access_key: string } | null;
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
