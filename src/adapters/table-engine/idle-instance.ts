// An instance for work that comes now and then: opened when needed, gone when it was idle a while.
import type { DuckDBConnection } from "@duckdb/node-api";
import type { OpenInstance } from "./locked-instance.ts";

export interface IdleInstance {
  /** A connection of its own for the work. */
  use<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Work often comes in a row; after this the memory is given back. */
const IDLE_MS = 5_000;

export function createIdleInstance(open: () => Promise<OpenInstance>): IdleInstance {
  let opened: Promise<OpenInstance> | undefined;
  let users = 0;
  let closing: NodeJS.Timeout | undefined;

  async function close(): Promise<void> {
    clearTimeout(closing);
    const instance = opened;
    opened = undefined;
    await (await instance?.catch(() => undefined))?.close();
  }

  return {
    async use(work) {
      users++;
      clearTimeout(closing);
      try {
        opened ??= open();
        const own = opened;
        const { instance } = await own.catch((error: unknown) => {
          if (opened === own) opened = undefined;
          throw error;
        });
        const connection = await instance.connect();
        try {
          return await work(connection);
        } finally {
          connection.closeSync();
        }
      } finally {
        users--;
        if (users === 0) {
          closing = setTimeout(() => void close().catch(() => undefined), IDLE_MS).unref();
        }
      }
    },
    close,
  };
}
