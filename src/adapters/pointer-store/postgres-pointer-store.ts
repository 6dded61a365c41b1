// Pointers in a PostgreSQL table that processes of several machines may share.
import { setTimeout as wait } from "node:timers/promises";
import type { Sql, TransactionSql } from "postgres";
import type { Pointer, PointerStore } from "#ports/pointer-store.ts";
import { checkChanges } from "./pointer-changes.ts";
import { readPostgresAddress, type PostgresAddress } from "./postgres-address.ts";
import { isConnectionLoss, mayTryAgain, pointerFault, unreachable } from "./postgres-faults.ts";
import { preparePointerTable } from "./postgres-pointer-table.ts";

export interface PostgresPointerStoreOptions {
  /** `postgres://user:password@host:port/database`; see `readPostgresAddress`. */
  readonly url: string;
  /** Schema of the table; made when it is not there. Default `lakehouse`. */
  readonly schema?: string;
  /** For one statement, and for the wait on a connection. Default 10 s. */
  readonly timeout_ms?: number;
  /** Default 8. */
  readonly connections_max?: number;
}

interface Row {
  readonly name: string;
  /** `bigint`, as text. */
  readonly version: string;
  readonly value: string;
}

interface TextChange {
  readonly space: string;
  readonly name: string;
  readonly expected_version: number;
  /** No text takes the record away. */
  readonly text: string | undefined;
}

type Run = Sql | TransactionSql;

/** One statement that found another version than expected: undoes the transaction. */
const NOT_AS_EXPECTED = Symbol("another version");

/**
 * Opens the store. Errors: `invalid` (`bad_pointer_url`), `unavailable` (`pointers_unreachable`,
 * `pointers_busy`, `pointers_newer`, `pointers_not_durable`), naming `host:port` only.
 */
export async function createPostgresPointerStore(
  options: PostgresPointerStoreOptions,
): Promise<PointerStore> {
  const address = await readPostgresAddress(options.url);
  const timeout_ms = options.timeout_ms ?? 10_000;
  const pool = await createPool(address, timeout_ms, options.connections_max ?? 8);
  const ask = createAsking(address.place, pool, timeout_ms);
  const schema = options.schema ?? "lakehouse";
  try {
    await ask((sql) => preparePointerTable(sql, schema), { repeatable: true });
  } catch (error) {
    await pool.end();
    throw error;
  }
  const table = `${schema}.lakehouse_pointers`;

  return {
    async get(space, name) {
      const [row] = await ask(
        (sql) => sql<Row[]>`
          SELECT name, version, value FROM ${sql(table)} WHERE space = ${space} AND name = ${name}`,
        { repeatable: true },
      );
      return row === undefined ? undefined : toPointer(row);
    },
    async list(space) {
      const rows = await ask(
        (sql) => sql<Row[]>`
          SELECT name, version, value FROM ${sql(table)}
          WHERE space = ${space} ORDER BY name COLLATE "C"`,
        { repeatable: true },
      );
      return rows.map(toPointer);
    },
    async swap(space, name, expected_version, value) {
      const text = JSON.stringify(value);
      const change = { space, name, expected_version, text };
      if (!(await ask((sql) => apply(sql, table, change)))) return undefined;
      return toPointer({ name, version: String(expected_version + 1), value: text });
    },
    async swapAll(changes) {
      checkChanges(changes);
      const all = changes
        .map(({ value, ...place }): TextChange => ({ ...place, text: JSON.stringify(value) }))
        .toSorted(inLockOrder);
      return ask((sql) => applyAll(sql, table, all));
    },
    async remove(space, name, expected_version) {
      if (expected_version < 1) return false;
      const change = { space, name, expected_version, text: undefined };
      return ask((sql) => apply(sql, table, change));
    },
    close: () => pool.end(),
  };
}

/** One statement, so it stands alone; true when the record had the expected version. */
async function apply(sql: Run, table: string, change: TextChange): Promise<boolean> {
  const { space, name, expected_version, text } = change;
  const at = sql`WHERE space = ${space} AND name = ${name}`;
  if (text === undefined && expected_version === 0) {
    return (await sql`SELECT 1 FROM ${sql(table)} ${at}`).length === 0;
  }
  if (text === undefined) {
    const gone = await sql`
      DELETE FROM ${sql(table)} ${at} AND version = ${expected_version} RETURNING 1`;
    return gone.length > 0;
  }
  const made =
    expected_version === 0
      ? await sql`
          INSERT INTO ${sql(table)} (space, name, version, value)
          VALUES (${space}, ${name}, 1, ${text}) ON CONFLICT DO NOTHING RETURNING 1`
      : await sql`
          UPDATE ${sql(table)} SET version = version + 1, value = ${text}
          ${at} AND version = ${expected_version} RETURNING 1`;
  return made.length > 0;
}

async function applyAll(sql: Sql, table: string, all: readonly TextChange[]): Promise<boolean> {
  try {
    await sql.begin(async (inside) => {
      for (const change of all) {
        if (!(await apply(inside, table, change))) throw NOT_AS_EXPECTED;
      }
    });
    return true;
  } catch (error) {
    if (error === NOT_AS_EXPECTED) return false;
    throw error;
  }
}

/** Everybody locks rows in one order, so that two transactions never wait for each other. */
function inLockOrder(a: TextChange, b: TextChange): number {
  const [first, second] = [a, b].map(({ space, name }) => JSON.stringify([space, name]));
  return first! < second! ? -1 : 1;
}

interface Pool {
  sql(): Sql;
  /** Gives up all connections of a server that does not answer; the next call makes new ones. */
  renew(): void;
  end(): Promise<void>;
}

async function createPool(
  address: PostgresAddress,
  timeout_ms: number,
  connections_max: number,
): Promise<Pool> {
  const { default: postgres } = await import("postgres");
  const { place: _place, ...target } = address;
  const open = () =>
    postgres({
      ...target,
      max: connections_max,
      connect_timeout: timeout_ms / 1000,
      idle_timeout: 300,
      // A server that is back is found at once.
      backoff: () => 0.05,
      fetch_types: false,
      onnotice: () => undefined,
      connection: {
        application_name: "lakehouse",
        statement_timeout: timeout_ms,
        idle_in_transaction_session_timeout: timeout_ms,
      },
    });
  let sql = open();
  let ended = false;
  return {
    sql: () => sql,
    renew() {
      if (ended) return;
      void sql.end({ timeout: 0 });
      sql = open();
    },
    async end() {
      ended = true;
      await sql.end({ timeout: timeout_ms / 1000 });
    },
  };
}

interface AskOptions {
  /** It may be done twice: tried once more when a connection turns out to be gone. */
  readonly repeatable?: boolean;
}

/** Runs work with a deadline; what the server undid is done again until then, with pauses. */
function createAsking(place: string, pool: Pool, timeout_ms: number) {
  return async function ask<T>(
    work: (sql: Sql) => PromiseLike<T>,
    { repeatable = false }: AskOptions = {},
  ): Promise<T> {
    const until = performance.now() + timeout_ms;
    let may_reconnect = repeatable;
    for (;;) {
      try {
        return await withDeadline(work(pool.sql()), timeout_ms, place, pool);
      } catch (error) {
        const again = mayTryAgain(error) || (may_reconnect && isConnectionLoss(error));
        if (!again || performance.now() > until) throw pointerFault(error, place);
        if (!mayTryAgain(error)) may_reconnect = false;
        await wait(5 + Math.random() * 20);
      }
    }
  };
}

// The server ends statements by itself; this is for one that says nothing at all any more.
async function withDeadline<T>(
  work: PromiseLike<T>,
  timeout_ms: number,
  place: string,
  pool: Pool,
): Promise<T> {
  const timer = new AbortController();
  const late = wait(timeout_ms + 1000, undefined, { signal: timer.signal }).then(
    () => {
      pool.renew();
      throw unreachable(place, `no answer in ${timeout_ms} ms`);
    },
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}

function toPointer(row: Row): Pointer {
  return {
    name: row.name,
    version: Number(row.version),
    value: JSON.parse(row.value) as unknown,
  };
}
