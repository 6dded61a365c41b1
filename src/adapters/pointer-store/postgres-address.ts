// A PostgreSQL URL taken apart, so that what we say of the server never holds its password.
import { readFile } from "node:fs/promises";
import { LakehouseError } from "#kernel/problem.ts";

export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  /** Unix socket, when the URL names a folder as its `host`. */
  readonly path?: string;
  readonly database: string;
  readonly username: string;
  readonly password: string;
  readonly ssl: boolean | "require" | "prefer" | "verify-full" | { readonly ca: string };
  /** `host:port` or the socket's path: what errors and logs may name. */
  readonly place: string;
}

const SSL_MODES = {
  disable: false,
  prefer: "prefer",
  require: "require",
  "verify-ca": "verify-full",
  "verify-full": "verify-full",
} as const;

const EXAMPLE = "postgres://user:password@host:5432/database?sslmode=verify-full";

/**
 * Understands `postgres://user:password@host:port/database` with `sslmode` (disable, prefer,
 * require, verify-ca, verify-full), `sslrootcert` (path of a PEM file) and `host` (folder of a Unix
 * socket), as libpq names them. Errors: `invalid` (`bad_pointer_url`).
 */
export async function readPostgresAddress(text: string): Promise<PostgresAddress> {
  const url = parse(text);
  const query = new Map(url.searchParams);
  const folder = query.get("host");
  const port = Number(url.port === "" ? 5432 : url.port);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1") || "localhost";
  const username = decodeURIComponent(url.username);
  const database = decodeURIComponent(url.pathname.slice(1)) || username;
  if (username === "") throw badUrl("it names no user");
  const mode = query.get("sslmode") ?? "disable";
  if (!Object.hasOwn(SSL_MODES, mode)) {
    throw badUrl(`sslmode is one of ${Object.keys(SSL_MODES).join(", ")}`);
  }
  const root = query.get("sslrootcert");
  for (const known of ["host", "sslmode", "sslrootcert"]) query.delete(known);
  const [unknown] = query.keys();
  if (unknown !== undefined) throw badUrl(`the parameter "${unknown}" is not known`);
  if (folder !== undefined && !folder.startsWith("/")) throw badUrl("host is a folder");
  const path = folder === undefined ? undefined : `${folder}/.s.PGSQL.${port}`;
  return {
    host,
    port,
    ...(path === undefined ? {} : { path }),
    database,
    username,
    password: decodeURIComponent(url.password),
    ssl: root === undefined ? SSL_MODES[mode as keyof typeof SSL_MODES] : await rootOf(root),
    place: path ?? `${host}:${port}`,
  };
}

// The error of `URL` holds its input, with the password: it is not passed on as a cause.
function parse(text: string): URL {
  if (!URL.canParse(text)) throw badUrl("it cannot be read as a URL");
  const url = new URL(text);
  if (!/^postgres(ql)?:$/.test(url.protocol)) throw badUrl("it starts with postgres://");
  return url;
}

async function rootOf(path: string): Promise<{ ca: string }> {
  try {
    return { ca: await readFile(path, "utf8") };
  } catch (error) {
    throw badUrl(`the file of sslrootcert cannot be read: ${(error as Error).message}`);
  }
}

function badUrl(what: string): LakehouseError {
  return new LakehouseError("invalid", `the PostgreSQL URL of the pointers is not right: ${what}`, {
    reason: "bad_pointer_url",
    hint: `it looks like ${EXAMPLE}`,
  });
}
